// One file over HTTP into a part file, resumed by ranges. Knows nothing of models; whether the bytes are right is the caller's question.

import { type FileHandle, open, truncate } from "node:fs/promises";
import { EngineError } from "@tokenscope/core";
import { errorCode, fileBytes } from "./disk.ts";
import { startWatchdog, type Watchdog } from "./watchdog.ts";

const STALL_MS = 30_000; // a connection this long silent is cut and resumed
const MAX_IDLE_RESUMES = 3; // cut connections in a row that brought no byte

export interface Download {
  readonly url: string;
  readonly part: string;
  readonly expectedBytes: number | null;
  readonly fetch: typeof globalThis.fetch;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (receivedBytes: number, totalBytes: number | null) => void;
}

/** Completes the part file, from where it stands. Throws EngineError where the address does not give the file (the part stays, to be resumed), the signal's reason when aborted, and the disk's own errors as they are. */
export async function download(options: Download): Promise<void> {
  let idleResumes = 0;
  let isReached = false;
  for (;;) {
    const offset = (await fileBytes(options.part)) ?? 0;
    if (offset > 0 && offset === options.expectedBytes) return;
    try {
      await requestRest(options, offset, () => {
        isReached = true;
      });
      return;
    } catch (error) {
      if (!(error instanceof CutConnection)) throw error;
      const grown = ((await fileBytes(options.part)) ?? 0) > offset;
      idleResumes = grown ? 0 : idleResumes + 1;
      if (!isReached || idleResumes === MAX_IDLE_RESUMES)
        throw sourceError(options.url, error.cause);
    }
  }
}

/** A transfer that ended early and may be resumed; never leaves this file. */
class CutConnection extends Error {}

async function requestRest(
  options: Download,
  offset: number,
  onReached: () => void,
): Promise<void> {
  const watchdog = startWatchdog(options.connectTimeoutMs);
  const signals = options.signal ? [watchdog.signal, options.signal] : [watchdog.signal];
  try {
    const response = await answer(options, offset, AbortSignal.any(signals));
    onReached();
    const start = startOf(response, offset);
    if (start === null) {
      await response.body?.cancel();
      return await refuse(options, offset, response.status);
    }
    const handle = await open(options.part, start === 0 ? "w" : "a");
    try {
      await writeBody({ options, response, handle, start, watchdog });
    } finally {
      await handle.close();
    }
  } finally {
    watchdog.stop();
  }
}

async function answer(options: Download, offset: number, signal: AbortSignal): Promise<Response> {
  // Encoded bytes could not be resumed by range.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (offset > 0) headers["range"] = `bytes=${offset}-`;
  try {
    return await options.fetch(options.url, { headers, signal });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new CutConnection("not reached", { cause: error });
  }
}

/** Where the body's first byte belongs: the offset where the server took the range, 0 where it sends the whole file, null where it sends no file. */
function startOf(response: Response, offset: number): number | null {
  if (response.status === 200) return 0;
  if (response.status !== 206) return null;
  const first = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return Number(first) === offset ? offset : null;
}

async function refuse(options: Download, offset: number, status: number): Promise<never> {
  if (status === 416 && offset > 0) {
    await truncate(options.part); // it is longer than the file: not a part of it
    throw new CutConnection("range refused", { cause: new Error("answered 416") });
  }
  throw new EngineError(`${hostOf(options.url)} answered ${status}`);
}

interface Body {
  readonly options: Download;
  readonly response: Response;
  readonly handle: FileHandle;
  readonly start: number;
  readonly watchdog: Watchdog;
}

async function writeBody({ options, response, handle, start, watchdog }: Body): Promise<void> {
  const length = response.headers.get("content-length");
  const totalBytes = options.expectedBytes ?? (length === null ? null : start + Number(length));
  let end = start;
  for await (const chunk of chunks(response, options.signal)) {
    watchdog.touch(STALL_MS);
    await handle.writeFile(chunk); // goes on where the last one ended
    end += chunk.length;
    if (totalBytes !== null && end > totalBytes) {
      throw new EngineError(`${hostOf(options.url)} sent more than ${totalBytes} bytes`);
    }
    options.onBytes(end, totalBytes);
  }
  if (totalBytes !== null && end < totalBytes) {
    throw new CutConnection("cut", { cause: new Error(`ended at byte ${end} of ${totalBytes}`) });
  }
}

async function* chunks(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      signal?.throwIfAborted(); // a signal made of several may come late
      const next = await reader.read().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw new CutConnection("cut", { cause: error });
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    reader?.cancel().catch(() => undefined); // it may have failed already
  }
}

function sourceError(url: string, cause: unknown): EngineError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = errorCode(inner) ?? (inner instanceof Error ? inner.message : String(inner));
  return new EngineError(`${hostOf(url)} could not be reached (${reason})`, { cause });
}

/** The host alone: an address may carry a key. */
function hostOf(url: string): string {
  return new URL(url).host;
}
