// A static server on 127.0.0.1 with cross-origin isolation, as WASM threads ask for; it serves what it is given and nothing else.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".gguf": "application/octet-stream",
};

const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** The file behind a URL path, or null: a mount is a path prefix and the file or folder it stands for. */
function fileAt(mounts, path) {
  for (const [prefix, target] of mounts) {
    if (path === prefix) return target;
    const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
    if (!path.startsWith(folder)) continue;
    const inside = normalize(path.slice(folder.length));
    if (!inside.startsWith("..")) return join(target, inside);
  }
  return null;
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Starts the server on a free port; mounts are tried in order, as [["/model.gguf", file], ["/", folder]].
 * @param {readonly (readonly [string, string])[]} mounts
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startIsolatedServer(mounts) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = fileAt(mounts, path.endsWith("/") ? `${path}index.html` : path);
    if (file === null || !isFile(file)) {
      response.writeHead(404, ISOLATION).end();
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const bytes = statSync(file).size;
    response.writeHead(200, { ...ISOLATION, "content-type": type, "content-length": bytes });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
