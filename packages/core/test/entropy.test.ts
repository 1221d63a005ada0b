import { expect, test } from "vitest";
import { entropyNats, klNats } from "../src/index.ts";
import { expectNear, type JsonNumber, statsCases } from "./reference.ts";

interface Expected {
  readonly entropyNats: JsonNumber;
  readonly klNats: JsonNumber;
  readonly klReverseNats: JsonNumber;
}
const cases = statsCases<
  { readonly p: readonly number[]; readonly q: readonly number[] },
  Expected
>("entropy-kl");

test("entropy and divergence equal the reference", () => {
  expect(cases.length).toBeGreaterThan(20);
  for (const { input, expected } of cases) {
    expectNear(entropyNats(input.p), expected.entropyNats);
    expectNear(klNats(input.p, input.q), expected.klNats);
    expectNear(klNats(input.q, input.p), expected.klReverseNats);
  }
});

test("a fair die has an entropy of log2 6 bits", () => {
  const die = new Float64Array(6).fill(1 / 6); // 6 · 1/6 · log2 6 = 2.585
  expect(entropyNats(die) / Math.LN2).toBeCloseTo(Math.log2(6), 12);
});
