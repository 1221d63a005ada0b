import { FormatError } from "@tokenscope/core";
import { describe, expect, test } from "vitest";
import { buildSplitPattern } from "../src/split-pattern.ts";

const found = (source: string, text: string) => text.match(buildSplitPattern(source));

describe("a pattern", () => {
  test("sees white space as Unicode does: U+0085 is, U+FEFF is not", () => {
    expect(found(String.raw`\s+`, "a\u0085 \u3000b")).toEqual(["\u0085 \u3000"]);
    expect(found(String.raw`[^\s]+`, "\uFEFF x")).toEqual(["\uFEFF", "x"]);
    expect(found(String.raw`\S`, "\uFEFF")).toEqual(["\uFEFF"]);
  });

  test("sees digits of every script", () => {
    expect(found(String.raw`\d+`, "1२")).toEqual(["1२"]);
  });

  test("ignores case inside (?i:) alone", () => {
    expect(found("(?i:'ll|[sd])x|y", "'Llx 'LLX Sx sX Y y")).toEqual(["'Llx", "Sx", "y"]);
  });

  test("a possessive quantifier gives nothing back", () => {
    expect(found("a++a", "aaa")).toBe(null);
    expect(found("(?:ab)?+abc", "abc ababc")).toEqual(["ababc"]);
    expect(found(String.raw`[^b]?+\p{L}`, "ab b")).toEqual(["ab", " b"]);
  });

  test("may escape what JavaScript would not", () => {
    expect(found(String.raw`[\!\-\"]+\/\~`, '!-"/~')).toEqual(['!-"/~']);
  });

  test("a dot stops at \\n alone", () => {
    expect(found(".+", "a\rb\nc")).toEqual(["a\rb", "c"]);
  });

  test("what JavaScript cannot say in the same way is an error that names it", () => {
    for (const [source, named] of [
      [String.raw`\bx`, /an escape, \\b,/],
      [String.raw`\w`, /an escape, \\w,/],
      ["x$", /an anchor, \$,/],
      ["(?>a)", /a kind of group, \(\?>,/],
      ["(?i)a", /a kind of group/],
      ["[a&&b]", /a set operation, &&,/],
      ["[[:alpha:]]", /a set operation, \[,/],
      ["(a", /cannot be read/],
      [String.raw`\p{Nonsense}`, /cannot be read/],
    ] as const) {
      expect(() => buildSplitPattern(source)).toThrow(FormatError);
      expect(() => buildSplitPattern(source)).toThrow(named);
    }
  });
});
