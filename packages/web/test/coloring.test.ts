import { surpriseClass, surpriseHeight } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { COLOR_CHOICES, scaleOf, tintOf, tintsOf } from "../src/views/coloring.ts";
import { documentPath } from "../src/views/path.ts";
import { conversation, scoresOf } from "./views-document.ts";

const bits = (n: number) => ({ score: { logprobNats: -n * Math.LN2, rank: 1 }, entropyNats: null });
const rank = (n: number) => ({ score: { logprobNats: -1, rank: n }, entropyNats: null });
const entropy = (n: number) => ({ score: null, entropyNats: n * Math.LN2 });
const path = documentPath(conversation());
const scores = scoresOf(conversation());

test("the tokens are coloured by their bits unless told otherwise, and position 0 has no colour", () => {
  const tints = tintsOf(path, scores, { colorBy: "surprisal", overlay: null });
  expect(tints.map(({ level }) => level)).toEqual([0, 4, 3, 2, 0, 2, 3]); // n/a, 4, 2, 1, 0, 1, 3 bits
  expect(tints[1]?.height).toBe(0.5); // sqrt(4 / 16)
});

test("by surprisal the classes are those of the absolute scale", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 40, noNaN: true }), (n) => {
      const { score } = bits(n);
      const measured = 0 - score.logprobNats / Math.LN2; // the same rounding as the scale sees
      expect(tintOf("surprisal", bits(n))).toEqual({
        level: surpriseClass(measured),
        height: surpriseHeight(measured),
      });
    }),
    { seed: 376 },
  );
});

test("by probability a likelier token is lighter: 95 %, 50 %, 3 % and 0.05 %", () => {
  const level = (p: number) => tintOf("probability", bits(-Math.log2(p))).level;
  expect([0.95, 0.5, 0.03, 0.0005].map(level)).toEqual([0, 2, 4, 6]);
  expect(tintOf("probability", bits(2)).height).toBeCloseTo(0.75, 10); // 1 - 1/4
});

test("by rank the classes begin at 1, 2, 3, 6, 11, 101 and 1,001", () => {
  const level = (n: number) => tintOf("rank", rank(n)).level;
  expect([1, 2, 3, 5, 6, 10, 11, 100, 101, 1000, 1001].map(level)).toEqual([
    0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6,
  ]);
  expect(tintOf("rank", rank(100)).height).toBeCloseTo(0.5, 10); // the root of 10,000
});

test("by entropy a token has the colour of the prediction that it was drawn from", () => {
  expect(tintOf("entropy", entropy(2))).toEqual({ level: 4, height: 0.5 }); // sqrt(2 / 8)
  const tints = tintsOf(path, scores, { colorBy: "entropy", overlay: null });
  expect(tints.map(({ level }) => level)).toEqual([0, 4, 4, 4, 4, 4, 4]); // every prediction there has 2 bits
});

test("an overlay lies over every measure, in grey, with a scale of its own", () => {
  const steps = scaleOf({ colorBy: "rank", overlay: null }).steps;
  const overlay = {
    title: "share of attention",
    steps,
    tints: [{ level: 5, height: 0.7 }],
  } as const;
  expect(scaleOf({ colorBy: "rank", overlay })).toEqual({
    ramp: "grey",
    title: "share of attention",
    steps,
  });
  expect(tintsOf(path, scores, { colorBy: "rank", overlay }).slice(0, 2)).toEqual([
    { level: 5, height: 0.7 },
    { level: 0, height: 0 },
  ]);
});

test("every scale has seven classes whose bars grow, and a darker token has a higher bar", () => {
  for (const { by } of COLOR_CHOICES) {
    const { steps, ramp } = scaleOf({ colorBy: by, overlay: null });
    expect([steps.length, ramp]).toEqual([7, "amber"]);
    const heights = steps.map(({ height }) => height);
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  }
  const anyToken = fc.record({
    score: fc.record({
      logprobNats: fc.double({ min: -30, max: 0, noNaN: true }),
      rank: fc.integer({ min: 1, max: 262_144 }),
    }),
    entropyNats: fc.double({ min: 0, max: 12, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...COLOR_CHOICES), anyToken, anyToken, ({ by }, a, b) => {
      const [first, second] = [tintOf(by, a), tintOf(by, b)];
      if (first.level < second.level) expect(first.height).toBeLessThanOrEqual(second.height);
      expect(Math.max(first.height, second.height)).toBeLessThanOrEqual(1);
    }),
    { seed: 376 },
  );
});
