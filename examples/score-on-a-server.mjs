// Bits of every token of a text, by an OpenAI-compatible server: `node examples/score-on-a-server.mjs http://localhost:8000/v1 "A text."`

import { formatBits } from "@tokenscope/core";
import { openEndpoint, openRemoteModel, remoteScoreJson, scoreRemotely } from "@tokenscope/remote";

const [baseUrl = "http://127.0.0.1:8376/v1", text = "It was a dark and stormy night."] =
  process.argv.slice(2);
const model = await openRemoteModel(openEndpoint({ baseUrl }), null); // the only one that is there

const scored = await scoreRemotely(model, { kind: "text", text }, { start: "auto" });
const whole = { context: null, byWord: false, columns: {} };
const { tokens, summary } = remoteScoreJson(model, scored, whole);
for (const { text: piece, surprisalBits, rank } of tokens) {
  const place = rank === null ? "" : `rank ${rank}`; // not every server tells it
  console.log(
    `${formatBits(surprisalBits).padStart(7)} bits  ${place.padEnd(12)}${JSON.stringify(piece)}`,
  );
}
console.log(`${formatBits(summary.totalBits)} bits by ${model.id} at ${baseUrl}`);
