// A plain file server, as any static host is: the built page in a folder of its own, no isolation headers, no ranges, no fallback.

import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Files by their path in the page's folder that stand in for those on disk. */
export type OtherFiles = Map<string, Buffer | string>;

export interface FileServer {
  /** The page's folder, with its last slash. */
  readonly url: string;
  readonly others: OtherFiles;
  close(): Promise<void>;
}

/** Serves `folder` under /course/tokenscope/. */
export async function openFileServer(folder: string, others: OtherFiles): Promise<FileServer> {
  const place = "/course/tokenscope/";
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://host");
    const path = pathname.replace(place, "") || "index.html";
    const body = pathname.startsWith(place) ? fileOf(folder, path, others) : null;
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(body === null ? 404 : 200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${place}`,
    others,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function fileOf(folder: string, path: string, others: OtherFiles): Buffer | string | null {
  const other = others.get(path);
  if (other !== undefined) return other;
  const file = join(folder, path);
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : null;
}
