// Sets the harness's log-probabilities beside those of `tokenscope score`, choice by choice. Run: node docs/harness/compare.mjs

import { readFileSync } from "node:fs";

const MOST_NATS = 0.002;
const lines = (name) =>
  readFileSync(new URL(name, import.meta.url), "utf8").trimEnd().split("\n").map(JSON.parse);

const scored = new Map(
  lines("tokenscope-score.jsonl").map(({ columns, summary }) => [
    `${columns.id}.${columns.choice}`,
    -summary.nllNats,
  ]),
);
const rows = lines("lm-eval-samples.jsonl").flatMap(({ doc, resps }) =>
  resps.map(([[harness]], choice) => {
    const score = scored.get(`${doc.id}.${choice}`);
    const text = doc.context + doc.choices[choice];
    return { text, harness: Number(harness), score, off: Math.abs(Number(harness) - score) };
  }),
);
const worst = rows.toSorted((a, b) => b.off - a.off)[0];
for (const { text, harness, score, off } of rows) {
  console.log(`${harness.toFixed(5)}  ${score.toFixed(5)}  ${off.toFixed(5)}  ${text}`);
}
console.log(`${rows.length} choices; farthest apart ${worst.off.toFixed(6)} nats ("${worst.text}")`);
process.exitCode = rows.length > 0 && worst.off <= MOST_NATS ? 0 : 1;
