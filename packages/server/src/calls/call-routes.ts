// The page's calls on the engine of this process: GET /calls/model describes it, POST /calls/KIND answers a call as a stream of messages.

import {
  CALL_TYPE,
  createSessionHost,
  decodeValue,
  encodeValue,
  type FailureMessage,
  identityMark,
  type ModelCallKind,
  type ModelDescription,
  type SessionHost,
  scheduledTexts,
  vocabularyTable,
} from "@tokenscope/calls";
import { plainTemplate, UsageError } from "@tokenscope/core";
import { type Context, Hono } from "hono";
import type { ApiModels, ReadyModel } from "../api/api-models.ts";
import { readBytes } from "../api/read-body.ts";
import { errorAnswer } from "../api/request-error.ts";
import { isCallKind, parseRequest } from "./call-requests.ts";
import { messageStream } from "./message-stream.ts";
import { pacedHost } from "./paced-host.ts";

const BODY_FACTOR = 4; // a call may carry the context vectors of a whole text

export interface CallOptions {
  readonly models: ApiModels;
  readonly maxBodyBytes: number;
}

/** True for the paths of calls. */
export function isCallPath(path: string): boolean {
  return path.startsWith("/calls/");
}

/** The routes. */
export function callRoutes({ models, maxBodyBytes }: CallOptions): Hono {
  const routes = new Hono();
  const hosts = new WeakMap<ReadyModel, SessionHost>();
  const hostOf = (model: ReadyModel): SessionHost => {
    const known = hosts.get(model);
    if (known !== undefined) return known;
    const { engine, tokenizer, scheduler } = model;
    const template = model.chatTemplate ?? plainTemplate(tokenizer);
    const texts = scheduledTexts({ tokenizer }, scheduler);
    const host = pacedHost(createSessionHost({ engine, tokenizer, template }, texts));
    hosts.set(model, host);
    return host;
  };
  routes.get("/calls/model", async (c) => {
    const model = await models.ready(c.req.query("model"));
    return bytesAnswer(encodeValue(describe(model)));
  });
  routes.post("/calls/:kind", async (c) => {
    const kind = c.req.param("kind");
    if (!isCallKind(kind)) {
      throw new UsageError(`there is no call "${kind}"; reload the page`, { httpStatus: 404 });
    }
    const value = await readValue(c, maxBodyBytes * BODY_FACTOR);
    const model = await models.ready(c.req.query("model"));
    checkIdentity(c.req.query("of"), model);
    const request = parseRequest(kind, value, model.engine);
    return callAnswer({ kind, request }, hostOf(model), model);
  });
  return routes;
}

/** What the page must know of the model, beside what its list of files says. */
function describe({
  identity,
  engine,
  tokenizer,
  chatTemplate,
  weightBytes,
}: ReadyModel): ModelDescription {
  const { threads, contextLength } = engine;
  return {
    identity,
    threads,
    contextLength,
    weightBytes,
    vocabulary: vocabularyTable(tokenizer.vocabulary),
    endTokenIds: tokenizer.endTokenIds,
    hasTemplate: chatTemplate !== null,
    takesTools: (chatTemplate ?? plainTemplate(tokenizer)).takesTools,
  };
}

/** A page that was loaded before this server started may expect numbers of another precision or file: it must hear of it before it gets ours. */
function checkIdentity(expected: string | undefined, { id, identity }: ReadyModel): void {
  if (expected === undefined || expected === identityMark(identity)) return;
  throw new UsageError(`the server computes "${id}" another way now; load it again`, {
    httpStatus: 409,
  });
}

/** Only this type: no form of another page can send it unasked. */
async function readValue(c: Context, maxBytes: number): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (type !== CALL_TYPE) {
    throw new UsageError(`the body's type is ${JSON.stringify(type)}; calls are ${CALL_TYPE}`, {
      httpStatus: 415,
    });
  }
  const bytes = await readBytes(c, maxBytes);
  try {
    return decodeValue(bytes);
  } catch (cause) {
    throw new UsageError("the body is no MessagePack; reload the page", { cause });
  }
}

interface Call {
  readonly kind: ModelCallKind;
  readonly request: unknown;
}

/** Events as the page takes them, then what the call came to. A page that goes away ends its call within a step. */
function callAnswer({ kind, request }: Call, host: SessionHost, { engine }: ReadyModel): Response {
  const handler = host[kind] as (...args: unknown[]) => Promise<unknown>; // kind and request belong together
  const body = messageStream(async (send, signal) => {
    try {
      const result = await handler(
        request,
        (event: unknown) => send({ kind: "event", event }),
        signal,
      );
      await send({ kind: "done", result, counts: engine.counts });
    } catch (error) {
      await send({ kind: "failed", failure: failureOf(error) });
    }
  });
  return new Response(body, {
    headers: { "content-type": CALL_TYPE, "cache-control": "no-store" },
  });
}

function failureOf(error: unknown): FailureMessage {
  const { message } = errorAnswer(error).body.error;
  const name = error instanceof Error ? error.name : "Error";
  return { name, message, details: "" };
}

function bytesAnswer(bytes: Uint8Array<ArrayBuffer>): Response {
  return new Response(bytes, {
    headers: { "content-type": CALL_TYPE, "cache-control": "no-store" },
  });
}
