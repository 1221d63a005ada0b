import { type Engine, scoreIds, tokenId } from "@tokenscope/core";
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
// Measured on these seven files: eight bits for each weight of a random model move a log-probability by up to 0.028 (qwen2) to 0.102 (qwen3).
const COMPACT_NATS = 0.12;
const PASSES_NATS = 0.0001; // measured: 1e-5, the order of float32 sums

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

// 46 positions reach past a window of 16, so that chunks meet it at their start, inside and beyond it.
describe("exact, in passes of a few positions", () => {
  const cases = FLOAT32_FILES.flatMap((file) =>
    [7, 1].map((positions) => [file, positions] as const),
  );
  test.each(cases)("%s, %i at a time", async (file, positions) => {
    const engine = await openEngine(referencePath(`tiny/${file}`));
    const logprobs = await logprobsInPasses(engine, llamaCpp[file]!, positions);
    await engine.close();
    expect(errorNats(logprobs, llamaCpp[file]!)).toBeLessThan(LLAMA_CPP_NATS);
    const reference = float64[file];
    if (reference !== undefined) expect(errorNats(logprobs, reference)).toBeLessThan(FLOAT64_NATS);
  });
});

describe("compact, against llama.cpp", () => {
  test.each(FLOAT32_FILES)("%s", async (file) => {
    const engine = await openEngine(referencePath(`tiny/${file}`), { precision: "compact" });
    const reference = llamaCpp[file]!;
    const whole = await logprobsInPasses(engine, reference, reference.ids.length);
    const single = await logprobsInPasses(engine, reference, 1);
    await engine.close();
    expect(errorNats(whole, reference)).toBeLessThan(COMPACT_NATS);
    expect(errorNats(single, { ids: reference.ids, logprobNats: whole })).toBeLessThan(PASSES_NATS);
  });
});

async function logprobsInPasses(
  engine: Engine,
  { ids }: ReferenceScores,
  positions: number,
): Promise<readonly (number | null)[]> {
  const sequence = engine.openSequence();
  for (let from = 0; from < ids.length; from += positions) {
    for await (const _ of sequence.append(ids.slice(from, from + positions).map(tokenId)));
  }
  const logprobs = sequence.tokens.map(({ score }) => score?.logprobNats ?? null);
  sequence.close();
  return logprobs;
}

function errorNats(logprobs: readonly (number | null)[], { logprobNats }: ReferenceScores): number {
  expect(logprobs.length).toBe(logprobNats.length);
  return Math.max(...logprobs.map((p, i) => Math.abs((p ?? 0) - (logprobNats[i] ?? 0))));
}

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
