// The client of a server's engine, against our own server over the toy engine: also while it goes away and comes back.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeMessages, encodeValue } from "@tokenscope/calls";
import { type ModelIdentity, type Precision, UsageError } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { type RunningServer, startServer } from "@tokenscope/server";
import { afterEach, expect, test } from "vitest";
import type { ModelClient } from "../src/worker/model-client.ts";
import { pageClient } from "../src/worker/page-client.ts";
import type { Calls, LoadedModel, ModelFile } from "../src/worker/protocol.ts";
import { servedClient } from "../src/worker/served-client.ts";

const pageDir = mkdtempSync(join(tmpdir(), "tokenscope-served-"));
writeFileSync(join(pageDir, "index.html"), "<title>page</title>");
const IDS = toyTokenizer.encode("Once upon a time");
const GENERATE: Calls["generate"]["request"] = {
  ids: IDS,
  settings: { temperature: 1, topK: 0, topP: 1, minP: 0 },
  seed: 1,
  redraws: new Map(),
  maxTokens: 12,
};
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface ToyOptions {
  readonly port?: number;
  readonly precision?: Precision;
}

async function startToy({
  port = 0,
  precision = "exact",
}: ToyOptions = {}): Promise<RunningServer> {
  const engine = openToyEngine();
  const description = { architecture: "toy", quantization: "none", backend: "node-cpu" } as const;
  const identity: ModelIdentity = { id: "toy", sha256: "0", precision, ...description };
  const model = { identity, engine, tokenizer: toyTokenizer, chatTemplate: null };
  const weightBytes = { exact: 4, compact: 1 };
  const open = async () => ({ ...model, weightBytes });
  const apiModels = [{ id: "toy", open }];
  const server = await startServer({ port, host: "127.0.0.1", pageDir, models: [], apiModels });
  closers.push(() => server.close());
  return server;
}

function fileAt({ url }: RunningServer): ModelFile {
  const file = { id: "toy", label: "Toy", url: "", sha256: "0", fileBytes: 1 };
  return { ...file, calls: `${url}/calls/` };
}

interface Line {
  readonly client: ModelClient;
  readonly said: boolean[];
  /** Runs whenever the client waits. */
  onWait: () => Promise<void>;
}

function line(): Line {
  const said: boolean[] = [];
  const made: Line = {
    client: servedClient({
      fetch,
      wait: (_milliseconds, signal) => {
        signal.throwIfAborted();
        return made.onWait();
      },
      onSilence: (isSilent) => void said.push(isSilent),
    }),
    said,
    onWait: async () => {},
  };
  closers.push(() => made.client.close());
  return made;
}

const loadOf = (file: ModelFile): Calls["load"]["request"] => ({
  model: file,
  precision: "compact",
});

test("the server's model comes with its own precision and a sentence on where it runs", async () => {
  const { client } = line();
  const loaded = await client.call("load", loadOf(fileAt(await startToy())));
  expect(loaded).toMatchObject({
    label: "Toy",
    identity: { precision: "exact", backend: "node-cpu" },
    hasServer: true,
    hasGpu: false,
  });
  expect(loaded.engineReason).toMatch(/^On the server .* What you write is sent there\.$/);
  expect(loaded.vocabulary.special).toHaveLength(259);
});

test("calls are answered, errors keep their class, and counts come along", async () => {
  const { client } = line();
  await client.call("load", loadOf(fileAt(await startToy())));
  expect(await client.call("encode", { text: "ab" })).toEqual(toyTokenizer.encode("ab"));
  const told: number[] = [];
  await client.call(
    "score",
    { ids: IDS, from: 4 },
    { onEvent: ({ from }) => void told.push(from) },
  );
  expect(told[0]).toBe(4);
  expect(client.counts.modelRuns).toBeGreaterThan(0);
  const refused = client.call("generate", { ...GENERATE, ids: [] });
  await expect(refused).rejects.toThrow(UsageError);
});

