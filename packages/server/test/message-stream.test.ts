// The answer of a call, read slowly or not at all.

import { type CallMessage, decodeMessages } from "@tokenscope/calls";
import { expect, test } from "vitest";
import { messageStream } from "../src/calls/message-stream.ts";

const COUNT = 1_000;
const event = (i: number): CallMessage => ({ kind: "event", event: i });

test("a page that does not read has no bytes made for it, and gets every message when it does", async () => {
  const encoded = new Set<number>();
  const stream = messageStream(async (send) => {
    for (let i = 0; i < COUNT; i += 1) {
      const counted = {
        get i() {
          encoded.add(i);
          return i;
        },
      };
      send({ kind: "event", event: counted });
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  for (let i = 0; i < 30; i += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(encoded.size).toBeLessThanOrEqual(1);
  const read: unknown[] = [];
  for await (const message of decodeMessages(stream as unknown as AsyncIterable<Uint8Array>)) {
    read.push(message);
  }
  expect(read).toEqual(Array.from({ length: COUNT }, (_, i) => ({ kind: "event", event: { i } })));
});

test.each([
  ["before it has read", 0],
  ["while it waits for more", 3],
])("a page that goes away %s aborts the work", async (_when, count) => {
  let heard: AbortSignal | null = null;
  const stream = messageStream(async (send, signal) => {
    heard = signal;
    for (let i = 0; i < 3; i += 1) send(event(i));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    send(event(3)); // to nobody
  });
  const reader = stream.getReader();
  for (let i = 0; i < count; i += 1) await reader.read();
  await reader.cancel();
  expect(heard).toMatchObject({ aborted: true });
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});
