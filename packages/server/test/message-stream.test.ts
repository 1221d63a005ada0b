// The answer of a call, read slowly or not at all.

import { type CallMessage, decodeMessages } from "@tokenscope/calls";
import { expect, test } from "vitest";
import { messageStream } from "../src/calls/message-stream.ts";

const COUNT = 1_000;
const event = (i: number): CallMessage => ({ kind: "event", event: i });

test("a page that does not read has two messages made for it, and gets every one when it does", async () => {
  let made = 0;
  const stream = messageStream(async (send) => {
    for (; made < COUNT; made += 1) await send(event(made));
  });
  for (let i = 0; i < 30; i += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(made).toBe(1); // the first is bytes, the second waits
  const read: unknown[] = [];
  for await (const message of decodeMessages(stream as unknown as AsyncIterable<Uint8Array>)) {
    read.push(message);
  }
  expect(read).toEqual(Array.from({ length: COUNT }, (_, i) => event(i)));
});

test.each([
  ["before it has read", 0],
  ["while it waits for more", 3],
])("a page that goes away %s aborts the work and lets it end", async (_when, count) => {
  let heard: AbortSignal | null = null;
  let ended: () => void;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const stream = messageStream(async (send, signal) => {
    heard = signal;
    for (let i = 0; i < 3; i += 1) await send(event(i));
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await send(event(3)); // to nobody
    ended();
  });
  const reader = stream.getReader();
  for (let i = 0; i < count; i += 1) await reader.read();
  await reader.cancel();
  expect(heard).toMatchObject({ aborted: true });
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  await end;
});

test("a message that has no bytes ends the work and the answer", async () => {
  let heard: AbortSignal | null = null;
  const stream = messageStream(async (send, signal) => {
    heard = signal;
    await send({ kind: "event", event: () => {} });
    await send(event(1));
  });
  await expect(stream.getReader().read()).rejects.toThrow(/Unrecognized object/);
  expect(heard).toMatchObject({ aborted: true });
});
