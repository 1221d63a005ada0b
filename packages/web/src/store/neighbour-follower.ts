// Gives the neighbour's tokens their scores: a link brings none, and the loaded model can tell where it is the same one.

import {
  activePath,
  type NodeId,
  nodesOf,
  type ScoredToken,
  type Session,
  sessionDifference,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { partingOdds } from "../views/neighbour.ts";
import { sessionOf } from "../views/session.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { Store } from "./state.ts";

/** Follows the store from now on; each neighbour is asked about once a load. */
export function followNeighbour(store: StoreApi<Store>, link: ModelLink): void {
  let asked: Session | null = null;
  let loads = 0;
  const look = ({ neighbour, drawer, model, work }: Store): void => {
    if (neighbour === null || drawer !== "neighbour") return;
    if (model.kind !== "ready" || work.kind !== "idle") return;
    const { session } = neighbour;
    if (session === asked && loads === link.loads) return;
    if (model.loaded.identity.sha256 !== session.model.sha256 || isScored(session)) return;
    asked = session;
    loads = link.loads;
    void score(store, link, session);
  };
  store.subscribe(look);
  followOdds(store, link);
}

/** Asks for what the kept candidates do not tell of the two tokens where the conversations part: no run. */
function followOdds(store: StoreApi<Store>, link: ModelLink): void {
  let isAsking = false;
  const look = async (state: Store): Promise<void> => {
    const { neighbour, drawer, model } = state;
    if (isAsking || neighbour === null || drawer !== "neighbour" || model.kind !== "ready") return;
    const ours = sessionOf(state);
    const asked = ours && partingOdds(ours, sessionDifference(ours, neighbour.session));
    const contextVector = asked?.prediction.contextVector;
    const id = asked?.ids.find(
      (each) => !asked.prediction.topIds.includes(each) && !neighbour.odds.has(each),
    );
    if (!contextVector || id === undefined) return;
    isAsking = true;
    try {
      const [found] = await link.ask("scoreAt", { contextVectors: [contextVector], id });
      const now = store.getState().neighbour;
      if (found !== undefined && now?.session === neighbour.session) {
        store.setState({ neighbour: { ...now, odds: new Map(now.odds).set(id, found) } });
      }
    } catch (error) {
      const problem = problemOf(error, store.getState());
      if (problem !== null) store.setState({ problem });
    } finally {
      isAsking = false;
    }
  };
  store.subscribe((state) => void look(state));
}

function isScored({ document, scores }: Session): boolean {
  return activePath(document).every((id) => scores.has(id));
}

/** One run over the neighbour's active branch; the numbers are put beside its tokens if it is still there. */
async function score(store: StoreApi<Store>, link: ModelLink, session: Session): Promise<void> {
  const path = activePath(session.document);
  const ids = nodesOf(session.document, path).map(({ id }) => id);
  const scores = new Map<NodeId, ScoredToken>(session.scores);
  try {
    await link.ask(
      "score",
      { ids, from: 0 },
      {
        onEvent: ({ from, tokens }) => {
          for (const [i, scored] of tokens.entries()) {
            const node = path[from + i];
            if (node !== undefined) scores.set(node, scored);
          }
        },
      },
    );
    const { neighbour } = store.getState();
    if (neighbour?.session !== session) return;
    store.setState({ neighbour: { ...neighbour, session: { ...session, scores } } });
  } catch (error) {
    const problem = problemOf(error, store.getState());
    if (problem !== null) store.setState({ problem });
  }
}
