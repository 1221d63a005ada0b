// Keeps every branch scored: whatever the state shows without a context vector is asked of the model, the active path first.

import { type NodeId, nodesOf, pathTo } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { activeDocumentPath } from "../views/path.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { AppState, Store } from "./state.ts";

/** Follows the store from now on; one score call runs at a time. */
export function followScores(store: StoreApi<Store>, link: ModelLink): void {
  let running: { readonly path: readonly NodeId[]; readonly abort: AbortController } | null = null;
  let lastPath: readonly NodeId[] = []; // what the worker's sequence holds
  let failedOn: unknown; // the document that could not be scored is not tried again and again

  const look = (): void => {
    const state = store.getState();
    if (state.model.kind !== "ready") running?.abort.abort(); // its engine is about to close
    if (state.model.kind !== "ready" || state.work.kind === "generating") return;
    const active = activeDocumentPath(state.history.present).ids;
    if (running !== null) {
      if (!startsWith(active, running.path)) running.abort.abort();
      return;
    }
    if (failedOn === state.history.present) return;
    const path = nextPath(state, active, lastPath);
    if (path !== null) void run(path, path === active);
  };

  const run = async (path: readonly NodeId[], isActive: boolean): Promise<void> => {
    const abort = new AbortController();
    running = { path, abort };
    const { history, scores } = store.getState();
    const unscored = path.findIndex((id) => !isScored(scores, id));
    const from = unscored === -1 ? path.length : unscored;
    const of = path.length - from;
    const ids = nodesOf(history.present, path).map((node) => node.id);
    const startedAt = performance.now();
    if (isActive && of > 1) store.setState({ work: { kind: "scoring", done: 0, of } });
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
            const done = at + tokens.length - from;
            store.setState({
              scores: next,
              ...(isActive && of > 1 ? { work: { kind: "scoring" as const, done, of } } : {}),
            });
          },
        },
      );
      lastPath = path;
      if (of === 1) link.noteTokenTime(performance.now() - startedAt);
    } catch (error) {
      const problem = problemOf(error, store.getState());
      if (problem !== null && !abort.signal.aborted) {
        failedOn = store.getState().history.present;
        store.setState({ problem });
      }
    } finally {
      running = null;
      if (store.getState().work.kind === "scoring") store.setState({ work: { kind: "idle" } });
      look();
    }
  };

  store.subscribe(look);
}

/** The active path where it is not scored, else another branch, else the active path once more so that the worker holds it; null where all is well. */
function nextPath(
  { history, scores }: AppState,
  active: readonly NodeId[],
  held: readonly NodeId[],
): readonly NodeId[] | null {
  const isWanting = (path: readonly NodeId[]): boolean => path.some((id) => !isScored(scores, id));
  if (isWanting(active)) return active;
  const { present } = history;
  const wanting = present.branches.map(({ tip }) => pathTo(present, tip)).find(isWanting);
  if (wanting !== undefined) return wanting;
  return startsWith(active, held) || startsWith(held, active) ? null : active;
}

function isScored(scores: AppState["scores"], id: NodeId): boolean {
  return (scores.get(id)?.prediction.contextVector ?? null) !== null;
}

function startsWith(path: readonly NodeId[], start: readonly NodeId[]): boolean {
  return start.length <= path.length && start.every((id, i) => id === path[i]);
}
