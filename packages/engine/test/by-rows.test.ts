// Node's engine: the kernel for a few rows, ONNX Runtime for many, each with its own cache.

import { bitsFromNats, type TokenId, tokenId } from "@tokenscope/core";
import { engineContract } from "@tokenscope/core/contracts";
import { type Ort, readGguf, weightBytes } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { referenceJson, referencePath, smollm2Path } from "../../../fixtures/index.ts";
import { Q4_K } from "../src/gguf/k-blocks.ts";
import type { OrtSession } from "../src/ort.ts";
import { fitsKernel } from "../src/wasm/load-kernel-engine.ts";
import { openEngine } from "./open-engine.ts";
import { nodeKernel, openKernel } from "./open-kernel.ts";

const SEVERAL_CHUNKS = 700; // positions

for (const precision of ["exact", "compact"] as const) {
  const path = referencePath("tiny/llama-q4_1.gguf");
  const open = () =>
    openEngine(path, { precision, contextLength: SEVERAL_CHUNKS, kernel: nodeKernel });
  engineContract(`llama Q4_1, ${precision}, by rows`, open, { test, expect });
}

test("ONNX Runtime is prepared once enough rows of long passes were asked for, and the numbers stay", async () => {
  const path = referencePath("tiny/llama-tied.gguf");
  let asked = 0;
  const counting: Ort = {
    ...ort,
    InferenceSession: {
      create(model, options) {
        asked += 1;
        const session: Promise<OrtSession> = ort.InferenceSession.create(model, options);
        return session;
      },
    },
  };
  const engine = await openEngine(path, {
    kernel: nodeKernel,
    ort: counting,
    preparesFromRows: 100,
  });
  const alone = await openEngine(path);
  const ids = Array.from({ length: 60 }, (_, i) => tokenId((i * 37) % 256));
  const expected = await scores(alone, ids, [60]);
  for (const sessions of [0, 2, 2]) {
    const found = await scores(engine, ids, [60]);
    const errors = found.map((score, i) => Math.abs((score ?? 0) - (expected[i] ?? 0)));
    expect(Math.max(...errors)).toBeLessThan(1e-5);
    expect(asked).toBe(sessions); // head and body, at the pass that reaches 100 rows
  }
  await engine.close();
  await alone.close();
});

test("where ONNX Runtime cannot be prepared the kernel goes on alone", async () => {
  const path = referencePath("tiny/llama-tied.gguf");
  let asked = 0;
  const refusing: Ort = {
    ...ort,
    InferenceSession: {
      create() {
        asked += 1;
        return Promise.reject(new Error("out of memory"));
      },
    },
  };
  const engine = await openEngine(path, {
    kernel: nodeKernel,
    ort: refusing,
    preparesFromRows: 50,
  });
  const ids = Array.from({ length: 60 }, (_, i) => tokenId((i * 37) % 256));
  const first = await scores(engine, ids, [60]);
  expect(first.filter((score) => score !== null).length).toBe(59);
  expect(await scores(engine, ids, [60])).toEqual(first);
  expect(asked).toBe(1);
  await engine.close();
});

test("a batch that began on the kernel goes on on ONNX Runtime as sequences of their own do", async () => {
  const path = referencePath("tiny/qwen2.gguf");
  const engine = await openEngine(path, { kernel: nodeKernel, preparesFromRows: 50 });
  const alone = await openEngine(path);
  const ids = Array.from({ length: 40 }, (_, i) => tokenId((i * 37) % 256));
  const beginning = engine.openSequence();
  for await (const _chunk of beginning.append(ids)); // 40 rows: the kernel still
  const batch = engine.openBatch(beginning, 3);
  await batch.append([ids.slice(0, 1), [], ids.slice(5, 6)]); // 2 rows: the kernel
  await batch.append([ids.slice(1, 9), ids.slice(2, 8), ids.slice(6, 7)]); // 15 rows: ONNX Runtime
  await batch.append([[], ids.slice(8, 9), []]); // 1 row: the kernel again
  const own = [ids.slice(0, 9), ids.slice(2, 9), ids.slice(5, 7)];
  for (const [i, rest] of own.entries()) {
    const expected = await scores(alone, [...ids, ...rest], [40 + rest.length]);
    const found = batch.members[i]!.map(({ score }) => score?.logprobNats ?? null);
    const errors = found.map((score, t) => Math.abs((score ?? 0) - (expected[t] ?? 0)));
    expect(found.length).toBe(expected.length);
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  }
  batch.close();
  await engine.close();
  await alone.close();
});

