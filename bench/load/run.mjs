// Many at once: streams side by side against one alone, the wait for a first token, memory over many requests.
//
//   node bench/load/run.mjs [--streams 16] [--seconds 60] [--requests 1000] [--tokens 64] [--model M] [--precision P] [--url URL]
//
// Starts `tokenscope serve` itself, or takes the server at --url (whose memory it cannot read). Wants a quiet machine.

import { parseArgs } from "node:util";
import { table } from "../tables.mjs";
import { startServed } from "./served.mjs";
import { quantile, runRequests, runStreams } from "./streams.mjs";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "16" },
    seconds: { type: "string", default: "60" },
    requests: { type: "string", default: "1000" },
    tokens: { type: "string", default: "64" },
    model: { type: "string" },
    precision: { type: "string" },
    url: { type: "string" },
  },
});
const plan = {
  streams: wholeOf("streams"),
  seconds: wholeOf("seconds"),
  requests: wholeOf("requests"),
  maxTokens: wholeOf("tokens"),
};
const args = ["model", "precision"].flatMap((name) =>
  values[name] === undefined ? [] : [`--${name}`, values[name]],
);
const served = values.url === undefined ? await startServed(args) : foreignServer(values.url);
try {
  await measure();
} finally {
  await served.stop();
}

function wholeOf(name) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${name} ${values[name]} is no count; give a whole number from 1`);
}

function foreignServer(url) {
  return { url: url.replace(/\/+$/, ""), memoryBytes: () => null, stop: async () => {} };
}

async function measure() {
  const { streams, seconds, requests, maxTokens } = plan;
  const { url } = served;
  await runStreams(url, { streams, seconds: Math.min(10, seconds), maxTokens }); // opens the model, and what many rows need
  const alone = await runStreams(url, { streams: 1, seconds: Math.max(3, seconds / 4), maxTokens });
  const many = await runStreams(url, { streams, seconds, maxTokens });
  console.log(`\n${table(["", "one stream", `${streams} streams`], streamRows(alone, many))}\n`);
  const memory = await memoryOver(requests);
  console.log(table(["", "measured", "goal"], goalRows({ alone, many, memory })));
  for (const error of [...new Set(many.errors)].slice(0, 5)) console.log(`error: ${error}`);
}

function streamRows(alone, many) {
  const row = (name, write) => [name, write(alone), write(many)];
  return [
    row("requests", ({ requests: count }) => String(count)),
    row("errors", ({ errors }) => String(errors.length)),
    row("tokens per second, all together", ({ tokensPerSecond }) => tokensPerSecond.toFixed(1)),
    row("first token, half of them", ({ firstMs }) => `${quantile(firstMs, 0.5).toFixed(0)} ms`),
    row("first token, 95 % of them", ({ firstMs }) => `${quantile(firstMs, 0.95).toFixed(0)} ms`),
  ];
}

/** Memory after a tenth of the requests, when caches are full, and after all of them. */
async function memoryOver(requests) {
  const warm = Math.max(1, Math.floor(requests / 10));
  let before = null;
  const { errors } = await runRequests(served.url, {
    requests,
    onDone(done) {
      if (done === warm) before = served.memoryBytes();
    },
  });
  return { errors, before, after: served.memoryBytes() };
}

function goalRows({ alone, many, memory }) {
  const ratio = many.tokensPerSecond / alone.tokensPerSecond;
  const growth = memory.before === null ? null : memory.after / memory.before - 1;
  const megabytes = (bytes) => (bytes === null ? "n/a" : `${(bytes / 1e6).toFixed(0)} MB`);
  return [
    ["errors", String(many.errors.length + memory.errors.length), "0"],
    ["tokens per second of all, over one stream's", `${ratio.toFixed(2)} x`, "2.5 x"],
    [
      `memory over ${plan.requests} requests`,
      `${megabytes(memory.before)} to ${megabytes(memory.after)}${growth === null ? "" : ` (${(growth * 100).toFixed(1)} %)`}`,
      "within 5 %",
    ],
  ];
}
