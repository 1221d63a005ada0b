// Model files over HTTP, whole or by range. Serves the given files alone: a name in a request never becomes a path.

import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { EngineError, UsageError } from "@tokenscope/core";
import { type Context, Hono } from "hono";
import { type ByteRange, parseByteRange } from "./byte-range.ts";

/** A model file that the page may fetch; `sha256` is of the whole file and names its version. */
export interface ServedModel {
  readonly id: string;
  readonly label: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly licence: string | null;
}

interface PageOffers {
  /** Models that the page may have computed here. */
  readonly answering: readonly string[];
  /** Whether it may ask another server's models through this one. */
  readonly hasRemote: boolean;
}

/** Routes /models.json and /models/<id>.gguf. */
export function modelRoutes(
  models: readonly ServedModel[],
  { answering, hasRemote }: PageOffers,
): Hono {
  const routes = new Hono();
  routes.get("/models.json", (c) => {
    c.header("cache-control", "no-cache");
    return c.json({
      models: models.map((model) => ({
        ...described(model),
        ...(answering.includes(model.id) && { calls: "calls/" }),
      })),
      ...(hasRemote && { remote: "remote/" }),
    });
  });
  routes.get("/models/:file", (c) => {
    const file = c.req.param("file");
    const model = models.find(({ id }) => `${id}.gguf` === file);
    if (model === undefined) throw unknownFile(file, models);
    return answer(c, model);
  });
  return routes;
}

/** What the page reads. The address is relative, so that the page works in any folder, and carries the version, so that it may be cached for good. */
function described({ id, label, sizeBytes, sha256, licence }: ServedModel) {
  const url = `models/${encodeURIComponent(id)}.gguf?sha256=${sha256.slice(0, 16)}`;
  return { id, label, sizeBytes, sha256, licence, url };
}

async function answer(c: Context, model: ServedModel): Promise<Response> {
  const etag = `"${model.sha256}"`;
  const headers = {
    etag,
    "accept-ranges": "bytes",
    "cache-control": "public, max-age=31536000, immutable",
  };
  if (isListed(etag, c.req.header("if-none-match"))) {
    return new Response(null, { status: 304, headers });
  }
  const ifRange = c.req.header("if-range");
  const asked = ifRange === undefined || ifRange === etag ? c.req.header("range") : undefined;
  const range = parseByteRange(asked, model.sizeBytes);
  if (range === "unsatisfiable") {
    const contentRange = { "content-range": `bytes */${model.sizeBytes}` };
    return new Response(null, { status: 416, headers: { ...headers, ...contentRange } });
  }
  const { first, last } = range ?? { first: 0, last: model.sizeBytes - 1 };
  const body = c.req.method === "HEAD" ? null : await bytesOf(model, { first, last });
  return new Response(body, {
    status: range === null ? 200 : 206,
    headers: {
      ...headers,
      "content-type": "application/octet-stream",
      "content-length": String(last - first + 1),
      ...(range && { "content-range": `bytes ${first}-${last}/${model.sizeBytes}` }),
    },
  });
}

async function bytesOf(model: ServedModel, { first, last }: ByteRange): Promise<ReadableStream> {
  const handle = await open(model.path).catch((cause: unknown) => {
    throw new EngineError(
      `the file of the model "${model.id}" is gone or cannot be read; start the server again to fetch it`,
      { cause },
    );
  });
  const stream = handle.createReadStream({ start: first, end: last });
  return Readable.toWeb(stream) as ReadableStream; // Node's type and the global one are the same object
}

function isListed(etag: string, header: string | undefined): boolean {
  const tags = header?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags !== undefined && (tags.includes(etag) || tags.includes("*"));
}

function unknownFile(file: string, models: readonly ServedModel[]): UsageError {
  const known = models.map(({ id }) => `${id}.gguf`).join(", ") || "none";
  return new UsageError(`there is no model file "${file}" here; served are: ${known}`, {
    httpStatus: 404,
  });
}
