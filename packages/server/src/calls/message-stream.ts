// The answer of a call as a stream: a message becomes bytes as the page takes it, and whoever sends waits for that. Knows no call.

import { type CallMessage, encodeValue } from "@tokenscope/calls";

/** `send` answers once the message is taken, or nobody will take it. Never rejects. */
type CallWork = (
  send: (message: CallMessage) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>;

interface Waiting {
  readonly message: CallMessage;
  readonly release: () => void; // whoever sent it
}

/** Begins the work at once. The stream ends when its messages are read; a page that goes away aborts the signal. */
export function messageStream(work: CallWork): ReadableStream<Uint8Array> {
  const aborter = new AbortController();
  const { signal } = aborter;
  const waiting: Waiting[] = []; // one, since senders wait
  let isOver = false;
  let wake = (): void => {};
  const send = (message: CallMessage): Promise<void> =>
    new Promise((release) => {
      if (signal.aborted) return release();
      waiting.push({ message, release });
      wake();
    });
  const stop = (): void => {
    aborter.abort();
    for (const { release } of waiting.splice(0)) release();
    wake();
  };
  return new ReadableStream<Uint8Array>({
    start() {
      void work(send, signal).finally(() => {
        isOver = true;
        wake();
      });
    },
    async pull(controller) {
      while (waiting.length === 0 && !isOver && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (signal.aborted) return;
      const next = waiting.shift();
      if (next === undefined) {
        controller.close();
        return;
      }
      try {
        controller.enqueue(encodeValue(next.message));
      } catch (error) {
        stop(); // a stream that has failed is not canceled any more
        throw error;
      } finally {
        next.release();
      }
    },
    cancel: stop,
  });
}
