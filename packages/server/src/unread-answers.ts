// Ends connections whose clients have stopped reading. What an answer keeps in memory meanwhile is bounded elsewhere (core's scheduler, message-stream.ts); here, for how long.

import type { Server } from "node:http";

/** Cuts the connection of an answer of which bytes have waited unsent, and none was taken, for so long. One that is still computed, or read slowly, goes on. */
export function cutUnreadAnswers(server: Server, unreadMs: number): void {
  server.timeout = unreadMs; // without a byte read or written; Node's sockets know a write that goes on
  server.on("request", (_request, response) => {
    response.on("timeout", (socket) => {
      if (socket.writableLength > 0) socket.destroy(); // for Node, who listens decides
    });
  });
}
