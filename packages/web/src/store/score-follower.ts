// Keeps every branch scored: whatever the state shows without a context vector is asked of the model, the active path first.

import { type NodeId, nodesOf, pathTo } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { activeDocumentPath } from "../views/path.ts";
import type { LoadedModel } from "../worker/protocol.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { AppState, Store } from "./state.ts";

/** Follows the store from now on; one score call runs at a time. */
export function followScores(store: StoreApi<Store>, link: ModelLink): void {
  let running: { readonly path: readonly NodeId[]; readonly abort: AbortController } | null = null;
  const failed = new Map<NodeId, number>(); // tips that could not be scored, by the load that tried: not tried again and again

  const look = (): void => {
    const state = store.getState();
    if (state.model.kind !== "ready") running?.abort.abort(); // its engine is about to close
    if (state.model.kind !== "ready" || state.work.kind === "generating") return;
    const active = activeDocumentPath(state.history.present).ids;
    const isWanting = (path: readonly NodeId[]): boolean => {
      const tip = path.at(-1);
      const isHopeless = tip !== undefined && failed.get(tip) === link.loads;
      return !isHopeless && path.some((id) => !isScored(state.scores, id));
    };
    if (running !== null) {
      if (isWanting(active) && !startsWith(active, running.path)) running.abort.abort();
      return;
    }
    const { present } = state.history;
    const path = isWanting(active)
      ? active
      : present.branches.map(({ tip }) => pathTo(present, tip)).find(isWanting);
    if (path !== undefined) void run(path, path === active);
  };

  const run = async (path: readonly NodeId[], isActive: boolean): Promise<void> => {
    const abort = new AbortController();
    running = { path, abort };
    const { history, scores } = store.getState();
    const from = path.findIndex((id) => !isScored(scores, id));
    const of = path.length - from;
    const ids = nodesOf(history.present, path).map((node) => node.id);
    const startedAt = performance.now();
    /** A reply that is written meanwhile keeps its word: where it stood no longer, the next Step would write the same token again. */
    const progress = (done: number): Partial<Pick<AppState, "work">> => {
      const isShown = isActive && of > 1 && store.getState().work.kind !== "generating";
      return isShown ? { work: { kind: "scoring", done, of } } : {};
    };
    store.setState(progress(0));
    try {
      await link.ask(
        "score",
        { ids, from },
        {
          signal: abort.signal,
          onEvent: ({ from: at, tokens }) => {
            const next = new Map(store.getState().scores);
            for (const [i, scored] of tokens.entries()) {
              const node = path[at + i];
              if (node !== undefined) next.set(node, scored);
            }
            store.setState({ scores: next, ...progress(at + tokens.length - from) });
          },
        },
      );
      if (of === 1) link.noteTokenTime(performance.now() - startedAt);
    } catch (error) {
      const problem = problemOf(error, store.getState());
      if (problem !== null && !abort.signal.aborted) {
        const tip = path.at(-1);
        if (tip !== undefined) failed.set(tip, link.loads);
        store.setState({ problem });
      }
    } finally {
      running = null;
      if (store.getState().work.kind === "scoring") store.setState({ work: { kind: "idle" } });
      look();
    }
  };

  store.subscribe((state, before) => {
    if (!isSameWork(state, before)) look(); // a key typed or a move is none
  });
}

/** True where nothing changed on which the follower depends. */
function isSameWork(a: Store, b: Store): boolean {
  return (
    a.history === b.history &&
    a.scores === b.scores &&
    a.work.kind === b.work.kind &&
    a.model.kind === b.model.kind &&
    loadedOf(a) === loadedOf(b)
  );
}

function loadedOf({ model }: Store): LoadedModel | null {
  return model.kind === "ready" ? model.loaded : null;
}

function isScored(scores: AppState["scores"], id: NodeId): boolean {
  return (scores.get(id)?.prediction.contextVector ?? null) !== null;
}

function startsWith(path: readonly NodeId[], start: readonly NodeId[]): boolean {
  return start.length <= path.length && start.every((id, i) => id === path[i]);
}
