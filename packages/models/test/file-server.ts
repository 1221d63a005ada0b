// A small HTTP server of one file, with the faults that downloads meet.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Faults {
  readonly cutAfterBytes?: number; // the first answer ends here
  readonly ignoresRanges?: boolean;
  readonly status?: number;
  readonly isSilent?: boolean; // takes the connection, never answers
}

export interface FileServer {
  readonly url: string;
  readonly ranges: (string | undefined)[]; // of every request, in order
  close(): Promise<void>;
}

export async function serveFile(bytes: Uint8Array, faults: Faults = {}): Promise<FileServer> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    if (faults.isSilent) return;
    if (faults.status !== undefined) response.writeHead(faults.status).end("no");
    else send({ bytes, faults, isFirst: ranges.length === 1 }, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
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

function send(
  { bytes, faults, isFirst }: Sending,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  const start = faults.ignoresRanges || wanted === undefined ? 0 : Number(wanted);
  if (start >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const rest = bytes.subarray(start);
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(start === 0 ? 200 : 206, {
    "content-length": rest.length,
    ...(start > 0 && { "content-range": range }),
  });
  const cut = faults.cutAfterBytes;
  if (cut === undefined || !isFirst) response.end(rest);
  else response.write(rest.subarray(0, cut), () => response.destroy());
}
