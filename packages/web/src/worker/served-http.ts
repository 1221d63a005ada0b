// A server's answers to calls, over HTTP: one request each. Knows no retries.

import {
  CALL_TYPE,
  type CallMessage,
  decodeMessages,
  decodeValue,
  encodeValue,
  identityMark,
  type ModelCallKind,
  type ModelDescription,
} from "@tokenscope/calls";
import { EngineError, type ModelIdentity, UsageError } from "@tokenscope/core";
import type { ModelFile } from "./protocol.ts";

const PASSING_STATUSES = [502, 503, 504]; // of a proxy whose server is away

/** The server cannot be reached, or went away in the middle: ask again. */
export class SilentServer extends EngineError {}

/** The server's description of a model; throws SilentServer, UsageError for what it refuses, EngineError for what fails there, the signal's reason when aborted. */
export async function fetchModel(
  { id, calls = "" }: ModelFile,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<ModelDescription> {
  const url = new URL("model", calls);
  url.searchParams.set("model", id);
  const response = await answered(() => fetcher(url, { signal, cache: "no-store" }), signal);
  const bytes = await answered(() => response.arrayBuffer(), signal);
  return decodeValue(new Uint8Array(bytes)) as ModelDescription; // the same release wrote it
}

export interface Asked {
  readonly file: ModelFile;
  readonly identity: ModelIdentity; // of the model as it was described
  readonly kind: ModelCallKind;
  readonly request: unknown;
}

/** The messages of a call's answer as they come; throws as fetchModel does. */
export async function* messagesOf(
  { file: { id, calls = "" }, identity, kind, request }: Asked,
  fetcher: typeof fetch,
  signal: AbortSignal,
): AsyncGenerator<CallMessage, void, void> {
  const url = new URL(kind, calls);
  url.searchParams.set("model", id);
  url.searchParams.set("of", identityMark(identity));
  const init = {
    method: "POST",
    headers: { "content-type": CALL_TYPE },
    body: encodeValue(request),
    signal,
  };
  const { body } = await answered(() => fetcher(url, init), signal);
  if (body === null) return;
  try {
    yield* decodeMessages(chunksOf(body)) as AsyncGenerator<CallMessage, void, void>; // the server's own messages
  } catch (cause) {
    throw signal.aborted ? signal.reason : new SilentServer("the answer broke off", { cause });
  }
}

/** Safari's streams do not iterate. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** The outcome of a request; a network that fails is silence, and a status is the server's own sentence. */
async function answered<T extends Response | ArrayBuffer>(
  request: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const result = await request().catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw new SilentServer("the server does not answer; start it again, or reload the page", {
      cause,
    });
  });
  if (!(result instanceof Response) || result.ok) return result;
  const { status } = result;
  const sentence =
    (await result.text().catch(() => "")).slice(0, 500) || `the server answered ${status}`;
  if (PASSING_STATUSES.includes(status)) throw new SilentServer(sentence);
  throw status < 500 ? new UsageError(sentence, { httpStatus: status }) : new EngineError(sentence);
}
