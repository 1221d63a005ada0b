import { type Engine, type TokenId, tokenId } from "@tokenscope/core";
import { engineContract } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { referenceJson, referencePath } from "../../../fixtures/index.ts";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { startKernel } from "../src/wasm/kernel-threads.ts";
import { Program } from "../src/wasm/program.ts";
import { nodeKernel, openKernel } from "./open-kernel.ts";

const SEVERAL_CHUNKS = 700; // positions
const LLAMA_CPP_NATS = 0.002; // fixtures/README.md: f32 weights
const FLOAT64_NATS = 2e-5; // fp32 sums against the oracle's float64; measured at most 1.8e-6

for (const precision of ["exact", "compact"] as const) {
  const path = referencePath("tiny/llama-q4_1.gguf");
  const open = () => openKernel(path, { precision, contextLength: SEVERAL_CHUNKS });
  engineContract(`llama Q4_1, ${precision}, on the kernel`, open, { test, expect });
}

interface Expected {
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
}
const llamaCpp = referenceJson<Record<string, Expected>>("tiny/expected-llama-cpp.json");
const float64 = referenceJson<Record<string, Expected>>("tiny/expected-float64.json");

for (const [file, expected] of Object.entries(llamaCpp)) {
  if (/-(f16|bf16|q\d_\d)\.gguf$/.test(file)) continue; // llama.cpp rounds activations there
  test(`${file} in parts of 1, 7 and all scores as llama.cpp`, async () => {
    for (const size of [1, 2, 3, 7, expected.ids.length]) {
      expect(await largestDistance(file, expected, size)).toBeLessThan(LLAMA_CPP_NATS);
    }
  });
}

for (const [file, expected] of Object.entries(float64)) {
  for (const variant of ["relaxed", "fixed"] as const) {
    test(`${file} scores as the float64 oracle, ${variant}`, async () => {
      for (const size of [1, 3, 5, expected.ids.length]) {
        expect(await largestDistance(file, expected, size, variant)).toBeLessThan(FLOAT64_NATS);
      }
    });
  }
}

for (const precision of ["exact", "compact"] as const) {
  test(`a past that threads share adds up the same on 1, 2 and 3 of them, and as one long pass has it, ${precision}`, async () => {
    const ids = Array.from({ length: 200 }, (_, i) => tokenId((i * 7) % 64));
    const scores = async (threads: number, size: number) => {
      const options = { precision, threads, contextLength: SEVERAL_CHUNKS };
      const engine = await openKernel(referencePath("tiny/llama-q4_1.gguf"), options);
      try {
        return await scored(engine, ids, size);
      } finally {
        await engine.close();
      }
    };
    const alone = await scores(1, 1);
    expect(await scores(2, 1)).toEqual(alone);
    expect(await scores(3, 1)).toEqual(alone);
    const whole = await scores(2, ids.length);
    const bound = precision === "exact" ? 1e-5 : 0.002; // nats: compact rounds what a long pass does not
    for (const [i, score] of whole.entries()) {
      expect(Math.abs((score ?? 0) - (alone[i] ?? 0))).toBeLessThan(bound);
    }
  });
}

async function largestDistance(
  file: string,
  { ids, logprobNats }: Expected,
  size: number,
  variant: "relaxed" | "fixed" = "relaxed",
): Promise<number> {
  const engine = await openKernel(referencePath(`tiny/${file}`), { variant });
  try {
    const scores = await scored(engine, ids.map(tokenId), size);
    return Math.max(...scores.map((score, i) => Math.abs((score ?? 0) - (logprobNats[i] ?? 0))));
  } finally {
    await engine.close();
  }
}

async function scored(engine: Engine, ids: readonly TokenId[], size: number) {
  const sequence = engine.openSequence();
  for (let from = 0; from < ids.length; from += size) {
    for await (const _chunk of sequence.append(ids.slice(from, from + size)));
  }
  return sequence.tokens.map(({ score }) => score?.logprobNats ?? null);
}

test("a thread that is gone without a word ends the pass with an error, not with waiting", async () => {
  const memory = new KernelMemory();
  const helpers: { terminate(): unknown }[] = [];
  const kernel = await startKernel({
    module: nodeKernel.module,
    memory,
    threads: 2,
    scratchBytes: 4096,
    patience: 3,
    async startThread(start) {
      const helper = await nodeKernel.startThread(start);
      helpers.push(helper);
      return helper;
    },
  });
  const program = new Program(1);
  program.clear({ address: memory.allocate(64), stride: 16 }, 16);
  kernel.run(program.instructions()); // both are there
  for (const helper of helpers) await helper.terminate();
  expect(() => kernel.run(program.instructions())).toThrow(/stopped in the middle of a pass/);
  expect(() => kernel.run(program.instructions())).toThrow(/it stopped before/);
  kernel.close();
});
