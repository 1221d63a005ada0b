import { expect, test } from "vitest";
import { bitsFromNats, perplexity, surprisalBits } from "../src/index.ts";
import { expectNear, type JsonNumber, statsCases } from "./reference.ts";

const cases = statsCases<
  { readonly nats: number },
  { readonly bits: number; readonly perplexity: JsonNumber }
>("surprise-conversions");

test("nats become bits and perplexity as in the reference", () => {
  for (const { input, expected } of cases) {
    expectNear(bitsFromNats(input.nats), expected.bits);
    expectNear(surprisalBits(-input.nats), expected.bits);
    expectNear(perplexity(expected.bits, 1), expected.perplexity);
  }
});

test("a certain token has surprisal 0, not -0", () => {
  expect(Object.is(surprisalBits(0), 0)).toBe(true);
});

test("6 bits over 3 tokens are a perplexity of 4, and nothing scored has none", () => {
  expect(perplexity(6, 3)).toBe(4);
  expect(perplexity(0, 0)).toBeNull();
});
