import fc from "fast-check";
import { expect, test } from "vitest";
import { attentionMass, meanAttention } from "../src/index.ts";

test("a row's mass lies on the first position, the one before, itself and elsewhere", () => {
  expect(attentionMass([0.4, 0.05, 0.1, 0.25, 0.2])).toEqual({
    first: 0.4,
    previous: 0.25,
    self: 0.2,
    elsewhere: expect.closeTo(0.15, 12),
  });
});

test("a position that is two things at once counts once: the first position before itself", () => {
  expect(attentionMass([1])).toEqual({ first: 1, self: 0, previous: 0, elsewhere: 0 });
  expect(attentionMass([0.7, 0.3])).toEqual({ first: 0.7, self: 0.3, previous: 0, elsewhere: 0 });
});

test("the parts of any row sum to the row", () => {
  const row = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(row, (weights) => {
      const { first, self, previous, elsewhere } = attentionMass(weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      expect(first + self + previous + elsewhere).toBeCloseTo(total, 9);
    }),
  );
});

test("the mean of rows is taken position by position", () => {
  const rows = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(0.5, 0.5)];
  expect([...meanAttention(rows)]).toEqual([expect.closeTo(0.5, 7), expect.closeTo(0.5, 7)]);
  expect(() => meanAttention([])).toThrow("there is no row");
});
