// What the page may ask of another server through this one: GET /remote/models, POST /remote/place. Every answer is JSON, errors too. The key stays here, and the page connects to this server alone.

import {
  LEAST_NATS,
  type RemoteCandidate,
  type RemoteModels,
  type RemotePlace,
  type RemotePlaceRequest,
} from "@tokenscope/calls";
import { bytesHex, EngineError, UsageError } from "@tokenscope/core";
import {
  type Endpoint,
  listModels,
  openRemoteModel,
  type ReadCandidate,
  type RemoteModel,
  readRemotely,
} from "@tokenscope/remote";
import { Hono } from "hono";
import { z } from "zod";
import { readBody } from "../api/read-body.ts";
import { BeyondError, RequestError } from "../api/request-error.ts";

const MOST_AT_ONCE = 16; // requests to the other server: what a classroom's pages send in a moment
const MAX_MESSAGES = 1_000;
const MAX_TEXT = 2_000_000; // characters
const MAX_TOP = 50;

export interface RemoteOptions {
  readonly endpoint: Endpoint;
  readonly maxBodyBytes: number;
}

/** True for the paths of these routes. */
export function isRemotePath(path: string): boolean {
  return path.startsWith("/remote/");
}

const text = z.string().max(MAX_TEXT);
const toolCall = z.strictObject({
  id: z.string(),
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
});
const message = z.strictObject({
  role: z.string(),
  content: text,
  toolCalls: z.array(toolCall).optional(),
  toolCallId: z.string().optional(),
});
const placeRequest = z.strictObject({
  model: z.string().min(1),
  top: z.int().min(1).max(MAX_TOP),
  messages: z.array(message).max(MAX_MESSAGES),
  role: z.string(),
  before: text,
  after: text,
});

/** The routes. */
export function remoteRoutes({ endpoint, maxBodyBytes }: RemoteOptions): Hono {
  const routes = new Hono();
  const models = new Map<string, Promise<RemoteModel>>(); // each finds out once what the server can
  const modelOf = (id: string): Promise<RemoteModel> => {
    const known = models.get(id) ?? openRemoteModel(endpoint, id);
    models.set(id, known);
    known.catch(() => models.delete(id)); // one that failed is asked for again
    return known;
  };
  let asked = 0;
  routes.get("/remote/models", async (c) => {
    const { signal } = c.req.raw;
    const listed: RemoteModels = {
      host: new URL(endpoint.baseUrl).host,
      models: await beyond(listModels(endpoint, signal)),
    };
    c.header("cache-control", "no-store");
    return c.json(listed);
  });
  routes.post("/remote/place", async (c) => {
    const { model, top, ...reading } = parsePlace(await readBody(c, maxBodyBytes));
    if (asked >= MOST_AT_ONCE) throw tooMany();
    asked += 1;
    try {
      const { signal } = c.req.raw;
      const asking = modelOf(model).then((found) => readRemotely(found, reading, { top, signal }));
      const read = await untilAborted(beyond(asking), signal);
      const answer: RemotePlace = {
        ...read,
        top: read.top.map(candidateJson),
        next: read.next && candidateJson(read.next),
      };
      c.header("cache-control", "no-store");
      return c.json(answer);
    } finally {
      asked -= 1;
    }
  });
  return routes;
}

/** What goes wrong at the other server is none of this one's refusals: 401 there is no 401 here. */
async function beyond<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof EngineError) throw new BeyondError(error.message, { cause: error });
    if (error instanceof UsageError) throw new RequestError(error.message, { cause: error });
    throw error;
  }
}

/** What is found out once is found out for all pages, and goes on when the one that asked first has gone. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function parsePlace(body: unknown): RemotePlaceRequest {
  const { success, data, error } = placeRequest.safeParse(body);
  if (success) return data as RemotePlaceRequest; // the schema is that of its type, but for undefined beside a missing field
  const [issue] = error.issues;
  const place = issue?.path.map(String).join(".") || "the request";
  throw new RequestError(
    `${place} is not what the page sends (${issue?.message}); reload the page`,
  );
}

function candidateJson(candidate: ReadCandidate): RemoteCandidate {
  const { text: name, bytes, isSpecial, logprobNats, rank } = candidate;
  return {
    text: name,
    bytesHex: bytes && bytesHex(bytes),
    isSpecial,
    logprobNats: Math.max(LEAST_NATS, logprobNats),
    rank,
  };
}

function tooMany(): RequestError {
  return new RequestError(
    `${MOST_AT_ONCE} requests to the other server are under way, which is as many as this one sends at once; try again in a moment`,
    { httpStatus: 429 },
  );
}
