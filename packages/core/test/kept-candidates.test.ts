import { expect, test } from "vitest";
import { filterKept, keptToken, predictionFromLogits, RAW } from "../src/index.ts";

// e^logit: 8, 4, 2, 1, 1 of 16: edges at 1/2, 3/4, 7/8, 15/16, 1.
const small = predictionFromLogits(Float64Array.from([1, 8, 2, 4, 1], Math.log), null);
// 100 equal tokens, of which 50 are kept.
const flat = predictionFromLogits(new Float32Array(100), null);

test("a draw clear of the edges hits the token whose stretch it falls in", () => {
  const kept = filterKept(small, RAW, 5);
  if (kept === null) throw new Error("five tokens are all kept");
  expect([0, 0.49, 0.51, 0.8, 0.9, 0.9999999].map((draw) => keptToken(kept, draw))).toEqual([
    1, 1, 3, 2, 0, 4,
  ]);
});

test("a draw nearer to an edge than float32 can tell is left to all logits", () => {
  const kept = filterKept(small, RAW, 5);
  if (kept === null) throw new Error("five tokens are all kept");
  expect([0.49995, 0.5, 0.50005, 0.75].map((draw) => keptToken(kept, draw))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test("a draw beyond the kept candidates is left to all logits", () => {
  const kept = filterKept(flat, RAW, 100);
  if (kept === null) throw new Error("temperature 1 without filters is determined");
  expect(kept.isWhole).toBe(false);
  expect([0.485, 0.501, 0.9].map((draw) => keptToken(kept, draw))).toEqual([48, null, null]);
});

test("a low temperature magnifies what float32 lost, so the margin grows with it", () => {
  expect(filterKept(small, { ...RAW, temperature: 0.1 }, 5)?.margin).toBeCloseTo(1e-3, 12);
  expect(filterKept(small, { ...RAW, temperature: 2 }, 5)?.margin).toBeCloseTo(1e-4, 12);
});
