// Section "Node": the engine in exact and in compact beside node-llama-cpp, each in a process of its own, turn by turn.

import { join } from "node:path";
import { BENCH } from "../install.mjs";
import { interleave } from "../statistics.mjs";
import { openContestant } from "./contestant.mjs";

const DECODE_STEPS = 32;
const MEMBERS = 8; // sequences of a batch
const LONG_PASSES = 5; // of 256 rows, after which ONNX Runtime is prepared

/**
 * Measures everything of the table "Node" and returns the spreads by measurement and contestant.
 * @param {{ bundles: Record<string, string>, kernelFolder: string, modelPath: string, windows: readonly object[], plan: object }} bench
 */
export async function measureNode({ bundles, kernelFolder, modelPath, windows, plan }) {
  const common = { kernelFolder, modelPath, threads: plan.threads };
  const ours = { ...common, longPasses: LONG_PASSES };
  const contestants = {
    exact: await openContestant(bundles.tokenscope, { ...ours, precision: "exact" }),
    compact: await openContestant(bundles.tokenscope, { ...ours, precision: "compact" }),
    peer: await openContestant(join(BENCH, "node/node-llama-cpp.mjs"), common),
  };
  const measurement = (who, what) => ({
    name: `${what} ${who}`,
    run: (round) =>
      contestants[who].measure(what, {
        ids: windows[round % windows.length].ids,
        steps: DECODE_STEPS,
        members: MEMBERS,
      }),
  });
  const measurements = [
    ...["exact", "peer", "compact"].map((who) => measurement(who, "prefill")),
    ...["exact", "peer", "compact"].map((who) => measurement(who, "decode")),
    ...["compact", "exact"].map((who) => measurement(who, "batch")),
    measurement("peer", "probabilities"),
    measurement("exact", "allLogits"),
    measurement("peer", "topLogits"),
    measurement("compact", "allLogits"),
  ];
  try {
    const spreads = await interleave(measurements, plan);
    const abouts = Object.entries(contestants).map(([who, { about }]) => [who, about]);
    return { spreads, abouts: Object.fromEntries(abouts) };
  } finally {
    for (const contestant of Object.values(contestants)) await contestant.close();
  }
}
