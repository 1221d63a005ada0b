// Four engines on the same tokens: what the smaller arithmetic costs in accuracy, and whether the two runtimes agree. Bundled from the sources before it runs.

import { bitsFromNats, klNats, logSoftmax } from "@tokenscope/core";
import { loadEngine, loadKernelEngine } from "@tokenscope/engine";
import { loadNodeKernel, openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";

const { kernelFolder, modelPath, threads, texts } = JSON.parse(process.argv[2]);

/** The second is the truth that the first is measured against. */
const COMPARISONS = [
  ["kernel compact", "kernel exact"],
  ["onnxruntime compact", "onnxruntime exact"],
  ["kernel exact", "onnxruntime exact"],
];

const kernel = await loadNodeKernel(kernelFolder);
const engines = {};
for (const runtime of ["onnxruntime", "kernel"]) {
  for (const precision of ["exact", "compact"]) {
    engines[`${runtime} ${precision}`] = await openEngine(runtime, precision);
  }
}
const measured = Object.fromEntries(COMPARISONS.map((pair) => [pair.join(" - "), []]));
for (const text of texts) await compareText(text);
process.send(measured, () => process.exit()); // else the kernel's threads wait for ever

async function openEngine(runtime, precision) {
  const source = await openFileSource(modelPath);
  const options = { source, precision, threads };
  try {
    return runtime === "onnxruntime"
      ? await loadEngine({ ...options, ort, backend: "node-cpu" })
      : await loadKernelEngine({ ...options, ...kernel, backend: "wasm" });
  } finally {
    await source.close();
  }
}

/** Sums over the positions of one text, of each pair; the reader divides, so that texts can be added up. */
async function compareText({ name, ids }) {
  const scored = {};
  for (const [who, engine] of Object.entries(engines))
    scored[who] = await scoredTokens(engine, ids);
  const rows = COMPARISONS.map(() => emptySums(name));
  for (let i = 0; i < ids.length; i += 1) {
    const at = await distributionsAt(scored, i);
    for (const [c, [ours, truth]] of COMPARISONS.entries())
      addPosition(rows[c], at[ours], at[truth]);
  }
  for (const [c, pair] of COMPARISONS.entries()) measured[pair.join(" - ")].push(rows[c]);
}

function emptySums(name) {
  return { name, positions: 0, klBits: 0, sameTop: 0, tokens: 0, absBits: 0, maxAbsBits: 0 };
}

/** Each engine's token and its prediction's probabilities [V] at one position. */
async function distributionsAt(scored, i) {
  const at = {};
  for (const [who, tokens] of Object.entries(scored)) {
    const token = tokens[i];
    const logits = await engines[who].logits(token.prediction.contextVector);
    at[who] = { token, probabilities: logSoftmax(logits).map(Math.exp) };
  }
  return at;
}

function addPosition(sums, ours, truth) {
  sums.positions += 1;
  sums.klBits += bitsFromNats(klNats(truth.probabilities, ours.probabilities));
  if (ours.token.prediction.topIds[0] === truth.token.prediction.topIds[0]) sums.sameTop += 1;
  if (ours.token.score === null) return;
  const nats = Math.abs(ours.token.score.logprobNats - truth.token.score.logprobNats);
  sums.tokens += 1;
  sums.absBits += bitsFromNats(nats);
  sums.maxAbsBits = Math.max(sums.maxAbsBits, bitsFromNats(nats));
}

/** One token a pass, as text is written: that is where compact rounds. */
async function scoredTokens(engine, ids) {
  const sequence = engine.openSequence();
  const tokens = [];
  for (const id of ids) {
    for await (const chunk of sequence.append([id])) tokens.push(...chunk);
  }
  sequence.close();
  return tokens;
}
