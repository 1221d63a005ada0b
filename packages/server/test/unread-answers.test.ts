// Clients that do not read their answers: what is kept for each is bounded, others go on, and after a while the connection ends.

import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { CALL_TYPE, encodeValue } from "@tokenscope/calls";
import type { Batch, Engine } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { afterEach, expect, test } from "vitest";
import { ApiModels } from "../src/api/api-models.ts";
import { buildApp } from "../src/app.ts";
import { IDENTITY, startToyServer } from "./api/toy-server.ts";

const UNREAD = 16; // tokens
const PROMPT = "Once";
const LIMITS = {
  running: 2,
  waiting: 8,
  positions: 256,
  readRows: 64,
  keptTexts: 0,
  unread: UNREAD,
};
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A connection whose other end takes nothing: every byte of an answer stays here. */
class UnreadSocket extends Duplex {
  override _read(): void {}
  override _write(): void {} // never called back: not sent
}

interface Bench {
  /** Sends a request on a connection whose answer nobody reads. */
  unread(path: string, type: string, body: Uint8Array): UnreadSocket;
  /** Positions of all running jobs, once nothing is computed any more. */
  settledPositions(): Promise<number>;
  readonly api: ApiModels;
  complete(maxTokens: number): Promise<number>;
  readonly app: ReturnType<typeof buildApp>;
}

function bench(failingPass = Number.POSITIVE_INFINITY): Bench {
  const pageDir = mkdtempSync(join(tmpdir(), "tokenscope-unread-"));
  writeFileSync(join(pageDir, "index.html"), "<title>page</title>");
  const toy = openToyEngine();
  let passes = 0;
  const openBatch: Engine["openBatch"] = (beginning, count) => {
    const batch = toy.openBatch(beginning, count);
    const append: Batch["append"] = async (parts) => {
      passes += 1;
      if (passes === failingPass) throw new Error("secret details of the runtime");
      return batch.append(parts);
    };
    return Object.create(batch, { append: { value: append } });
  };
  const opened = {
    identity: IDENTITY,
    engine: { ...toy, openBatch },
    tokenizer: toyTokenizer,
    chatTemplate: null,
    weightBytes: { exact: 4, compact: 1 },
  } as const;
  const contextLength = async () => opened.engine.contextLength;
  const api = new ApiModels([{ id: "toy", contextLength, open: async () => opened }], LIMITS);
  const options = { host: "127.0.0.1", pageDir, models: [], allowHosts: [], connectTo: [] };
  const more = { apiKey: null, remote: null, maxBodyBytes: 1e6, startedAt: 0 };
  const app = buildApp({ ...options, ...more, api });
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const sockets: UnreadSocket[] = [];
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await api.close();
  });
  return {
    api,
    app,
    unread(path, type, body) {
      const socket = new UnreadSocket({ writableHighWaterMark: 1 });
      sockets.push(socket);
      server.emit("connection", socket);
      const head = [`POST ${path} HTTP/1.1`, "host: 127.0.0.1", `content-type: ${type}`];
      socket.push([...head, `content-length: ${body.length}`, "", ""].join("\r\n"));
      socket.push(body);
      return socket;
    },
    async settledPositions() {
      await api.ready("toy");
      let last = "";
      for (let same = 0; same < 100; ) {
        await new Promise((resolve) => setImmediate(resolve));
        const now = JSON.stringify(api.status);
        same = now === last ? same + 1 : 0;
        last = now;
      }
      return api.status["toy"]?.positions ?? 0;
    },
    async complete(maxTokens) {
      const answer = await app.request("http://127.0.0.1/v1/completions", {
        method: "POST",
        headers: { "content-type": "application/json", host: "127.0.0.1" },
        body: JSON.stringify({ prompt: "Others", max_tokens: maxTokens, ignore_eos: true }),
      });
      const { usage } = (await answer.json()) as { usage: { completion_tokens: number } };
      return usage.completion_tokens;
    },
  };
}

const ids = toyTokenizer.encode(PROMPT);
const settings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const utf8 = new TextEncoder();
const completion = (fields: object) =>
  utf8.encode(JSON.stringify({ prompt: PROMPT, stream: true, ignore_eos: true, ...fields }));

/** A message or event of the toy is never larger. */
const MESSAGE_BYTES = 4_096;
const MESSAGES = 5; // on their way to the socket, each of one token: Node's server takes three before the first is written

const KINDS: readonly [string, string, string, Uint8Array][] = [
  [
    "a page's reply",
    "/calls/generate?model=toy",
    CALL_TYPE,
    encodeValue({ ids, settings, seed: 4, redraws: new Map(), maxTokens: 200 }),
  ],
  ["a stream of events", "/v1/completions", "application/json", completion({ max_tokens: 200 })],
  [
    "a stream of events with logprobs",
    "/v1/completions",
    "application/json",
    completion({ max_tokens: 200, logprobs: 50 }),
  ],
];

