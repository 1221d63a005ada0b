// Node's engine: the kernel for a few rows, ONNX Runtime for many, each with its own cache.

import { type TokenId, tokenId } from "@tokenscope/core";
import { engineContract } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { openEngine } from "./open-engine.ts";
import { nodeKernel } from "./open-kernel.ts";

const SEVERAL_CHUNKS = 700; // positions

for (const precision of ["exact", "compact"] as const) {
  const path = referencePath("tiny/llama-q4_1.gguf");
  const open = () =>
    openEngine(path, { precision, contextLength: SEVERAL_CHUNKS, kernel: nodeKernel });
  engineContract(`llama Q4_1, ${precision}, by rows`, open, { test, expect });
}

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
