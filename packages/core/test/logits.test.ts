import fc from "fast-check";
import { expect, test } from "vitest";
import { logSoftmax, logSumExp } from "../src/index.ts";
import { expectAllNear, expectNear, type JsonNumber, statsCases } from "./reference.ts";

interface Expected {
  readonly logsumexp: JsonNumber;
  readonly logSoftmax: readonly JsonNumber[] | null;
  readonly softmax: readonly JsonNumber[] | null;
}
const cases = statsCases<{ readonly x: readonly JsonNumber[] }, Expected>("logsumexp");

test("logSumExp and logSoftmax equal the reference to 50 digits", () => {
  expect(cases.length).toBeGreaterThan(20);
  for (const { input, expected } of cases) {
    const x = Float64Array.from(input.x, Number);
    const logprobs = logSoftmax(x);
    expectNear(logSumExp(x), expected.logsumexp);
    expectAllNear(logprobs, expected.logSoftmax);
    expectAllNear(logprobs?.map(Math.exp) ?? null, expected.softmax);
  }
});

test("four equal logits have a probability of 1/4 each", () => {
  expect(logSoftmax(new Float32Array(4))).toEqual(new Float64Array(4).fill(-Math.log(4)));
});

test("adding a constant to all logits changes no probability, and they sum to 1", () => {
  const logits = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1 });
  const shift = fc.double({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(logits, shift, (x, constant) => {
      const before = logSoftmax(Float64Array.from(x))!;
      const after = logSoftmax(Float64Array.from(x, (logit) => logit + constant))!;
      const sum = before.reduce((total, logprob) => total + Math.exp(logprob), 0);
      expect(sum).toBeCloseTo(1, 12);
      for (const [i, logprob] of before.entries()) expect(after[i]).toBeCloseTo(logprob, 10);
    }),
    { seed: 376, numRuns: 200 },
  );
});
