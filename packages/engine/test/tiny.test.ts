import { scoreIds, tokenId } from "@tokenscope/core";
import { describe, expect, test } from "vitest";
import { referenceJson, referencePath } from "../../../fixtures/index.ts";
import { openEngine } from "./open-engine.ts";

interface ReferenceScores {
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
  readonly lastTop5?: readonly (readonly [number, number])[]; // [id, logprob] after the last id
}
type References = Readonly<Record<string, ReferenceScores>>;

// Tolerances in nats, from the reference's own description (shared/reference/MODELS.md).
const FLOAT64_NATS = 0.0005;
const LLAMA_CPP_NATS = 0.002;
const LLAMA_CPP_ROUNDED_NATS = 0.06; // llama.cpp rounds activations for weights that are not f32
const FLOAT32_FILES = [
  "llama-tied.gguf", // the head is the embedding
  "llama-rope-freqs.gguf", // a head of its own, and rotary factors
  "qwen2.gguf",
  "qwen3.gguf",
  "gemma2.gguf", // windows of 16 positions, soft caps
  "gemma3.gguf", // windows of 16 positions with their own rotation
  "gpt2.gguf",
];

const BEYOND_ORACLE = [
  "llama-rope-freqs.gguf",
  "qwen2.gguf",
  "qwen3.gguf",
  "gemma2.gguf",
  "gpt2.gguf",
];

const files = [
  ...FLOAT32_FILES,
  "llama-f16.gguf",
  "llama-bf16.gguf",
  "llama-q4_0.gguf",
  "llama-q4_1.gguf",
  "llama-q5_0.gguf",
  "llama-q5_1.gguf",
  "llama-q8_0.gguf",
];
const float64 = referenceJson<References>("tiny/expected-float64.json");
const llamaCpp = referenceJson<References>("tiny/expected-llama-cpp.json");
const withFloat64 = files.filter((file) => file in float64);

test("every file has llama.cpp's numbers, and those that the oracle computes a float64 pass", () => {
  expect(files.filter((file) => !(file in llamaCpp))).toEqual([]);
  expect(files.filter((file) => !withFloat64.includes(file))).toEqual(BEYOND_ORACLE);
});

describe("exact, against a float64 pass", () => {
  test.each(withFloat64)("%s", async (file) => {
    expect(await largestErrorNats(file, float64[file]!)).toBeLessThan(FLOAT64_NATS);
  });
});

describe("exact, against llama.cpp", () => {
  test.each(files)("%s", async (file) => {
    expect(await largestErrorNats(file, llamaCpp[file]!)).toBeLessThan(toleranceNats(file));
  });
});

function toleranceNats(file: string): number {
  return FLOAT32_FILES.includes(file) ? LLAMA_CPP_NATS : LLAMA_CPP_ROUNDED_NATS;
}

/** The largest difference of any log-probability that the reference states; throws where ids or positions differ. */
async function largestErrorNats(file: string, reference: ReferenceScores): Promise<number> {
  const engine = await openEngine(referencePath(`tiny/${file}`));
  const { rows, predictionAfter } = await scoreIds(engine, reference.ids.map(tokenId));
  const last = [...(reference.lastTop5 ?? [])];
  const vector = predictionAfter!.contextVector!;
  const tops = await Promise.all(last.map(([id]) => engine.scoreAt([vector], tokenId(id))));
  await engine.close();
  expect(rows.map(({ score }) => score === null)).toEqual(
    reference.logprobNats.map((logprob) => logprob === null),
  );
  const errors = rows.map(({ score }, i) =>
    Math.abs((score?.logprobNats ?? 0) - (reference.logprobNats[i] ?? 0)),
  );
  const lastErrors = last.map(([, logprob], i) => Math.abs(tops[i]![0]!.logprobNats - logprob));
  return Math.max(...errors, ...lastErrors);
}
