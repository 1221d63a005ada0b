import fc from "fast-check";
import { expect, test } from "vitest";
import { cappedLogit, logitSum } from "../src/index.ts";

const vector = (...values: number[]) => Float32Array.from(values);

test("(1, 2, 0.5) . (3, -4, 2): the largest terms come first, with their running sum and the rest", () => {
  // 1 x 3 = 3, 2 x -4 = -8, 0.5 x 2 = 1; together -4
  expect(logitSum(vector(1, 2, 0.5), vector(3, -4, 2), 2)).toEqual({
    terms: [
      { dimension: 1, context: 2, token: -4, product: -8, runningSum: -8 },
      { dimension: 0, context: 1, token: 3, product: 3, runningSum: -5 },
    ],
    rest: 1,
    restDimensions: 1,
    sum: -4,
  });
});

test("terms of one size stand in the order of their dimensions", () => {
  const { terms } = logitSum(vector(1, -1, 1), vector(2, 2, -2), 3);
  expect(terms.map(({ dimension }) => dimension)).toEqual([0, 1, 2]);
});

test("listed terms and rest add up to the dot product, however many are listed", () => {
  const pairs = fc.array(
    fc.record({
      c: fc.float({ noNaN: true, min: -8, max: 8 }),
      e: fc.float({ noNaN: true, min: -8, max: 8 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(pairs, fc.nat(50), (rows, count) => {
      const context = vector(...rows.map(({ c }) => c));
      const token = vector(...rows.map(({ e }) => e));
      const { terms, rest, restDimensions, sum } = logitSum(context, token, count);
      const expected = rows.reduce((total, { c, e }) => total + c * e, 0);
      expect(sum).toBeCloseTo(expected, 9);
      expect((terms.at(-1)?.runningSum ?? 0) + rest).toBeCloseTo(sum, 9);
      expect(terms.length + restDimensions).toBe(rows.length);
    }),
  );
});

test("a cap bends a logit towards itself, and no cap leaves it", () => {
  expect(cappedLogit(12, null)).toBe(12);
  expect(cappedLogit(30, 30)).toBeCloseTo(30 * Math.tanh(1), 12); // 22.85
  expect(cappedLogit(0.3, 30)).toBeCloseTo(0.3, 4);
});
