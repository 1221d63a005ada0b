import fc from "fast-check";
import { expect, test } from "vitest";
import {
  applySettings,
  cutBy,
  EngineError,
  GREEDY,
  type Logits,
  RAW,
  type SamplingSettings,
  sampleIndex,
} from "../src/index.ts";
import { expectAllNear, type JsonNumber, statsCases } from "./reference.ts";

interface FilterInput extends SamplingSettings {
  readonly logits: readonly JsonNumber[];
}
const filterCases = statsCases<
  FilterInput,
  { readonly ids: readonly number[]; readonly probs: readonly number[] }
>("sampling-filters");
const drawCases = statsCases<
  { readonly probs: readonly number[]; readonly u: number },
  { readonly index: number }
>("inverse-cdf");

test("temperature, top-k, top-p and min-p equal the reference", () => {
  expect(filterCases.length).toBe(66);
  for (const { input, expected } of filterCases) {
    const { ids, probs } = applySettings(Float64Array.from(input.logits, Number), input);
    expect([...ids]).toEqual(expected.ids);
    expectAllNear(probs, expected.probs);
  }
});

test("a draw picks the reference's index", () => {
  expect(drawCases.length).toBeGreaterThan(20);
  for (const { input, expected } of drawCases) {
    expect(sampleIndex(input.probs, input.u)).toBe(expected.index);
  }
});

test("two tokens of which one is twice as likely have 2/3 and 1/3", () => {
  const { ids, probs } = applySettings(Float64Array.of(0, Math.LN2), RAW);
  expect([...ids]).toEqual([1, 0]);
  expectAllNear(probs, [2 / 3, 1 / 3]);
});

test("every cut is named after the filter that made it", () => {
  // e^logit: 8, 4, 2, 1, 1. Top-k 4 leaves 8 4 2 1 of 15; top-p 0.9 needs 14/15; min-p 0.3 of 8/14 needs 2.4/14.
  const logits = Float64Array.from([8, 4, 2, 1, 1], Math.log);
  const { ids, cuts } = applySettings(logits, { temperature: 1, topK: 4, topP: 0.9, minP: 0.3 });
  expect([...ids]).toEqual([0, 1]);
  expect([0, 1, 2, 3, 4].map((place) => cutBy(cuts, place))).toEqual([
    null,
    null,
    "min-p",
    "top-p",
    "top-k",
  ]);
  expect(cutBy(applySettings(logits, GREEDY).cuts, 1)).toBe("temperature");
});

test("a masked token is never kept, and no filter is blamed for it", () => {
  const logits = Float32Array.of(1, Number.NEGATIVE_INFINITY, 0);
  const { ids, cuts } = applySettings(logits, RAW);
  expect([...ids]).toEqual([0, 2]);
  expect(cutBy(cuts, 2)).toBeNull();
});

test("logits that are no distribution are an engine's error, never a token", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => applySettings(Float32Array.of(1, bad), RAW)).toThrow(EngineError);
    expect(() => applySettings(Float32Array.of(bad, 1), GREEDY)).toThrow(EngineError);
  }
  const masked = new Float32Array(3).fill(Number.NEGATIVE_INFINITY);
  expect(() => applySettings(masked, RAW)).toThrow(/possible tokens: 0/);
  expect(() => applySettings(new Float32Array(), RAW)).toThrow(EngineError);
});

test("a draw outside [0, 1) is a bug", () => {
  for (const draw of [-0.1, 1, Number.NaN]) {
    expect(() => sampleIndex([1], draw)).toThrow(RangeError);
  }
  expect(() => sampleIndex([0, 0], 0.5)).toThrow(RangeError);
});

// The README's words, step by step over a sorted list of pairs.
function slowFilter(logits: Logits, { temperature, topK, topP, minP }: SamplingSettings) {
  let rows = Array.from(logits, (logit, id) => ({ id, logit, p: 0 }))
    .filter(({ logit }) => logit !== Number.NEGATIVE_INFINITY)
    .sort((a, b) => b.logit - a.logit || a.id - b.id);
  if (temperature === 0) return [{ id: rows[0]!.id, p: 1 }];
  const renormalise = () => {
    const total = rows.reduce((sum, { p }) => sum + p, 0);
    rows = rows.map((row) => ({ ...row, p: row.p / total }));
  };
  const max = rows[0]!.logit;
  rows = rows.map((row) => ({ ...row, p: Math.exp((row.logit - max) / temperature) }));
  renormalise();
  if (topK > 0) rows = rows.slice(0, topK);
  renormalise();
  if (topP < 1) {
    let mass = 0;
    rows = rows.filter(({ p }) => {
      const isNeeded = mass < topP - 1e-12;
      mass += p;
      return isNeeded;
    });
  }
  renormalise();
  const largest = rows[0]!.p;
  if (minP > 0) rows = rows.filter(({ p }) => p >= minP * largest);
  renormalise();
  return rows;
}

test("the fast filters agree with the slow ones", () => {
  const logits = fc.array(fc.float({ min: -12, max: 12, noNaN: true }), {
    minLength: 1,
    maxLength: 90,
  });
  const settings = fc.record({
    temperature: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0.05, max: 5, noNaN: true })),
    topK: fc.integer({ min: 0, max: 100 }),
    topP: fc.oneof(fc.constant(1), fc.double({ min: 0.01, max: 1, noNaN: true })),
    minP: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  fc.assert(
    fc.property(logits, settings, (list, chosen) => {
      const row = Float32Array.from(list);
      const { ids, probs } = applySettings(row, chosen);
      const slow = slowFilter(row, chosen);
      expect([...ids]).toEqual(slow.map(({ id }) => id));
      expectAllNear(
        probs,
        slow.map(({ p }) => p),
      );
      expect(probs.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    }),
    { seed: 376, numRuns: 200 },
  );
});
