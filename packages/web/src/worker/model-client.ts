// The page's side of the protocol: typed calls to the worker, and the news of its death.

import { EngineError, type RunCounts } from "@tokenscope/core";
import { errorOf } from "./failure.ts";
import type { CallKind, Calls, FromWorker, Replacement, ToWorker } from "./protocol.ts";

export interface CallOptions<K extends CallKind> {
  readonly onEvent?: (event: Calls[K]["event"]) => void;
  readonly signal?: AbortSignal;
}

/** A model somewhere else. A call rejects with the error that the other side threw; after a death every call does. */
export interface ModelClient {
  readonly counts: RunCounts;
  call<K extends CallKind>(
    kind: K,
    request: Calls[K]["request"],
    options?: CallOptions<K>,
  ): Promise<Calls[K]["result"]>;
  onDeath(listener: (error: EngineError) => void): void;
  onReplaced(listener: (replacement: Replacement) => void): void;
  close(): void;
}

/** The part of a Worker that is used. */
export interface WorkerPort {
  postMessage(message: ToWorker): void;
  terminate(): void;
  addEventListener(
    type: "message" | "error" | "messageerror",
    listener: (event: Event) => void,
  ): void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onEvent: (event: unknown) => void;
}

const SILENT_DEATHS: Readonly<Record<string, string>> = {
  error: "its script did not load", // the one error that comes without a message
  messageerror: "a message could not be read",
};

/** A client of a worker that was just started. */
export function workerClient(worker: WorkerPort): ModelClient {
  const pending = new Map<number, Pending>();
  const deathListeners: ((error: EngineError) => void)[] = [];
  const replacedListeners: ((replacement: Replacement) => void)[] = [];
  let counts: RunCounts = { modelRuns: 0, headRuns: 0 };
  let calls = 0;
  let death: EngineError | undefined;

  const die = (event: Event): void => {
    if (death !== undefined) return;
    const message = event instanceof ErrorEvent ? event.message : "";
    const reason = message === "" ? SILENT_DEATHS[event.type] : message;
    death = new EngineError(`The model's worker stopped: ${reason ?? event.type}.`);
    worker.terminate();
    for (const { reject } of pending.values()) reject(death);
    pending.clear();
    for (const listener of deathListeners) listener(death);
  };
  const receive = (message: FromWorker): void => {
    if (message.kind === "replaced") {
      for (const listener of replacedListeners) listener(message);
      return;
    }
    const call = pending.get(message.call);
    if (call === undefined) return;
    if (message.kind === "event") {
      call.onEvent(message.event);
      return;
    }
    pending.delete(message.call);
    if (message.kind === "done") {
      counts = message.counts;
      call.resolve(message.result);
    } else call.reject(errorOf(message.failure));
  };
  worker.addEventListener("message", (event) => receive((event as MessageEvent<FromWorker>).data));
  worker.addEventListener("error", die);
  worker.addEventListener("messageerror", die);

  return {
    get counts() {
      return counts;
    },
    call(kind, request, { onEvent, signal } = {}) {
      if (death !== undefined) return Promise.reject(death);
      calls += 1;
      const call = calls;
      const abort = (): void => worker.postMessage({ kind: "abort", call });
      signal?.addEventListener("abort", abort);
      const answer = new Promise<never>((resolve, reject) => {
        pending.set(call, {
          resolve: resolve as (result: unknown) => void,
          reject,
          onEvent: (event) => onEvent?.(event as never),
        });
        worker.postMessage({ kind, call, request } as ToWorker);
        if (signal?.aborted) abort();
      });
      return answer.finally(() => signal?.removeEventListener("abort", abort));
    },
    onDeath: (listener) => void deathListeners.push(listener),
    onReplaced: (listener) => void replacedListeners.push(listener),
    close() {
      worker.terminate();
      const closed = new DOMException("The model's worker was closed.", "AbortError");
      for (const { reject } of pending.values()) reject(closed);
      pending.clear();
    },
  };
}

/** Starts the model's worker; its code is fetched only now. */
export function startModelWorker(): ModelClient {
  return workerClient(
    new Worker(new URL("./model-worker.ts", import.meta.url), { type: "module" }), // Vite wants the two in one expression
  );
}
