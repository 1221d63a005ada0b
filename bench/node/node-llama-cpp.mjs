// node-llama-cpp as its documentation has it: one sequence of a context, without a GPU, on the threads given.

import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { serveMeasurements } from "./contestant.mjs";

const { modelPath, threads } = JSON.parse(process.argv[2]);

const started = performance.now();
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  maxThreads: threads,
});
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 512, batchSize: 512, threads });
const sequence = context.getSequence();
await sequence.controlledEvaluate([
  [model.tokens.bos ?? 0, { generateNext: { probabilities: true } }],
]);
const firstDistributionMs = performance.now() - started;

/** Milliseconds of `work` on an empty sequence. */
async function timedMs(work) {
  await sequence.clearHistory();
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Evaluates the ids and asks for something after each of them. */
const evaluateAsking = (ids, ask) =>
  sequence.controlledEvaluate(ids.map((id, i) => [id, { generateNext: ask(ids[i + 1] ?? 0) }]));

serveMeasurements(
  { firstDistributionMs },
  {
    prefill: async ({ ids }) => ({
      ms: await timedMs(() => sequence.evaluateWithoutGeneratingNewTokens(ids)),
    }),
    /** Greedy steps after the ids; the first token pays for what the prefill left over and is not counted. */
    decode: async ({ ids, steps }) => {
      await sequence.clearHistory();
      await sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, -1));
      let written = 0;
      let start = 0;
      for await (const _ of sequence.evaluate(ids.slice(-1), {
        temperature: 0,
        yieldEogToken: true,
      })) {
        if (written === 0) start = performance.now();
        if (written === steps) break;
        written += 1;
      }
      return { msPerToken: (performance.now() - start) / steps };
    },
    /** Each position's probabilities over the whole vocabulary: its documented way to a full distribution. */
    probabilities: async ({ ids }) => ({
      ms: await timedMs(() => evaluateAsking(ids, () => ({ probabilities: true }))),
    }),
    /** Each position's 50 largest logits, that of the token that came, and the sum of all weights: its leanest way. */
    topLogits: async ({ ids }) => ({
      ms: await timedMs(() =>
        evaluateAsking(ids, (next) => ({
          logits: { filter: { tokens: [next], includeTop: 50 } },
          totalLogitWeight: true,
        })),
      ),
    }),
  },
);
