import fc from "fast-check";
import { expect, test } from "vitest";
import { rankIndexOf, rankOf, rankOrder, topCandidates } from "../src/index.ts";

const coarse = fc.integer({ min: -6, max: 6 }).map((n) => n / 2); // many ties
const fine = fc.float({ noNaN: true });
const logitLists = fc.array(fc.oneof(coarse, fine, fc.constant(-0)), {
  minLength: 1,
  maxLength: 80,
});

test("the most likely token comes first, and of equal ones the lower id", () => {
  expect([...rankOrder(Float32Array.of(2, 3, 3, -1, 0))]).toEqual([1, 2, 0, 4, 3]);
});

test("-0 and 0 are a tie, and -Infinity comes last", () => {
  const logits = Float32Array.of(Number.NEGATIVE_INFINITY, 0, -0, 0, -1e-30, 1e-30);
  expect([...rankOrder(logits)]).toEqual([5, 1, 2, 3, 4, 0]);
});

test("the radix sort of float32 agrees with comparing float64", () => {
  fc.assert(
    fc.property(logitLists, (list) => {
      const logits = Float32Array.from(list);
      expect([...rankOrder(logits)]).toEqual([...rankOrder(Float64Array.from(logits))]);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("a selection is the beginning of the whole order", () => {
  fc.assert(
    fc.property(logitLists, fc.integer({ min: 0, max: 100 }), (list, count) => {
      const logits = Float32Array.from(list);
      expect([...topCandidates(logits, count)]).toEqual([...rankOrder(logits)].slice(0, count));
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("a selection of more than 512 falls back to the sort and stays the same", () => {
  const logits = Float32Array.from({ length: 2000 }, (_, i) => (i * 7919) % 601);
  expect([...topCandidates(logits, 600)]).toEqual([...rankOrder(logits)].slice(0, 600));
});

test("tokens with equal logits share a rank but not a place", () => {
  const logits = Float32Array.of(2, 3, 3, 1);
  expect([0, 1, 2, 3].map((id) => rankOf(logits, id))).toEqual([3, 1, 1, 4]);
  expect([0, 1, 2, 3].map((id) => rankIndexOf(logits, id))).toEqual([2, 0, 1, 3]);
  expect(() => rankOf(logits, 4)).toThrow(RangeError);
});