test("a model larger than the kernel's memory is left to ONNX Runtime", async () => {
  const source = await openFileSource(referencePath("tiny/llama-tied.gguf"));
  const gguf = await readGguf(source);
  await source.close();
  const shape = { headWidth: 16 };
  expect(fitsKernel({ gguf, shape }, "exact")).toBe(true);
  expect(fitsKernel({ gguf, shape: { headWidth: 18 } }, "exact")).toBe(false);
  const [embedding] = [...gguf.tensors.values()];
  const large = {
    ...embedding!,
    name: "large",
    dims: [4_096, 220_000],
    byteLength: 4_096 * 220_000 * 4,
  };
  const tensors = new Map([...gguf.tensors, ["large", large]]);
  const file = { gguf: { ...gguf, tensors }, shape };
  expect(fitsKernel(file, "exact")).toBe(false); // 3.6 GB of float32
  expect(fitsKernel(file, "compact")).toBe(true); // a byte and a scale's share each
});

test("rows are repacked, in more room than the file's, where the model then still fits", () => {
  const ofQ4K = (rows: number) => {
    const name = "blk.0.ffn_up.weight";
    const byteLength = (rows * 4_096 * 144) / 256;
    const tensor = { name, type: Q4_K, dims: [4_096, rows], offset: 0, byteLength };
    return {
      file: byteLength,
      placed: weightBytes({ tensors: new Map([[name, tensor]]) }, "exact"),
    };
  };
  const small = ofQ4K(800_000); // 1.8 GB
  expect(small.placed).toBe((small.file * 24) / 18);
  const large = ofQ4K(1_200_000); // 2.8 GB, repacked 3.7
  expect(large.placed).toBe(large.file);
});

test("positions that one runtime has run are known to the other, whatever the order", async () => {
  const path = referencePath("tiny/qwen3.gguf");
  const ids = Array.from({ length: 120 }, (_, i) => tokenId((i * 37) % 256));
  const alone = await openEngine(path);
  const both = await openEngine(path, { kernel: nodeKernel });
  const expected = await scores(alone, ids, [120]);
  for (const parts of [
    [1, 2, 70, 1, 1, 45],
    [60, 1, 1, 58],
    [3, 3, 3, 111],
  ]) {
    const found = await scores(both, ids, parts);
    const errors = found.map((score, i) => Math.abs((score ?? 0) - (expected[i] ?? 0)));
    expect(Math.max(...errors)).toBeLessThan(1e-5); // fp32 sums in another order
  }
  await alone.close();
  await both.close();
});

async function scores(
  engine: Awaited<ReturnType<typeof openEngine>>,
  ids: readonly TokenId[],
  parts: readonly number[],
): Promise<readonly (number | null)[]> {
  const sequence = engine.openSequence();
  let from = 0;
  for (const count of parts) {
    for await (const _chunk of sequence.append(ids.slice(from, from + count)));
    from += count;
  }
  const found = sequence.tokens.map(({ score }) => score?.logprobNats ?? null);
  sequence.close();
  return found;
}

// Kernel and ONNX Runtime add in other orders. Of 367 tokens one, at 22.6 bits, was 0.00012 bits apart; the mean was 0.00003.
const APART_BITS = {
  exact: { mean: 0.0001, largest: 0.0003 },
  compact: { mean: 0.001, largest: 0.01 }, // PRODUCT.md: within 0.01 wherever it runs; one row at a time is rounded to 16 bits
} as const;

test.skipIf(smollm2Path() === null).each(["exact", "compact"] as const)(
  "SmolLM2 %s: ONNX Runtime, which takes Node's long passes, and the kernel a token at a time say the same (needs the model)",
  async (precision) => {
    interface Text {
      readonly ids: readonly number[];
    }
    const texts = referenceJson<readonly Text[]>("models/smollm2-135m-instruct-q4_1.json");
    const graph = await openEngine(smollm2Path()!);
    const kernel = await openKernel(smollm2Path()!, { precision });
    const apart: number[] = [];
    for (const { ids } of texts) {
      const a = await scores(graph, ids.map(tokenId), [ids.length]);
      const b = await scores(
        kernel,
        ids.map(tokenId),
        precision === "exact" ? [ids.length] : ids.map(() => 1),
      );
      for (const [i, score] of a.entries()) {
        if (score !== null) apart.push(Math.abs(bitsFromNats(score - (b[i] ?? Number.NaN))));
      }
    }
    expect(apart.length).toBeGreaterThan(300);
    expect(Math.max(...apart)).toBeLessThan(APART_BITS[precision].largest);
    expect(apart.reduce((sum, bits) => sum + bits) / apart.length).toBeLessThan(
      APART_BITS[precision].mean,
    );
    await graph.close();
    await kernel.close();
  },
);
