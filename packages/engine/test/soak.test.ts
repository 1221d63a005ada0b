// Soak: one engine used for a long time neither grows nor drifts. 300 rounds in npm test, 20,000 in npm run test:long.

import { tokenId } from "@tokenscope/core";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { openEngine } from "./open-engine.ts";

const ROUNDS = process.env["TOKENSCOPE_LONG"] === "1" ? 20_000 : 300;
const WARM_UP = 50;
const GROWTH_BYTES = 32 * 2 ** 20; // a leaked cache of 48 positions alone would be 300 MB after 20,000 rounds

test.each(["exact", "compact"] as const)(
  "%s: append, cut, fork, batch and head runs in a loop leave memory and numbers as they were",
  async (precision) => {
    const engine = await openEngine(referencePath("tiny/llama-q4_1.gguf"), { precision });
    const ids = Array.from({ length: 48 }, (_, i) => tokenId((i * 37) % engine.vocabularySize));
    const sequence = engine.openSequence();
    let first: readonly number[] | undefined;
    let before = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round === WARM_UP) before = heldBytes();
      sequence.cut(round % 24);
      for await (const _chunk of sequence.append(ids.slice(sequence.tokens.length)));
      const fork = sequence.fork();
      for await (const _chunk of fork.append([tokenId(round % engine.vocabularySize)]));
      fork.close();
      const batch = engine.openBatch(sequence, 2);
      await batch.append([[], [tokenId(round % engine.vocabularySize)]]);
      batch.close();
      await engine.logits(sequence.tokens.at(-1)!.prediction.contextVector!);
      const scores = sequence.tokens.map(({ score }) => score?.logprobNats ?? 0);
      first ??= scores;
      for (const [i, score] of scores.entries())
        expect(Math.abs(score - first[i]!)).toBeLessThan(1e-4);
    }
    expect(engine.counts.headRuns).toBeGreaterThanOrEqual(ROUNDS);
    expect(heldBytes() - before).toBeLessThan(GROWTH_BYTES);
    sequence.close();
    await engine.close();
  },
  1_800_000,
);

/** What JavaScript holds, ONNX Runtime's outputs included. */
function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}