test.each(KINDS)(
  "%s that nobody reads is computed no further than the limit, while others are answered",
  async (...[, path, type, body]) => {
    const { unread, settledPositions, complete, api } = bench();
    const sockets = [unread(path, type, body)];
    const positions = await settledPositions();
    expect(positions).toBeGreaterThan(ids.length + UNREAD / 4); // a followed job tells each token twice
    expect(positions).toBeLessThanOrEqual(ids.length + UNREAD + MESSAGES);
    while (sockets.length < 6) sockets.push(unread(path, type, body)); // three times the places
    expect(await complete(100)).toBe(100);
    await settledPositions();
    for (const socket of sockets) {
      expect(socket.writableLength).toBeGreaterThan(0);
      expect(socket.writableLength).toBeLessThanOrEqual(MESSAGES * MESSAGE_BYTES);
    }
    const { running = 0, waiting = 0 } = api.status["toy"] ?? {};
    expect(running + waiting).toBe(6);
    for (const socket of sockets) socket.destroy(); // they go away
    await settledPositions();
    expect(api.status["toy"]).toMatchObject({ running: 0, waiting: 0, positions: 0 });
  },
);

test.each(KINDS)(
  "%s that nobody read ends within a step of its client's leaving",
  async (...[, path, type, body]) => {
    const { unread, settledPositions, api } = bench();
    const socket = unread(path, type, body);
    await settledPositions();
    const { steps = 0, running } = api.status["toy"] ?? {};
    expect(running).toBe(1);
    socket.destroy();
    await settledPositions();
    expect(api.status["toy"]).toMatchObject({ running: 0, steps: steps + 1 });
  },
);

test("a pass that fails while a client takes its time is that answer's last event, and the server goes on", async () => {
  const { app, settledPositions, complete } = bench(2); // the one behind the first token
  const answer = await app.request("http://127.0.0.1/v1/completions", {
    method: "POST",
    headers: { "content-type": "application/json", host: "127.0.0.1" },
    body: completion({ max_tokens: 9, logprobs: 0 }),
  });
  await settledPositions(); // it has failed, and nobody has taken the first event
  const events = (await answer.text()).trimEnd().split("\n\n");
  expect(events.length).toBe(2);
  expect(events.at(-1)).toMatch(/^data: \{"error":\{"message":"internal error"/);
  expect(await complete(5)).toBe(5);
});

test("a scored text that nobody reads is told in parts", async () => {
  const { unread, settledPositions, api } = bench();
  const long = toyTokenizer.encode("x".repeat(250));
  const socket = unread("/calls/score?model=toy", CALL_TYPE, encodeValue({ ids: long, from: 0 }));
  await settledPositions();
  expect(api.status["toy"]?.running).toBe(1);
  expect(socket.writableLength).toBeLessThanOrEqual(MESSAGES * UNREAD * MESSAGE_BYTES);
  expect(socket.writableLength).toBeGreaterThan(UNREAD * 100);
});

test("a connection whose client takes no byte for too long is cut, and one that computes as long is not", async () => {
  const server = await startToyServer({ limits: { unreadMs: 800 } });
  const body = { prompt: PROMPT, n: 100, max_tokens: 200, logprobs: 300, ignore_eos: true };
  const text = JSON.stringify({ ...body, stream: true });
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.pause(); // the machine's own buffers fill, then the server's
  const head = [
    "POST /v1/completions HTTP/1.1",
    "host: 127.0.0.1",
    "content-type: application/json",
  ];
  socket.write([...head, `content-length: ${text.length}`, "", text].join("\r\n"));
  const running = async (): Promise<number> => {
    const { engines } = JSON.parse((await askAlone(`${server.url}/healthz`)).text) as {
      engines: { toy?: { running: number; waiting: number } };
    };
    return (engines.toy?.running ?? 0) + (engines.toy?.waiting ?? 0);
  };
  while ((await running()) === 0);
  while ((await running()) !== 0);
  socket.destroy();
  let passes = 0;
  server.gate = () => {
    passes += 1;
    return passes > 1 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, 1_200));
  };
  const slow = JSON.stringify({ prompt: "slow", max_tokens: 2, ignore_eos: true });
  const answer = await askAlone(`${server.url}/v1/completions`, slow);
  expect(answer.status).toBe(200);
  await server.close();
});

/** On a connection of its own: one that is kept for the next request may be cut between the two. */
function askAlone(
  url: string,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const headers = { "content-type": "application/json" };
    const asked = request(url, { method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
    });
    asked.once("error", reject);
    asked.end(body);
  });
}