test("a server that goes away in the middle of a reply and comes back: the same reply, each token once, and sentences", async () => {
  const { client: undisturbed } = line();
  const first = await startToy();
  await undisturbed.call("load", loadOf(fileAt(first)));
  const whole: number[] = [];
  const onWhole = ({ token }: Calls["generate"]["event"]) => void whole.push(token.id);
  await undisturbed.call("generate", GENERATE, { onEvent: onWhole });

  const made = line();
  await made.client.call("load", loadOf(fileAt(first)));
  made.onWait = async () => {
    await startToy({ port: Number(new URL(first.url).port) });
  };
  const ids: number[] = [];
  const ending = await made.client.call("generate", GENERATE, {
    onEvent: ({ token }) => {
      ids.push(token.id);
      if (ids.length === 3) void first.close();
    },
  });
  expect(ids).toEqual(whole);
  expect(ending).toEqual({ kind: "length", maxTokens: 12 });
  expect(made.said).toEqual([true, false]);
});

test("a line that breaks behind the last token of a reply: nothing is written behind its end", async () => {
  const server = await startToy();
  let generations = 0;
  const cutting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes("/generate")) return response;
    generations += 1;
    const messages = [];
    for await (const message of decodeMessages(bytesOf(response))) messages.push(message);
    const events = messages.slice(0, -1).map(encodeValue); // all but "done"
    const body = new ReadableStream({
      async start(controller) {
        for (const event of events) controller.enqueue(event);
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.error(new TypeError("the line broke"));
      },
    });
    return new Response(body, { headers: response.headers });
  };
  for (const [request, ending] of [
    [{ ...GENERATE, maxTokens: 200 }, "end-token"],
    [{ ...GENERATE, maxTokens: 3 }, "length"],
  ] as const) {
    generations = 0;
    const waits: number[] = []; // none: what has ended waits for no server
    const wait = async (milliseconds: number): Promise<void> => void waits.push(milliseconds);
    const client = servedClient({ fetch: cutting, wait, onSilence: () => {} });
    closers.push(() => client.close());
    await client.call("load", loadOf(fileAt(server)));
    const ids: number[] = [];
    const onEvent = ({ token }: Calls["generate"]["event"]) => void ids.push(token.id);
    const result = await client.call("generate", request, { onEvent });
    expect([result.kind, generations, waits]).toEqual([ending, 1, []]);
    if (result.kind === "end-token") expect(ids.at(-1)).toBe(result.id);
    if (result.kind === "length") expect([ids.length, result.maxTokens]).toEqual([3, 3]);
  }
});

async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array, void, void> {
  const reader = body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    yield read.value;
  }
}

test("one that comes back computing another way is announced before its numbers", async () => {
  const first = await startToy();
  const made = line();
  await made.client.call("load", loadOf(fileAt(first)));
  const replaced: LoadedModel[] = [];
  made.client.onReplaced(({ loaded }) => void replaced.push(loaded));
  await first.close();
  made.onWait = async () => {
    await startToy({ port: Number(new URL(first.url).port), precision: "compact" });
  };
  await made.client.call("encode", { text: "a" });
  expect(replaced.map(({ identity }) => identity.precision)).toEqual(["compact"]);
});

test("one that was started anew between two calls is noticed by the next one", async () => {
  const first = await startToy();
  const made = line();
  await made.client.call("load", loadOf(fileAt(first)));
  const order: string[] = [];
  made.client.onReplaced(({ loaded }) => void order.push(loaded.identity.precision));
  await first.close();
  await startToy({ port: Number(new URL(first.url).port), precision: "compact" });
  await made.client.call(
    "score",
    { ids: IDS, from: 0 },
    { onEvent: () => void order.push("event") },
  );
  expect(order.slice(0, 2)).toEqual(["compact", "event"]);
  expect(made.said).toEqual([]);
});

test("two calls at once that meet a server started anew are both answered, and it is announced once", async () => {
  const first = await startToy();
  const made = line();
  await made.client.call("load", loadOf(fileAt(first)));
  const announced: string[] = [];
  made.client.onReplaced(({ loaded }) => void announced.push(loaded.identity.precision));
  await first.close();
  await startToy({ port: Number(new URL(first.url).port), precision: "compact" });
  const encoded = ["a", "b", "c"].map((text) => made.client.call("encode", { text }));
  expect(await Promise.all(encoded)).toEqual(["a", "b", "c"].map((t) => toyTokenizer.encode(t)));
  expect(announced).toEqual(["compact"]);
});

