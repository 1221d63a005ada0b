// A small HTTP server of one file, with the faults that downloads meet.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Faults {
  readonly stopsAfterBytes?: number; // the first answer goes no further, until it is cut
  readonly ignoresRanges?: boolean;
  readonly status?: number;
  readonly isSilent?: boolean; // takes the connection, never answers
}

export interface FileServer {
  readonly url: string;
  readonly ranges: (string | undefined)[]; // of every request, in order
  /** Ends the connection of the answer that stopped. */
  cut(): void;
  close(): Promise<void>;
}

export async function serveFile(bytes: Uint8Array, faults: Faults = {}): Promise<FileServer> {
  const ranges: (string | undefined)[] = [];
  const stopped: ServerResponse[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    if (faults.isSilent) return;
    if (faults.status !== undefined) response.writeHead(faults.status).end("no");
    else if (send({ bytes, faults, isFirst: ranges.length === 1 }, request, response)) {
      stopped.push(response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
    cut: () => {
      for (const response of stopped.splice(0)) response.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Sending {
  readonly bytes: Uint8Array;
  readonly faults: Faults;
  readonly isFirst: boolean;
}

/** True where the answer stopped short. */
function send(
  { bytes, faults, isFirst }: Sending,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  const start = faults.ignoresRanges || wanted === undefined ? 0 : Number(wanted);
  if (start >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return false;
  }
  const rest = bytes.subarray(start);
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(start === 0 ? 200 : 206, {
    "content-length": rest.length,
    ...(start > 0 && { "content-range": range }),
  });
  const stop = isFirst ? faults.stopsAfterBytes : undefined;
  if (stop === undefined) response.end(rest);
  else response.write(rest.subarray(0, stop));
  return stop !== undefined;
}
