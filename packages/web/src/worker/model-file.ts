// The model's file in the browser: from the cache if it is there, else fetched, verified and kept. Never a bad file in the cache.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { EngineError } from "@tokenscope/core";
import { keepBlob, keptBlob } from "./model-cache.ts";
import type { ModelFile } from "./protocol.ts";

const TRIES = 3; // without a byte of progress in between
const WAIT_MS = 500; // times the tries so far: a network that is away for a second comes back

export interface FetchOptions {
  readonly onProgress: (receivedBytes: number) => void;
  readonly signal: AbortSignal;
}

/** The file, on disk where the browser keeps it and then read by ranges; throws EngineError where it cannot be fetched whole or is not the file that was asked for. */
export async function loadModelFile(model: ModelFile, options: FetchOptions): Promise<Blob> {
  const kept = await keptFile(model);
  if (kept !== null) return kept;
  if (model.url === "") throw notKept(model);
  const fresh = await fetchVerified(model, options);
  return (await keptFile(model)) ?? fresh; // only one of the two stays alive
}

/** What an earlier visit kept, which was verified then; null where it is not there whole. */
async function keptFile({ sha256, fileBytes }: ModelFile): Promise<Blob | null> {
  const file = await keptBlob(sha256);
  return file?.size === fileBytes ? file : null;
}

function notKept({ label }: ModelFile): EngineError {
  return new EngineError(
    `${label} is a file of yours that this page reads where it lies and does not keep: choose it again under Models, and keep it in this browser if you want to find it here.`,
  );
}

async function fetchVerified(model: ModelFile, options: FetchOptions): Promise<Blob> {
  const isPatched = part?.sha256 === model.sha256;
  let bytes = await download(model, options);
  if (isPatched && (await sha256Of(bytes)) !== model.sha256) bytes = await download(model, options); // what was kept was bad
  await verify(model, bytes);
  const file = new Blob([bytes]); // the browser's own memory: the array may go
  await keepBlob(model, file); // without room the model works, and is fetched again next time
  return file;
}

/** What an interrupted download has received, for the next try, be it minutes later. */
let part: Partial | null = null;

async function download(model: ModelFile, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { sha256, fileBytes } = model;
  const isBegun = part?.sha256 === sha256 && part.bytes.length === fileBytes;
  const begun = part !== null && isBegun ? part : null;
  const bytes = begun?.bytes ?? new Uint8Array(fileBytes);
  let received = begun?.received ?? 0;
  part = null;
  let tries = 0;
  while (received < fileBytes) {
    try {
      received = await receive(model, { sha256, bytes, received }, options);
    } catch (error) {
      const reached = error instanceof Interrupted ? error.received : 0;
      if (error instanceof Interrupted) part = { sha256, bytes, received: reached };
      options.signal.throwIfAborted();
      tries = reached > received ? 1 : tries + 1;
      received = reached;
      if (tries === TRIES || !(error instanceof Interrupted)) throw failure(model, received, error);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * tries));
    }
  }
  part = null;
  return bytes;
}

class Interrupted extends Error {
  readonly received: number;
  constructor(received: number, cause: unknown) {
    super(`interrupted at ${received}`, { cause });
    this.received = received;
  }
}

interface Partial {
  readonly sha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly received: number;
}

async function receive(model: ModelFile, begun: Partial, options: FetchOptions): Promise<number> {
  const { onProgress, signal } = options;
  const headers: HeadersInit = begun.received > 0 ? { range: `bytes=${begun.received}-` } : {};
  const response = await fetch(model.url, { headers, signal }).catch((cause: unknown) => {
    throw new Interrupted(begun.received, cause);
  });
  if (!response.ok || response.body === null) {
    throw new Error(`the host answered ${response.status}`);
  }
  let at = response.status === 206 ? begun.received : 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new Interrupted(at, cause);
    });
    if (done) break;
    if (at + value.length > begun.bytes.length)
      throw new Error("the file is longer than it should be");
    begun.bytes.set(value, at);
    at += value.length;
    onProgress(at);
  }
  if (at < begun.bytes.length) throw new Interrupted(at, "the answer ended early");
  return at;
}

function failure(model: ModelFile, received: number, cause: unknown): EngineError {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const reason =
    cause instanceof Interrupted
      ? "the network went away"
      : cause instanceof Error
        ? cause.message
        : String(cause);
  return new EngineError(
    `The download stopped at ${megabytes(received)} of ${megabytes(model.fileBytes)} MB: ${reason}.`,
    { cause },
  );
}

async function verify(model: ModelFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const found = await sha256Of(bytes);
  if (found !== model.sha256) {
    throw new EngineError(
      `The file that came is not ${model.label}: its sha256 begins with ${found.slice(0, 12)}, not ${model.sha256.slice(0, 12)}. Nothing was kept; try again.`,
    );
  }
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle: SubtleCrypto | undefined = crypto.subtle; // none outside a secure context, whatever the types say
  if (subtle === undefined) return bytesToHex(sha256(bytes)); // about half a second for 100 MB
  return bytesToHex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
}
