// Which of the two engines answers while loads fail, overtake each other or are left; both are fakes that write down what they are told.

import { expect, test } from "vitest";
import { secondLink } from "../src/store/second-engine.ts";
import type { ModelClient } from "../src/worker/model-client.ts";
import { pageClient } from "../src/worker/page-client.ts";
import type { Calls, LoadedModel, ModelFile } from "../src/worker/protocol.ts";
import { openPage, TOY_FILE } from "./store-model.ts";

const model: ModelFile = { ...TOY_FILE, calls: "https://models.example/calls/" };
const request = (engine: "auto" | "wasm" | "server"): Calls["load"]["request"] => {
  return { model, precision: "exact", engine };
};
const LEFT = { name: "AbortError" };

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, "promise"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new RangeError("a promise starts at once");
  return { promise, ...settle };
}

/** An engine that loads when it is let, and whose calls end when it is closed. */
function fakeEngine(name: string, log: string[]) {
  const loading = deferred<LoadedModel>();
  const client: ModelClient = {
    counts: { modelRuns: 0, headRuns: 0 },
    onDeath: () => undefined,
    onReplaced: () => undefined,
    call: (async (kind: string) => {
      log.push(`${name} ${kind}`);
      return kind === "load" ? loading.promise : [];
    }) as ModelClient["call"],
    close() {
      log.push(`${name} closed`);
      loading.reject(new DOMException("closed", "AbortError"));
    },
  };
  loading.promise.catch(() => undefined);
  return { client, loading };
}

const LOADED = { engineReason: "" } as LoadedModel;

function world() {
  const log: string[] = [];
  const [worker, served] = [fakeEngine("worker", log), fakeEngine("served", log)];
  const code = deferred<void>(); // of the served client, fetched when it is wanted
  const client = pageClient({
    startWorker: () => worker.client,
    startServed: async () => {
      await code.promise;
      return served.client;
    },
  });
  return { client, log, worker, served, code };
}

test("closed while the server is asked, it begins no download instead", async () => {
  const { client, log, code } = world();
  const load = client.call("load", request("auto"));
  code.resolve();
  await Promise.resolve();
  await Promise.resolve();
  client.close();
  await expect(load).rejects.toMatchObject(LEFT);
  await expect(client.call("load", request("wasm"))).rejects.toMatchObject(LEFT);
  expect(log.filter((line) => line.startsWith("worker"))).toEqual([]);
  expect(log.at(-1)).toBe("served closed");
});

test("a load that is overtaken while the server's code is fetched leaves the newer one alone", async () => {
  const { client, log, worker, code } = world();
  const overtaken = client.call("load", request("auto"));
  const newer = client.call("load", request("wasm"));
  code.resolve();
  await expect(overtaken).rejects.toMatchObject(LEFT);
  worker.loading.resolve(LOADED);
  await newer;
  await client.call("encode", { text: "a" });
  expect(log).toEqual(["worker load", "served closed", "worker encode"]);
});

test("a load that is stopped while the server's code is fetched asks nobody", async () => {
  const { client, log, code } = world();
  const stop = new AbortController();
  const load = client.call("load", request("server"), { signal: stop.signal });
  stop.abort();
  code.resolve();
  await expect(load).rejects.toMatchObject(LEFT);
  expect(log).toEqual(["served closed"]);
});

test("the engine that runs answers until another one is loaded, and goes on where that fails", async () => {
  const { client, log, worker, served, code } = world();
  worker.loading.resolve(LOADED);
  await client.call("load", request("wasm"));
  code.resolve();
  const load = client.call("load", request("server"));
  await client.call("encode", { text: "a" });
  served.loading.reject(new Error("down"));
  await expect(load).rejects.toThrow("down");
  await client.call("encode", { text: "a" });
  expect(log.filter((line) => line === "worker encode")).toHaveLength(2);
  expect(log).not.toContain("worker closed");
  client.close();
  expect(log.slice(-2)).toEqual(["worker closed", "served closed"]);
});

test("one that is loaded takes the place of the one before", async () => {
  const { client, log, worker, served, code } = world();
  worker.loading.resolve(LOADED);
  served.loading.resolve(LOADED);
  code.resolve();
  await client.call("load", request("wasm"));
  await client.call("load", request("server"));
  await client.call("encode", { text: "a" });
  expect(log).toEqual(["worker load", "served load", "worker closed", "served encode"]);
});

test("a second engine that is closed before its model is found loads nothing", async () => {
  const page = await openPage("abc");
  const log: string[] = [];
  const found = deferred<ModelFile>();
  const { client } = fakeEngine("second", log);
  const second = secondLink(page.store, {
    startWorker: () => client,
    findModel: () => found.promise,
  });
  page.actions.lookDeeper("engines");
  second.open();
  second.close();
  found.resolve(TOY_FILE);
  await page.quiet();
  expect(log).toEqual(["second closed"]);
});
