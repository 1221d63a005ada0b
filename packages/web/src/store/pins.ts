// Pinned tokens: up to five whose probability is followed along the whole text. Their rows of the head come from the model; nothing is run.

import { type HeadRow, pieceName, type TokenId } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { Store } from "./state.ts";

/** Token ids, and the model whose ids they are. */
interface Pins {
  readonly modelSha256: string | null;
  readonly ids: readonly TokenId[];
}

export interface PinsState {
  readonly pins: Pins;
  /** What the loaded model gave of each pinned token; missing: not asked yet. */
  readonly pinRows: ReadonlyMap<TokenId, HeadRow>;
}

export interface PinsActions {
  /** Pins a token, or lets go of one that is pinned. */
  readonly togglePin: (id: TokenId) => void;
}

export const FIRST_PINS: PinsState = {
  pins: { modelSha256: null, ids: [] },
  pinRows: new Map(),
};

/** More rows than these are no longer compared by eye. */
export const MOST_PINS = 5;
const NONE: readonly TokenId[] = [];

/** The pinned tokens of the document's model. */
export function pinsOf({ pins, documentSha256 }: Pick<Store, "pins" | "documentSha256">) {
  return pins.modelSha256 === documentSha256 ? pins.ids : NONE;
}

/** Pinning and letting go; the live region says which. */
export function pinsActions(store: StoreApi<Store>): PinsActions {
  return {
    togglePin(id) {
      const state = store.getState();
      const before = pinsOf(state);
      const name = pieceName(state.vocabulary.bytes(id));
      const isPinned = before.includes(id);
      if (!isPinned && before.length === MOST_PINS) {
        store.setState({
          announcement: `${MOST_PINS} tokens are pinned already; remove one first`,
        });
        return;
      }
      const ids = isPinned ? before.filter((other) => other !== id) : [...before, id];
      store.setState({
        pins: { modelSha256: state.documentSha256, ids },
        announcement: isPinned
          ? `${name} is no longer pinned`
          : `${name} pinned, ${ids.length} of ${MOST_PINS}`,
      });
    },
  };
}

/** Asks the model for the row of every pinned token from now on, one at a time, and of another model again. */
export function followPins(store: StoreApi<Store>, link: ModelLink): void {
  let isAsking = false;
  let load = link.loads; // whose rows the state holds
  let failed = new Set<TokenId>();

  const look = async (): Promise<void> => {
    const state = store.getState();
    if (isAsking || state.model.kind !== "ready") return;
    if (load !== link.loads) {
      load = link.loads;
      failed = new Set();
      store.setState({ pinRows: new Map() }); // and is called again by that
      return;
    }
    const id = pinsOf(state).find((pin) => !state.pinRows.has(pin) && !failed.has(pin));
    if (id === undefined) return;
    isAsking = true;
    const asked = link.loads;
    try {
      const row = await link.ask("tokenVector", { id });
      if (asked === link.loads)
        store.setState(({ pinRows }) => ({ pinRows: new Map(pinRows).set(id, row) }));
    } catch (error) {
      failed.add(id);
      const problem = problemOf(error, store.getState());
      if (problem !== null) store.setState({ problem });
    } finally {
      isAsking = false;
      void look();
    }
  };
  store.subscribe(() => void look());
}
