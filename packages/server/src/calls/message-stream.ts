// The answer of a call as a stream: messages wait as they are, and become bytes as the page takes them. Knows no call.

import { type CallMessage, encodeValue } from "@tokenscope/calls";

/** `send` costs a reference: the tokens in a message are the scheduler's own. Never rejects. */
type CallWork = (send: (message: CallMessage) => void, signal: AbortSignal) => Promise<void>;

/** Begins the work at once. The stream ends when its messages are read; a page that goes away aborts the signal. */
export function messageStream(work: CallWork): ReadableStream<Uint8Array> {
  const aborter = new AbortController();
  const { signal } = aborter;
  const waiting: CallMessage[] = [];
  let isOver = false;
  let wake = (): void => {};
  const send = (message: CallMessage): void => {
    if (signal.aborted) return;
    waiting.push(message);
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
      const message = waiting.shift();
      if (message === undefined) controller.close();
      else controller.enqueue(encodeValue(message));
    },
    cancel() {
      aborter.abort();
      waiting.length = 0;
      wake();
    },
  });
}
