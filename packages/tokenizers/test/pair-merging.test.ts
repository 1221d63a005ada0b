import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { mergedBounds, type PairPriority } from "../src/pair-merging.ts";

const RUNS = { seed: 376, numRuns: 500 };
const symbols = (text: string) => Array.from(text, (_, i) => i);
const byToken =
  (scores: ReadonlyMap<string, number>): PairPriority =>
  (text, start, _, end) =>
    scores.get(text.slice(start, end));
const merged = (text: string, scores: ReadonlyMap<string, number>) =>
  mergedBounds(text, symbols(text), byToken(scores))
    .map((at, i, all) => text.slice(at, all[i + 1] ?? at))
    .slice(0, -1);

/** As it is told: of all neighbouring pairs merge the one of highest priority, leftmost first, until none may merge. */
function slowlyMerged(
  pieces: readonly string[],
  scores: ReadonlyMap<string, number>,
): readonly string[] {
  const found = pieces.slice(1).map((right, i) => scores.get(`${pieces[i]}${right}`));
  const best = Math.max(...found.map((score) => score ?? Number.NEGATIVE_INFINITY));
  const at = found.indexOf(best);
  if (at === -1) return pieces;
  return slowlyMerged(
    [...pieces.slice(0, at), pieces.slice(at, at + 2).join(""), ...pieces.slice(at + 2)],
    scores,
  );
}

describe("merging", () => {
  test("equal pairs merge from left to right", () => {
    expect(merged("aaa", new Map([["aa", 0]]))).toEqual(["aa", "a"]);
  });

  test("the best pair goes first, although another stands before it", () => {
    // b+c (5) before a+b (1); then a+bc is no token
    expect(
      merged(
        "abc",
        new Map([
          ["ab", 1],
          ["bc", 5],
        ]),
      ),
    ).toEqual(["a", "bc"]);
  });

  test("a merged pair merges again", () => {
    expect(
      merged(
        "hello",
        new Map([
          ["he", 3],
          ["ll", 2],
          ["llo", 1],
          ["hello", 0],
        ]),
      ),
    ).toEqual(["hello"]);
  });

  test("nothing and one symbol stay", () => {
    expect(mergedBounds("", [], () => 0)).toEqual([0]);
    expect(mergedBounds("𝔘", [0], () => 0)).toEqual([0, 2]);
  });

  test("agrees with the slow oracle on any tokens and any text", () => {
    const token = array(constantFrom("a", "b", "c"), { minLength: 2, maxLength: 4 });
    const entry = record({ token, score: integer({ min: -3, max: 3 }) });
    void assert(
      property(
        array(constantFrom("a", "b", "c"), { maxLength: 30 }),
        array(entry, { maxLength: 12 }),
        (letters, entries) => {
          const scores = new Map(entries.map((e) => [e.token.join(""), e.score]));
          expect(merged(letters.join(""), scores)).toEqual(slowlyMerged(letters, scores));
        },
      ),
      RUNS,
    );
  });
});
