// Tokenscope's engine in Node, measured as the command line uses it; bundled from the sources before it runs.

import { loadEngine } from "@tokenscope/engine";
import { loadNodeKernel, openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";
import { serveMeasurements } from "./contestant.mjs";

const { kernelFolder, modelPath, threads, precision, longPasses = 0 } = JSON.parse(process.argv[2]);

const started = performance.now();
const source = await openFileSource(modelPath);
const kernel = await loadNodeKernel(kernelFolder);
const engine = await loadEngine({ ort, source, precision, backend: "node-cpu", threads, kernel });
await scored(engine.openSequence(), [1]);
const firstDistributionMs = performance.now() - started;

// ONNX Runtime is prepared after so many rows of long passes: what follows is measured with it.
for (let pass = 0; pass < longPasses; pass += 1) {
  const ids = Array.from({ length: 256 }, (_, i) => i + 1);
  await withSequence((sequence) => scored(sequence, ids));
}

/** The records of ids appended to a sequence. */
async function scored(sequence, ids) {
  const tokens = [];
  for await (const chunk of sequence.append(ids)) tokens.push(...chunk);
  return tokens;
}

/** Runs `work` on a sequence of its own and closes it. */
async function withSequence(work) {
  const sequence = engine.openSequence();
  try {
    return await work(sequence);
  } finally {
    sequence.close();
  }
}

serveMeasurements(
  { firstDistributionMs },
  {
    /** Prefill with the record of every position: top 50, logZ, entropy, the own token's logprob and rank. */
    prefill: ({ ids }) =>
      withSequence(async (sequence) => {
        const start = performance.now();
        await scored(sequence, ids);
        return { ms: performance.now() - start };
      }),
    /** Greedy steps after the ids, each with its record; the first is not counted, as the peer's is not. */
    decode: ({ ids, steps }) =>
      withSequence(async (sequence) => {
        let [token] = (await scored(sequence, ids)).slice(-1);
        let start = performance.now();
        for (let written = 0; written <= steps; written += 1) {
          if (written === 1) start = performance.now();
          [token] = await scored(sequence, [token.prediction.topIds[0]]);
        }
        return { msPerToken: (performance.now() - start) / steps };
      }),
    /** Members behind the ids, a greedy token of each in every pass; they start with different tokens, so that their texts differ. */
    batch: ({ ids, steps, members }) =>
      withSequence(async (sequence) => {
        const [last] = (await scored(sequence, ids)).slice(-1);
        const batch = engine.openBatch(sequence, members);
        let parts = Array.from({ length: members }, (_, i) => [last.prediction.topIds[i]]);
        let start = performance.now();
        for (let written = 0; written <= steps; written += 1) {
          if (written === 1) start = performance.now();
          const tokens = await batch.append(parts);
          parts = tokens.map(([token]) => [token.prediction.topIds[0]]);
        }
        const elapsedMs = performance.now() - start;
        batch.close();
        return { msPerToken: elapsedMs / (steps * members) };
      }),
    /** All V logits of every position, through the head, after a prefill: like for like with the peer's list. */
    allLogits: ({ ids }) =>
      withSequence(async (sequence) => {
        const start = performance.now();
        const tokens = await scored(sequence, ids);
        for (const token of tokens) await engine.logits(token.prediction.contextVector);
        return { ms: performance.now() - start };
      }),
  },
);
