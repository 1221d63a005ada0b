// The page's workers: the one whose model answers, and the one that fetches the next model meanwhile. Knows no state.

import type { ModelClient } from "../worker/model-client.ts";
import type { Replacement } from "../worker/protocol.ts";

export interface ModelWorkersOptions {
  readonly startWorker: () => ModelClient;
  /** The worker whose model answered is dead, and no other is about to take its place. */
  readonly onDeath: (error: Error) => void;
  readonly onReplaced: (replacement: Replacement) => void;
}

export interface ModelWorkers {
  /** Whose model answers, or which prepares one; undefined before there is one. */
  readonly client: ModelClient | undefined;
  /** Whether the client's model is ready and alive. */
  readonly hasModel: boolean;
  /** A worker for a load. One that failed while it fetched is taken again, for it still has what it fetched; one in the middle of another load is closed. */
  beginLoad(): ModelClient;
  /** The worker's file is good and is about to take memory. A worker never gives its own back, so the one before is closed. */
  takePlace(worker: ModelClient): void;
  endLoad(hasModel: boolean): void;
}

/** No worker yet. */
export function modelWorkers(options: ModelWorkersOptions): ModelWorkers {
  let client: ModelClient | undefined;
  let spare: ModelClient | undefined; // one that has fetched at most
  let hasModel = false;
  let isLoading = false;

  const open = (): ModelClient => {
    const opened = options.startWorker();
    opened.onDeath((error) => {
      if (spare === opened) spare = undefined; // its load says why
      if (client !== opened) return;
      client = undefined;
      hasModel = false;
      if (spare === undefined) options.onDeath(error);
    });
    opened.onReplaced((replacement) => {
      if (client === opened) options.onReplaced(replacement);
    });
    return opened;
  };

  return {
    get client() {
      return client;
    },
    get hasModel() {
      return hasModel;
    },
    beginLoad() {
      if (isLoading) {
        spare?.close();
        spare = undefined;
        if (!hasModel) client?.close();
      }
      isLoading = true;
      spare ??= open();
      return spare;
    },
    takePlace(worker) {
      if (client === worker) return;
      client?.close();
      client = worker;
      spare = undefined;
      hasModel = false;
    },
    endLoad(isReady) {
      isLoading = false;
      hasModel ||= isReady;
    },
  };
}
