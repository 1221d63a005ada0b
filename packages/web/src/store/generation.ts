// Step, Generate response and Stop: tokens from the model are written as they come, all of one press as one step of Undo.

import {
  amend,
  branchOf,
  type Ending,
  extend,
  nodesOf,
  pathTo,
  record,
  tokenAt,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { canWrite } from "../views/composer.ts";
import { activeDocumentPath, isOpen, lastPosition } from "../views/path.ts";
import { countOf } from "../views/strip.ts";
import type { Calls } from "../worker/protocol.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { Store } from "./state.ts";

export interface Generation {
  /** Writes up to so many tokens at the end of the active branch. */
  write(maxTokens: number): Promise<void>;
  stop(): void;
}

/** Generation into a store's document. */
export function generation(store: StoreApi<Store>, link: ModelLink): Generation {
  let abort: AbortController | null = null;

  const write = async (maxTokens: number): Promise<void> => {
    const state = store.getState();
    const { history, settings, seed, redraws, model } = state;
    const path = activeDocumentPath(history.present);
    if (!canWrite(state) || model.kind !== "ready" || !isOpen(path)) return;
    const key = history.present.activeKey;
    const { endTokenIds } = model.loaded;
    let written = 0;
    let lastAt: number | null = null;
    const onEvent = (event: Calls["generate"]["event"]): void => {
      const now = performance.now();
      if (lastAt !== null) link.noteTokenTime(now - lastAt);
      lastAt = now;
      appendTo(store, { key, event, endTokenIds, isFirst: written === 0 });
      written += 1;
      store.setState({ work: { kind: "generating", written, of: maxTokens } });
    };
    abort = new AbortController();
    store.setState({
      work: { kind: "generating", written: 0, of: maxTokens },
      ending: null,
      span: null,
      position: path.nodes.length,
      isRecording: false,
    });
    const ids = path.nodes.map((node) => node.id);
    const redraw = redraws.get(ids.length) ?? 0;
    try {
      const ending = await link.ask(
        "generate",
        { ids, settings, seed, redraw, maxTokens },
        { signal: abort.signal, onEvent },
      );
      store.setState({ ending: endingToSay(ending, maxTokens) });
    } catch (error) {
      store.setState({ problem: problemOf(error, store.getState()) });
    } finally {
      abort = null;
      const announcement = `${countOf(written, "token")} written`;
      store.setState({ work: { kind: "idle" }, announcement });
    }
  };

  return { write, stop: () => abort?.abort() };
}

interface Arrival {
  readonly key: number;
  readonly event: Calls["generate"]["event"];
  readonly endTokenIds: readonly number[];
  readonly isFirst: boolean;
}

/** Writes one token at the end of a branch, whichever branch is shown; who stands at "next" moves along. */
function appendTo(store: StoreApi<Store>, { key, event, endTokenIds, isFirst }: Arrival): void {
  const { history, scores, position } = store.getState();
  const doc = history.present;
  const path = nodesOf(doc, pathTo(doc, branchOf(doc, key).tip));
  const { token, origin } = event;
  const next = extend(
    doc,
    [tokenAt(path, path.length, { id: token.id, origin }, endTokenIds)],
    key,
  );
  const node = branchOf(next, key).tip;
  const isFollowing = doc.activeKey === key && position === path.length;
  store.setState({
    history: isFirst ? record(history, next) : amend(history, next),
    scores: node === null ? scores : new Map(scores).set(node, token),
    ...(isFollowing ? { position: lastPosition(activeDocumentPath(next)) } : {}),
  });
}

/** A step that wrote its one token ended as asked; everything else is worth a word. */
function endingToSay(ending: Ending, maxTokens: number): Ending | null {
  return ending.kind === "length" && maxTokens === 1 ? null : ending;
}
