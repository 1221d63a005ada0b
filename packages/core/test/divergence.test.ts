import fc from "fast-check";
import { expect, test } from "vitest";
import { divergence } from "../src/index.ts";

test("a fair coin beside one of 3 to 1: KL both ways, and the first token of each", () => {
  const fair = Float64Array.of(0, 0);
  const bent = Float64Array.of(0, Math.log(3)); // 1/4, 3/4
  const found = divergence(fair, bent, 2);
  // KL(fair || bent) = 1/2 ln(1/2 : 1/4) + 1/2 ln(1/2 : 3/4) = 1/2 ln(4/3)
  expect(found?.klNats).toBeCloseTo(0.5 * Math.log(4 / 3), 12);
  // KL(bent || fair) = 1/4 ln(1/2) + 3/4 ln(3/2)
  expect(found?.reverseKlNats).toBeCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 12);
  expect(found?.isSameTop).toBe(false);
  expect(found?.candidates.map(({ id, own, other }) => [id, own.rank, other.rank])).toEqual([
    [0, 1, 2], // both are of rank 1 where neither is more likely: the lower id stands first
    [1, 1, 1],
  ]);
});

test("the candidates are the most likely of either, each once, by their rank in the first", () => {
  const found = divergence(Float32Array.of(5, 4, 3, 2), Float32Array.of(2, 3, 4, 5), 1);
  expect(found?.candidates.map(({ id, own, other }) => [id, own.rank, other.rank])).toEqual([
    [0, 1, 4],
    [3, 4, 1],
  ]);
});

test("a distribution does not diverge from itself, nor from its logits plus a constant", () => {
  const logits = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(
    fc.property(logits, fc.double({ min: -50, max: 50, noNaN: true }), (values, constant) => {
      const own = Float64Array.from(values);
      const found = divergence(
        own,
        own.map((logit) => logit + constant),
        5,
      ); // the shift may round ties apart
      expect(found?.klNats).toBeLessThan(1e-9);
      expect(found?.reverseKlNats).toBeLessThan(1e-9);
    }),
  );
});

test("two vocabularies are not compared, and where no token is possible there is nothing to say", () => {
  expect(() => divergence(Float32Array.of(1), Float32Array.of(1, 2), 1)).toThrow("1 and of 2");
  expect(divergence(Float32Array.of(-Infinity), Float32Array.of(0), 1)).toBeNull();
});
