import { EngineError, FormatError, UsageError } from "@tokenscope/core";
import { expect, test } from "vitest";
import { workerClient } from "../src/worker/model-client.ts";
import type { ToWorker } from "../src/worker/protocol.ts";
import { nextTask, port } from "./store-port.ts";

/** A client, its worker's side, and what arrived there. */
function connected() {
  const received: ToWorker[] = [];
  const worker = port((message) => received.push(message));
  return { client: workerClient(worker), worker, received };
}

const NO_COUNTS = { modelRuns: 0, headRuns: 0 };
const score = { ids: [], from: 0 };

test("a call brings its events in order, then its result and the counts", async () => {
  const { client, worker, received } = connected();
  const events: unknown[] = [];
  const answer = client.call("score", score, { onEvent: (event) => events.push(event) });
  await nextTask();
  expect(received).toEqual([{ kind: "score", call: 1, request: score }]);
  for (const from of [0, 4, 8]) {
    worker.post({ kind: "event", call: 1, event: { from, tokens: [] } });
  }
  const counts = { modelRuns: 3, headRuns: 1 };
  worker.post({ kind: "done", call: 1, result: null, counts });
  expect(client.counts).toEqual(NO_COUNTS);
  expect(await answer).toBeNull();
  expect(events).toEqual([0, 4, 8].map((from) => ({ from, tokens: [] })));
  expect(client.counts).toEqual(counts);
});

test("answers find their calls, in whatever order they come", async () => {
  const { client, worker } = connected();
  const first = client.call("encode", { text: "a" });
  const second = client.call("encode", { text: "b" });
  worker.post({ kind: "done", call: 2, result: [98], counts: NO_COUNTS });
  worker.post({ kind: "done", call: 1, result: [97], counts: NO_COUNTS });
  expect(await Promise.all([first, second])).toEqual([[97], [98]]);
});

test("an event after the end, or of no call at all, is nobody's", async () => {
  const { client, worker } = connected();
  const events: unknown[] = [];
  const answer = client.call("score", score, { onEvent: (event) => events.push(event) });
  worker.post({ kind: "done", call: 1, result: null, counts: NO_COUNTS });
  worker.post({ kind: "event", call: 1, event: { from: 0, tokens: [] } });
  worker.post({ kind: "event", call: 7, event: { from: 0, tokens: [] } });
  await answer;
  await nextTask();
  expect(events).toEqual([]);
});

test.each([
  ["UsageError", UsageError],
  ["FormatError", FormatError],
  ["EngineError", EngineError],
  ["AbortError", DOMException],
  ["SomethingElse", Error],
])("a failure named %s is thrown as what it was, with its message", async (name, kind) => {
  const { client, worker } = connected();
  const answer = client.call("encode", { text: "a" });
  const failure = { name, message: "it cannot be", details: "at work" };
  worker.post({ kind: "failed", call: 1, failure });
  const error: unknown = await answer.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(kind);
  expect(error).toMatchObject({ message: "it cannot be" });
  if (kind === DOMException) expect(error).toMatchObject({ name: "AbortError" });
  else expect(error).toMatchObject({ cause: "at work" });
});

test("an abort is posted once, with the number of its call, and the call still ends", async () => {
  const { client, worker, received } = connected();
  const abort = new AbortController();
  await Promise.all([
    client.call("encode", { text: "a" }),
    worker.post({ kind: "done", call: 1, result: [97], counts: NO_COUNTS }),
  ]);
  const answer = client.call("score", score, { signal: abort.signal });
  abort.abort();
  abort.abort();
  await nextTask();
  expect(received.filter(({ kind }) => kind === "abort")).toEqual([{ kind: "abort", call: 2 }]);
  worker.post({ kind: "done", call: 2, result: null, counts: NO_COUNTS });
  expect(await answer).toBeNull();
});

test("a signal that was aborted before the call stops it too", async () => {
  const { client, worker, received } = connected();
  const answer = client.call("score", score, { signal: AbortSignal.abort() });
  await nextTask();
  expect(received.map(({ kind, call }) => [kind, call])).toEqual([
    ["score", 1],
    ["abort", 1],
  ]);
  worker.post({ kind: "done", call: 1, result: null, counts: NO_COUNTS });
  await answer;
});

test("an abort after the end is not posted", async () => {
  const { client, worker, received } = connected();
  const abort = new AbortController();
  const answer = client.call("score", score, { signal: abort.signal });
  worker.post({ kind: "done", call: 1, result: null, counts: NO_COUNTS });
  await answer;
  abort.abort();
  await nextTask();
  expect(received.map(({ kind }) => kind)).toEqual(["score"]);
});

test("a death rejects every call, those to come too, and is told once", async () => {
  const { client, worker, received } = connected();
  const deaths: string[] = [];
  client.onDeath((error) => deaths.push(error.message));
  const calls = [client.call("score", score), client.call("encode", { text: "a" })];
  const ends = Promise.allSettled(calls);
  await nextTask();
  worker.die("out of memory");
  worker.die("out of memory");
  const message = "The model's worker stopped: out of memory.";
  for (const end of await ends) {
    expect(end.status === "rejected" && end.reason).toBeInstanceOf(EngineError);
    expect(end.status === "rejected" && end.reason.message).toBe(message);
  }
  await expect(client.call("encode", { text: "b" })).rejects.toThrow(message);
  expect(deaths).toEqual([message]);
  expect(worker.isTerminated).toBe(true);
  await nextTask();
  expect(received).toHaveLength(2);
});

test("a message that cannot be read is a death too", async () => {
  const { client, worker } = connected();
  const call = client.call("score", score);
  worker.fire(new Event("messageerror"));
  await expect(call).rejects.toThrow("The model's worker stopped: a message could not be read.");
});

test("a script that cannot be fetched says so, although its error event has no message", async () => {
  const { client, worker } = connected();
  const call = client.call("score", score);
  worker.die(""); // what a failed worker script gives
  await expect(call).rejects.toThrow("The model's worker stopped: its script did not load.");
});

test("another engine in place of a lost one is told to whoever listens, and ends no call", async () => {
  const { client, worker } = connected();
  const reasons: string[] = [];
  client.onReplaced(({ reason }) => reasons.push(reason));
  const call = client.call("encode", { text: "a" });
  worker.post({ kind: "replaced", loaded: {} as never, reason: "The device was lost." });
  worker.post({ kind: "done", call: 1, result: [97], counts: NO_COUNTS });
  expect(await call).toEqual([97]);
  expect(reasons).toEqual(["The device was lost."]);
});

test("closing ends the worker", () => {
  const { client, worker } = connected();
  client.close();
  expect(worker.isTerminated).toBe(true);
});