test("stopping ends a reply as aborted and any other call with an AbortError, also while the server is away", async () => {
  const server = await startToy();
  const made = line();
  await made.client.call("load", loadOf(fileAt(server)));
  const stop = new AbortController();
  const ending = await made.client.call(
    "generate",
    { ...GENERATE, maxTokens: 200 },
    { signal: stop.signal, onEvent: () => stop.abort() },
  );
  expect(ending).toEqual({ kind: "aborted" });
  await server.close();
  const late = new AbortController();
  made.onWait = async () => late.abort();
  const asked = made.client.call("encode", { text: "a" }, { signal: late.signal });
  await expect(asked).rejects.toMatchObject({ name: "AbortError" });
});

test("a notice of silence goes with the next answer, also where the one that waited was stopped", async () => {
  const server = await startToy();
  const made = line();
  await made.client.call("load", loadOf(fileAt(server)));
  await server.close();
  const stop = new AbortController();
  made.onWait = async () => {
    stop.abort();
    stop.signal.throwIfAborted();
  };
  const stopped = made.client.call("encode", { text: "a" }, { signal: stop.signal });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  expect(made.said).toEqual([true]);
  await startToy({ port: Number(new URL(server.url).port) });
  await made.client.call("encode", { text: "a" });
  expect(made.said).toEqual([true, false]);
});

test("a client that is closed during a silence takes its notice along", async () => {
  const server = await startToy();
  const made = line();
  await made.client.call("load", loadOf(fileAt(server)));
  await server.close();
  made.onWait = async () => {
    made.client.close();
    throw new DOMException("closed", "AbortError");
  };
  await expect(made.client.call("encode", { text: "a" })).rejects.toThrow();
  expect(made.said).toEqual([true, false]);
});

interface Chooser {
  readonly client: ModelClient;
  readonly started: string[];
}

/** A page's client whose worker is another server's engine: what it says shows which of the two answered. */
function chooser(worker: ModelFile): Chooser {
  const started: string[] = [];
  const client = pageClient({
    startWorker: () => {
      started.push("worker");
      const made = line().client;
      const call: ModelClient["call"] = (kind, request, options) =>
        kind === "load"
          ? made.call(kind, { ...(request as object), model: worker } as never, options)
          : made.call(kind, request, options);
      return Object.create(made, { call: { value: call } });
    },
    startServed: async () => {
      started.push("served");
      return line().client;
    },
  });
  closers.push(() => client.close());
  return { client, started };
}

test("the server's engine is taken where the host has one, and the browser's for another choice, an own file or another host", async () => {
  const server = await startToy();
  const file = fileAt(server);
  const { calls: _calls, ...elsewhere } = file;
  const { client, started } = chooser(file);
  const load = (request: Partial<Calls["load"]["request"]>) =>
    client.call("load", { ...loadOf(file), ...request });
  await load({});
  expect((await load({ engine: "wasm" })).hasServer).toBe(true);
  await load({ engine: "server" });
  await load({ model: { ...file, file: new Blob() } });
  expect((await load({ model: elsewhere })).hasServer).toBe(false);
  expect(started).toEqual(["served", "worker", "served", "worker"]);
});

test("where the server's engine cannot be had unasked the browser's takes its place and says why; asked for, it fails", async () => {
  const server = await startToy();
  const { client, started } = chooser(fileAt(server));
  const broken: ModelFile = { ...fileAt(server), id: "unknown" };
  const loaded = await client.call("load", loadOf(broken));
  expect(started).toEqual(["served", "worker"]);
  expect(loaded.engineReason).toMatch(/^The server's engine could not be had \(there is no model/);
  const asked = client.call("load", { ...loadOf(broken), engine: "server" });
  await expect(asked).rejects.toThrow(/there is no model "unknown" here/);
});
