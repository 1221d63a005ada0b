// The second engine: a worker of its own over the same file in the other precision, or over another model, while Look deeper compares the two.

import { tableVocabulary } from "@tokenscope/calls";
import type { Precision } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import type { ModelClient } from "../worker/model-client.ts";
import type { CallKind, Calls } from "../worker/protocol.ts";
import { type DeeperState, isRemote, type SecondChoice, type SecondEngine } from "./deeper.ts";
import type { ModelLinkOptions } from "./model-link.ts";
import type { RemoteModel } from "./remote-models.ts";
import type { Store } from "./state.ts";

export interface SecondLink {
  readonly open: () => void;
  readonly close: () => void;
  /** One call to the second engine; throws RangeError where there is none. */
  ask<K extends CallKind>(
    kind: K,
    request: Calls[K]["request"],
    onEvent?: (event: Calls[K]["event"]) => void,
  ): Promise<Calls[K]["result"]>;
}

/** The precision that the page does not run in. */
export function otherPrecision(precision: Precision): Precision {
  return precision === "exact" ? "compact" : "exact";
}

/** A link that is closed; it closes itself with the drawer, and when the page's own model changes. */
export function secondLink(
  store: StoreApi<Store>,
  { startWorker, findModel }: ModelLinkOptions,
): SecondLink {
  let client: ModelClient | undefined;
  const set = (second: SecondEngine, more: Partial<DeeperState> = {}): void =>
    store.setState(({ deeper }) => ({ deeper: { ...deeper, second, ...more } }));

  const close = (): void => {
    if (client === undefined && store.getState().deeper.second.kind === "closed") return;
    client?.close();
    client = undefined;
    set({ kind: "closed" }, { secondScores: new Map(), findings: withoutSecond(store) });
  };

  const load = async (
    opened: ModelClient,
    choice: Exclude<SecondChoice, RemoteModel>,
  ): Promise<void> => {
    const isOpen = (): boolean => client === opened;
    const fail = (error: unknown): void => {
      if (!isOpen()) return;
      client = undefined;
      opened.close();
      set({ kind: "failed", what: error instanceof Error ? error.message : String(error) });
    };
    opened.onDeath(fail);
    try {
      const { precision: own } = store.getState();
      const isOtherModel = choice !== "precision";
      const model = isOtherModel ? choice : await findModel();
      if (!isOpen()) return; // a closed one must not begin a download
      const precision = isOtherModel ? own : otherPrecision(own);
      const engine = isOtherModel ? "auto" : "wasm"; // the server's engine has one precision
      const onEvent = (event: Calls["load"]["event"]): void => {
        if (!isOpen()) return;
        const { kind } = event;
        if (kind === "prepare") set({ kind: "preparing" });
        else set({ ...event, kind: "loading" });
      };
      const loaded = await opened.call("load", { model, precision, engine }, { onEvent });
      const vocabulary = tableVocabulary(loaded.vocabulary);
      if (isOpen()) set({ kind: "ready", loaded, vocabulary, isOtherModel });
    } catch (error) {
      fail(error);
    }
  };

  store.subscribe(({ drawer, model, deeper }) => {
    const isOpen = client !== undefined || deeper.second.kind === "remote";
    if (isOpen && (drawer !== "deeper" || model.kind !== "ready")) close();
  });

  return {
    open() {
      const { model, deeper } = store.getState();
      if (client !== undefined || model.kind !== "ready") return;
      const { secondChoice: choice } = deeper;
      if (isRemote(choice)) {
        set({ kind: "remote", model: choice }); // which needs no engine here
        return;
      }
      client = startWorker();
      set({ kind: "preparing" });
      void load(client, choice);
    },
    close,
    async ask(kind, request, onEvent) {
      if (client === undefined) throw new RangeError(`ask: ${kind} without a second engine`);
      return client.call(kind, request, onEvent && { onEvent });
    },
  };
}

function withoutSecond(store: StoreApi<Store>): DeeperState["findings"] {
  const { findings } = store.getState().deeper;
  const without = { divergence: null, crossing: null, remote: null };
  return new Map(Array.from(findings, ([at, finding]) => [at, { ...finding, ...without }]));
}
