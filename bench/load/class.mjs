// A class on one server: so many pages at once, each writing a message, generating a reply, and clicking through it.
//
//   node bench/load/class.mjs [--students 20] [--seconds 60] [--tokens 60] [--clicks 5] [--model M] [--precision P]
//
// Starts `tokenscope serve` itself. Each student thinks for two to six seconds between two steps. Wants a quiet machine.

import { parseArgs } from "node:util";
import { bundleSources } from "../bundle.mjs";
import { table } from "../tables.mjs";
import { startServed } from "./served.mjs";
import { quantile } from "./streams.mjs";

const { values } = parseArgs({
  options: {
    students: { type: "string", default: "20" },
    seconds: { type: "string", default: "60" },
    tokens: { type: "string", default: "60" },
    clicks: { type: "string", default: "5" },
    model: { type: "string" },
    precision: { type: "string" },
  },
});
const [students, seconds, maxTokens, clicks] = ["students", "seconds", "tokens", "clicks"].map(
  (name) => Number(values[name]),
);
const { CALL_TYPE, decodeMessages, decodeValue, encodeValue } = await import(
  (await bundleSources()).calls
);
const QUESTIONS = [
  "Why is the sky blue?",
  "Tell me a story.",
  "What is a noun?",
  "Name five birds.",
];
const GREEDY = { temperature: 0, topK: 0, topP: 1, minP: 0 };

const args = ["model", "precision"].flatMap((name) =>
  values[name] === undefined ? [] : [`--${name}`, values[name]],
);
const served = await startServed(args);
const seen = { firstMs: [], perTokenMs: [], searchMs: [], turnMs: [], replies: 0, errors: [] };
try {
  await ask("model", null); // opens it
  const until = performance.now() + seconds * 1000;
  await Promise.all(Array.from({ length: students }, (_, i) => student(i, until)));
  console.log(
    table([`${students} students, ${seconds} s`, "half of them", "95 % of them"], rows()),
  );
  console.log(
    `${seen.replies} replies of ${maxTokens} tokens, ${seen.errors.length} errors, memory ${(served.memoryBytes() / 1e6).toFixed(0)} MB`,
  );
  for (const error of [...new Set(seen.errors)].slice(0, 5)) console.log(`error: ${error}`);
} finally {
  await served.stop();
}

function rows() {
  const row = (name, times) => [
    name,
    ...[0.5, 0.95].map((q) => `${quantile(times, q).toFixed(0)} ms`),
  ];
  return [
    row("End turn: the message as scored tokens", seen.turnMs),
    row("Generate: until the first token", seen.firstMs),
    row("Generate: a token", seen.perTokenMs),
    row("search of the vocabulary at a position", seen.searchMs),
  ];
}

async function student(index, until) {
  await think(index);
  for (let turn = 0; performance.now() < until; turn += 1) {
    try {
      await lesson(index, turn);
    } catch (error) {
      seen.errors.push(String(error.cause ?? error));
    }
  }
}

async function lesson(index, turn) {
  const content = `${QUESTIONS[(index + turn) % QUESTIONS.length]} (${index}.${turn})`;
  const startedAt = performance.now();
  const empty = { nodes: [], branches: [{ key: 0, tip: null }], activeKey: 0 };
  const doc = await ask("endTurn", { doc: empty, message: { role: "user", content } });
  const ids = doc.nodes.map(({ id }) => id);
  await ask("score", { ids, from: 0 });
  seen.turnMs.push(performance.now() - startedAt);
  await think(index + turn);
  const vectors = await generate(ids, index * 1000 + turn);
  for (let i = 0; i < clicks; i += 1) {
    await think(i);
    const clickedAt = performance.now();
    const contextVector = vectors[(i * 7) % vectors.length];
    await ask("search", { contextVector, query: "a", limit: 50 });
    seen.searchMs.push(performance.now() - clickedAt);
  }
}

/** A reply; the context vector of each of its tokens. */
async function generate(ids, seed) {
  const vectors = [];
  const startedAt = performance.now();
  let at = startedAt;
  const request = { ids, settings: GREEDY, seed, redraws: new Map(), maxTokens };
  await ask("generate", request, ({ token }) => {
    const now = performance.now();
    (vectors.length === 0 ? seen.firstMs : seen.perTokenMs).push(now - at);
    at = now;
    vectors.push(token.prediction.contextVector);
  });
  seen.replies += 1;
  return vectors;
}

async function ask(kind, request, onEvent = () => {}) {
  const url = `${served.url}/calls/${kind}`;
  const body = request === null ? undefined : encodeValue(request);
  const method = request === null ? "GET" : "POST";
  const response = await fetch(url, { method, headers: { "content-type": CALL_TYPE }, body });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  if (request === null) return decodeValue(new Uint8Array(await response.arrayBuffer()));
  let result;
  for await (const message of decodeMessages(response.body)) {
    if (message.kind === "event") onEvent(message.event);
    if (message.kind === "failed") throw new Error(message.failure.message);
    if (message.kind === "done") result = message.result;
  }
  return result;
}

/** Two to six seconds, of each person differently but of each run alike. */
function think(number) {
  return new Promise((resolve) => setTimeout(resolve, 2000 + ((number * 2654435761) % 4000)));
}
