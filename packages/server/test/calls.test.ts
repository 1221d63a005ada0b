// The page's calls over HTTP, on the toy engine.

import {
  createSessionHost,
  decodeMessages,
  decodeValue,
  encodeValue,
  type ModelCalls,
} from "@tokenscope/calls";
import { emptyDocument, plainTemplate } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startToyServer, type ToyServer } from "./api/toy-server.ts";

const TYPE = "application/vnd.msgpack";
const IDS = toyTokenizer.encode("Once upon a time");
const SETTINGS = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const GENERATE: ModelCalls["generate"]["request"] = {
  ids: IDS,
  settings: SETTINGS,
  seed: 4,
  redraws: new Map([[17, 1]]),
  maxTokens: 8,
};
let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.close());

interface Message {
  readonly kind: string;
  readonly event?: { readonly token: unknown };
  readonly result?: unknown;
  readonly failure?: { readonly name: string; readonly message: string };
}

async function send(kind: string, request: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}/calls/${kind}?model=toy`, {
    method: "POST",
    headers: { "content-type": TYPE },
    body: encodeValue(request),
    ...init,
  });
}

async function messages(response: Response): Promise<readonly Message[]> {
  const found: Message[] = [];
  const body = response.body as unknown as AsyncIterable<Uint8Array>; // Node's streams iterate
  for await (const message of decodeMessages(body)) found.push(message as Message);
  return found;
}

test("a model is described with its vocabulary, and asked for by its name", async () => {
  const answer = await fetch(`${server.url}/calls/model?model=plain`);
  const model = decodeValue(new Uint8Array(await answer.arrayBuffer()));
  expect(model).toMatchObject({
    identity: { id: "toy", precision: "exact", backend: "node-cpu" },
    hasTemplate: false,
    weightBytes: { exact: 4, compact: 1 },
    contextLength: 256,
  });
  const unknown = await fetch(`${server.url}/calls/model?model=none`);
  expect(unknown.status).toBe(404);
});

test("generate streams what a host in this process gives, and then its ending", async () => {
  const told = await messages(await send("generate", GENERATE));
  const host = createSessionHost({
    engine: openToyEngine(),
    tokenizer: toyTokenizer,
    template: plainTemplate(toyTokenizer),
  });
  const events: unknown[] = [];
  const { signal } = new AbortController();
  const result = await host.generate(GENERATE, (event) => void events.push(event), signal);
  expect(told.slice(0, -1)).toEqual(events.map((event) => ({ kind: "event", event })));
  expect(told.at(-1)).toMatchObject({ kind: "done", result });
});

test("every kind of call is answered", async () => {
  const contextVector = new Float32Array(server.engine.hiddenWidth).fill(0.1);
  const doc = emptyDocument();
  const requests: { readonly [K in keyof ModelCalls]: ModelCalls[K]["request"] } = {
    encode: { text: "a" },
    endTurn: { doc, message: { role: "user", content: "a" } },
    setSystemPrompt: { doc, content: "Be kind." },
    trySystemPrompt: { doc, content: "Be kind." },
    setTools: { doc, text: "" },
    writeToolCall: { doc, text: '{"name": "f", "arguments": {}}' },
    refusals: { doc, roles: ["user"] },
    score: { ids: IDS, from: 3 },
    generate: GENERATE,
    search: { contextVector, query: "a", limit: 3 },
    settingsView: { contextVector, settings: SETTINGS, draw: 0.5, top: 5, pinned: [] },
    lens: { ids: IDS },
    attention: { ids: IDS },
    headOff: { ids: IDS, layer: 0, head: 0, id: IDS[0] ?? null },
    scoreAt: { contextVectors: [contextVector], id: IDS[0] as never },
    tokenVector: { id: IDS[0] as never },
    logits: { contextVector },
    readAs: { messages: [], role: "text", before: "Once", after: " upon" },
    textEdit: { ids: IDS, text: "Once again" },
    find: { query: "a", limit: 3 },
  };
  const refusals: Readonly<Record<string, RegExp>> = {
    setSystemPrompt: /chat template has no system turn/,
    trySystemPrompt: /no message that waits for a reply/,
  };
  for (const [kind, request] of Object.entries(requests)) {
    const last = (await messages(await send(kind, request))).at(-1);
    const message = expect.stringMatching(refusals[kind] ?? "");
    const failed = { kind: "failed", failure: { name: "UsageError", message } };
    expect({ call: kind, ...last }).toMatchObject(
      kind in refusals ? failed : { call: kind, kind: "done" },
    );
  }
});

test("a page that goes away frees its place within a step", async () => {
  const own = await startToyServer();
  let release = (): void => {};
  let reach = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  own.gate = () => {
    reach();
    return released;
  };
  const leaving = new AbortController();
  const url = `${own.url}/calls/generate?model=toy`;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": TYPE },
    body: encodeValue({ ...GENERATE, maxTokens: 200 }),
    signal: leaving.signal,
  });
  const gone = expect(response.arrayBuffer()).rejects.toThrow();
  const running = async (): Promise<number | undefined> => {
    const { engines } = (await (await fetch(`${own.url}/healthz`)).json()) as {
      engines: Record<string, { running: number }>;
    };
    return engines["toy"]?.running;
  };
  await reached; // its first pass is under way
  leaving.abort();
  await gone;
  for (let i = 0; i < 3; i += 1) expect(await running()).toBe(1); // the server hears of it meanwhile
  release();
  while ((await running()) !== 0);
  expect(own.passes.length).toBe(1); // the one that was under way: its signal ended it, not a token that found nobody
  await own.close();
});

const vector = (length: number): Float32Array => new Float32Array(length);
const node = { id: 1, origin: "typed", turn: 0, role: "user", part: "content", position: 0 };

describe("what no page of ours sends is refused in a sentence, and the server goes on", () => {
  test.each<[string, unknown, RegExp]>([
    ["nothing", {}, /there is no call "nothing"/],
    ["toString", {}, /there is no call/],
    ["encode", {}, /encode: text is not what the page sends/],
    ["encode", { text: 1 }, /encode: text/],
    ["encode", { text: "a", more: 1 }, /encode: the request/],
    ["score", { ids: ["a"], from: 0 }, /score: ids.0/],
    ["score", { ids: [1.5], from: 0 }, /score: ids.0/],
    ["score", { ids: [-1], from: 0 }, /score: ids.0/],
    ["score", { ids: [1_000_000], from: 0 }, /token id 1000000 is not in this model's vocabulary/],
    ["score", { ids: [1], from: Number.NaN }, /score: from/],
    ["generate", { ...GENERATE, ids: [] }, /generate: ids/],
    ["generate", { ...GENERATE, seed: 0.5 }, /generate: seed/],
    ["generate", { ...GENERATE, redraws: {} }, /generate: redraws/],
    ["generate", { ...GENERATE, maxTokens: 1e12 }, /generate: maxTokens/],
    ["generate", { ...GENERATE, settings: { ...SETTINGS, temperature: -1 } }, /temperature -1/],
    ["search", { contextVector: [1, 2], query: "a", limit: 1 }, /search: contextVector/],
    [
      "search",
      { contextVector: vector(3), query: "a", limit: 1 },
      /has 3 numbers and this model's/,
    ],
    ["search", { contextVector: vector(3), query: "a", limit: 1e9 }, /search: limit/],
    ["logits", { contextVector: Float32Array.of(Number.NaN) }, /that are finite/],
    ["lens", { ids: [] }, /lens: ids/],
    [
      "score",
      { ids: new Array(100_000).fill(1), from: 0 },
      /has 100000 tokens and .* context holds 256; shorten it to at most 256 tokens/,
    ],
    ["scoreAt", { contextVectors: new Array(257).fill(vector(3)), id: 1 }, /contextVectors/],
    [
      "settingsView",
      {
        contextVector: vector(3),
        settings: SETTINGS,
        draw: 0,
        top: 1,
        pinned: new Array(65).fill(1),
      },
      /settingsView: pinned/,
    ],
    [
      "refusals",
      {
        doc: { nodes: [], branches: [{ key: 0, tip: null }], activeKey: 0 },
        roles: new Array(17).fill("a"),
      },
      /refusals: roles/,
    ],
    ["headOff", { ids: [1], layer: -1, head: 0, id: null }, /headOff: layer/],
    [
      "refusals",
      { doc: { nodes: [], branches: [], activeKey: 0 }, roles: [] },
      /refusals: doc.branches/,
    ],
    [
      "refusals",
      { doc: { ...emptyDocument(), nodes: [{ ...node, parent: 0 }] }, roles: [] },
      /refusals: doc is not/,
    ],
    [
      "refusals",
      { doc: { ...emptyDocument(), branches: [{ key: 0, tip: 9 }] }, roles: [] },
      /refusals: doc is not/,
    ],
  ])("%s %j", async (kind, request, sentence) => {
    const response = await send(kind, request);
    const text = await response.text();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(text).toMatch(sentence);
  });

  test("bytes that are no MessagePack, another type, a body too large", async () => {
    const broken = await send("encode", {}, { body: new Uint8Array([0xc1]) });
    expect([broken.status, await broken.text()]).toEqual([
      400,
      "the body is no MessagePack; reload the page",
    ]);
    const form = await send("encode", {}, { headers: { "content-type": "text/plain" } });
    expect(form.status).toBe(415);
    const small = await startToyServer({ limits: { bodyBytes: 100 } });
    const url = `${small.url}/calls/encode?model=toy`;
    const init = { method: "POST", headers: { "content-type": TYPE } };
    const large = await fetch(url, { ...init, body: encodeValue({ text: "a".repeat(500) }) });
    expect(large.status).toBe(413);
    await small.close();
  });

  test("a page of another site", async () => {
    const headers = { "content-type": TYPE, origin: "http://evil.example" };
    expect((await send("encode", { text: "a" }, { headers })).status).toBe(403);
    const site = { "sec-fetch-site": "cross-site" };
    const model = await fetch(`${server.url}/calls/model`, { headers: site });
    expect(model.status).toBe(403);
  });
});

test("the list of models says where calls are answered, and nowhere that they are where a key is asked for", async () => {
  const file = {
    label: "Toy",
    path: "/nowhere",
    sizeBytes: 1,
    sha256: "0".repeat(64),
    licence: null,
  };
  const models = [
    { ...file, id: "toy" },
    { ...file, id: "other" },
  ];
  const listed = async (options: Parameters<typeof startToyServer>[0]) => {
    const started = await startToyServer({ models, ...options });
    const { models: all } = (await (await fetch(`${started.url}/models.json`)).json()) as {
      models: { id: string; calls?: string }[];
    };
    const { status } = await fetch(`${started.url}/calls/model`);
    await started.close();
    return [...all.map(({ calls }) => calls), status];
  };
  expect(await listed({})).toEqual(["calls/", undefined, 200]);
  expect(await listed({ apiKey: "secret" })).toEqual([undefined, undefined, 404]);
});
