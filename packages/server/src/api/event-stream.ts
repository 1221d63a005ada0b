// Server-sent events (WHATWG HTML, section 9.2) as OpenAI sends them: a JSON a line, [DONE] at the end. Knows no route.

import { errorAnswer } from "./request-error.ts";

/** A streamed answer; `onGone` hears that the client has gone before the end. An error on the way is the last event. */
export function eventStream(
  chunks: AsyncGenerator<unknown, void, void>,
  onGone: () => void,
): Response {
  const encoder = new TextEncoder();
  const event = (data: string) => encoder.encode(`data: ${data}\n\n`);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (!done) {
          controller.enqueue(event(JSON.stringify(value)));
          return;
        }
        controller.enqueue(event("[DONE]"));
      } catch (error) {
        controller.enqueue(event(JSON.stringify(errorAnswer(error).body)));
      }
      controller.close();
    },
    async cancel() {
      onGone();
      await chunks.return();
    },
  });
  const headers = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  };
  return new Response(body, { headers });
}
