import fc from "fast-check";
import { expect, test } from "vitest";
import { applySettings, drawAt, RAW, sampleIndex } from "../src/index.ts";
import { rankDraw } from "../src/rank-draw.ts";

/** By putting all tokens in order: the oracle. */
function byOrder(logits: Float32Array, temperature: number, draw: number): number | undefined {
  const { ids, probs } = applySettings(logits, { ...RAW, temperature });
  return ids[sampleIndex(probs, draw)];
}

test("a draw hits the likelier token first", () => {
  const logits = Float32Array.of(0, Math.log(3)); // 1/4 and 3/4
  expect([0, 0.7, 0.8].map((draw) => rankDraw(logits, 1, draw))).toEqual([1, 1, 0]);
});

test("ties are hit in the order of their ids", () => {
  const logits = new Float32Array(4);
  expect([0, 0.25, 0.5, 0.99].map((draw) => rankDraw(logits, 1, draw))).toEqual([0, 1, 2, 3]);
});

test("a token that cannot come is never hit, and logits that are no distribution are none", () => {
  const logits = Float32Array.of(Number.NEGATIVE_INFINITY, -300, 0);
  expect([0, 0.5, 1 - 2 ** -53].map((draw) => rankDraw(logits, 1, draw))).toEqual([2, 2, 2]);
  expect(rankDraw(Float32Array.of(Number.NaN, 0), 1, 0.5)).toBeNull();
  expect(rankDraw(new Float32Array(2).fill(Number.NEGATIVE_INFINITY), 1, 0.5)).toBeNull();
});

test("any draw hits what putting all tokens in order gives", () => {
  const logit = fc.oneof(
    fc.constantFrom(0, 1, -2, Number.NEGATIVE_INFINITY),
    fc.float({ min: -40, max: 40, noNaN: true }),
  );
  const draws = Array.from({ length: 20 }, (_, position) =>
    drawAt({ seed: 5, position, redraw: 0 }),
  );
  fc.assert(
    fc.property(
      fc.float32Array({ min: -30, max: 30, noNaN: true, minLength: 1, maxLength: 200 }),
      fc.array(logit, { maxLength: 9 }),
      fc.constantFrom(0.1, 0.7, 1, 3, 100),
      (most, some, temperature) => {
        const logits = Float32Array.of(...most, ...some);
        for (const draw of draws) {
          expect(rankDraw(logits, temperature, draw)).toBe(byOrder(logits, temperature, draw));
        }
      },
    ),
  );
});
