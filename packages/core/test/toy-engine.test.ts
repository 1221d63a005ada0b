import { expect, test } from "vitest";
import {
  engineContract,
  openToyEngine,
  tokenizerContract,
  toyLogits,
  toyTokenizer,
  toyVocabulary,
} from "../src/contracts/index.ts";
import {
  entropyNats,
  logSoftmax,
  type Sequence,
  type TokenId,
  tokenId,
  UsageError,
} from "../src/index.ts";

tokenizerContract("toy", () => toyTokenizer, { test, expect });
engineContract("toy", async () => openToyEngine(), { test, expect });

async function appended(sequence: Sequence, text: string): Promise<Sequence> {
  for await (const _chunk of sequence.append(toyTokenizer.encode(text)));
  return sequence;
}

test("the toy's predictions are its logits, sorted and summed in the open", async () => {
  const sequence = await appended(openToyEngine().openSequence(), "abc");
  const {
    contextVector,
    topIds,
    topLogprobsNats,
    entropyNats: entropy,
  } = sequence.tokens[2]!.prediction;
  expect(contextVector?.slice(0, 3)).toEqual(Float32Array.of(100, 99, 98)); // c, b, a plus 1
  const logprobs = [...logSoftmax(toyLogits(contextVector!))!];
  const sorted = [...logprobs.keys()].sort((a, b) => logprobs[b]! - logprobs[a]! || a - b);
  expect([...topIds]).toEqual(sorted.slice(0, 50));
  expect(topLogprobsNats[49]).toBeCloseTo(logprobs[sorted[49]!]!, 6);
  expect(entropy).toBeCloseTo(entropyNats(logprobs.map(Math.exp)), 10);
});

test("appending in parts, after a cut and in a fork scores as appending at once", async () => {
  const engine = openToyEngine();
  const whole = await appended(engine.openSequence(), "appending");
  const parts = await appended(await appended(engine.openSequence(), "app"), "XYZ");
  parts.cut(3);
  const fork = parts.fork();
  await appended(parts, "ending");
  await appended(fork, "le");
  expect(parts.tokens).toEqual(whole.tokens);
  expect(fork.tokens.map(({ id }) => id)).toEqual(toyTokenizer.encode("apple"));
});

test("the head gives a token's score at any earlier position", async () => {
  const engine = openToyEngine();
  const { tokens } = await appended(engine.openSequence(), "tokens");
  const vectors = tokens.map(({ prediction }) => prediction.contextVector!);
  const id = tokenId("o".charCodeAt(0));
  expect((await engine.scoreAt(vectors, id))[0]).toEqual(tokens[1]?.score);
  expect(await engine.logits(vectors[0]!)).toEqual(toyLogits(vectors[0]!));
  expect(engine.counts).toEqual({ modelRuns: 2, headRuns: 2 }); // six tokens in chunks of four
});

test("a full context and an unknown token are refused", async () => {
  const sequence = openToyEngine({ contextLength: 3 }).openSequence();
  await expect(appended(sequence, "four")).rejects.toThrow(UsageError);
  expect(sequence.tokens.length).toBe(0);
  expect(() => toyVocabulary.bytes(259 as TokenId)).toThrow(RangeError);
});
