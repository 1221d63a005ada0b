import { tokenId } from "@tokenscope/core";
import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { buildTokenFinder } from "../src/special-text.ts";

const finder = (names: readonly string[]) =>
  buildTokenFinder(new Map(names.map((name, i) => [name, tokenId(i)])));
const found = (names: readonly string[], text: string) =>
  finder(names)(text).map((token) => `${token.start} ${token.text}`);

describe("written tokens", () => {
  test("the leftmost is found, then the longest, and none twice", () => {
    expect(found(["<a>", "<a><b>", "b"], "<a><b>b<a")).toEqual(["0 <a><b>", "6 b"]);
    expect(found(["\n", "\n\n", "\n\n\n"], "x\n\n\n\n\n")).toEqual(["1 \n\n\n", "4 \n\n"]);
  });

  test("a shorter one at the end of the text ends there", () => {
    expect(finder(["[I]", "[/I]"])("[I]")).toEqual([{ id: 0, text: "[I]", start: 0, end: 3 }]);
  });

  test("no names and an empty name find nothing", () => {
    expect(found([], "a")).toEqual([]);
    expect(found([""], "a")).toEqual([]);
  });

  test("agrees with a pattern of all names", () => {
    const name = array(constantFrom("<", "a", "]", "𝔘"), { minLength: 1, maxLength: 3 });
    void assert(
      property(
        array(name, { minLength: 1, maxLength: 5 }),
        array(constantFrom("<", "a", "]", "𝔘")),
        (parts, text) => {
          const names = [...new Set(parts.map((p) => p.join("")))].sort(
            (a, b) => b.length - a.length,
          );
          const matches = text.join("").matchAll(new RegExp(names.join("|"), "g"));
          expect(found(names, text.join(""))).toEqual(
            [...matches].map((m) => `${m.index} ${m[0]}`),
          );
        },
      ),
      { seed: 376, numRuns: 300 },
    );
  });
});
