// Compact against exact on the same tokens: what the smaller arithmetic costs in accuracy. Bundled from the sources before it runs.

import { bitsFromNats, klNats, logSoftmax } from "@tokenscope/core";
import { loadEngine } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";

const { modelPath, threads, texts } = JSON.parse(process.argv[2]);

const [exact, compact] = await Promise.all(["exact", "compact"].map(openEngine));
process.send(await measured());
process.disconnect();

async function openEngine(precision) {
  const source = await openFileSource(modelPath);
  const engine = await loadEngine({ ort, source, precision, backend: "node-cpu", threads });
  await source.close();
  return engine;
}

async function measured() {
  const rows = [];
  for (const text of texts) rows.push({ name: text.name, ...(await compared(text.ids)) });
  return rows;
}

/** Sums over the positions of one text; the caller divides, so that texts can be added up. */
async function compared(ids) {
  const [ours, theirs] = [await scored(exact, ids), await scored(compact, ids)];
  const sums = { positions: 0, klBits: 0, sameTop: 0, tokens: 0, absBits: 0, maxAbsBits: 0 };
  for (let i = 0; i < ids.length; i += 1) {
    sums.positions += 1;
    sums.klBits += bitsFromNats(
      klNats(await probabilities(exact, ours[i]), await probabilities(compact, theirs[i])),
    );
    if (ours[i].prediction.topIds[0] === theirs[i].prediction.topIds[0]) sums.sameTop += 1;
    if (ours[i].score === null) continue;
    const bits = bitsFromNats(Math.abs(ours[i].score.logprobNats - theirs[i].score.logprobNats));
    sums.tokens += 1;
    sums.absBits += bits;
    sums.maxAbsBits = Math.max(sums.maxAbsBits, bits);
  }
  return sums;
}

async function scored(engine, ids) {
  const sequence = engine.openSequence();
  const tokens = [];
  for await (const chunk of sequence.append(ids)) tokens.push(...chunk);
  sequence.close();
  return tokens;
}

async function probabilities(engine, token) {
  const logprobs = logSoftmax(await engine.logits(token.prediction.contextVector));
  return logprobs.map(Math.exp);
}
