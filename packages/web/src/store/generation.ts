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
  let running: { readonly abort: AbortController; readonly maxTokens: number } | null = null;
  let stepsAsked = 0; // while another step is under way: none is lost

  const write = async (maxTokens: number): Promise<void> => {
    if (running !== null) {
      if (running.maxTokens === 1 && maxTokens === 1) stepsAsked += 1;
      return;
    }
    const state = store.getState();
    const { history, settings, seed, redraws, model } = state;
    const path = activeDocumentPath(history.present);
    if (!canWrite(state) || model.kind !== "ready" || !isOpen(path)) {
      stepsAsked = 0;
      return;
    }
    const { endTokenIds } = model.loaded;
    const arrivals = arrivalsInto(store, {
      key: history.present.activeKey,
      endTokenIds,
      maxTokens,
      loads: () => link.loads,
    });
    const noteTime = tokenTimer(link);
    const onEvent = (event: Arrival): void => {
      noteTime(performance.now());
      arrivals.add(event);
    };
    const abort = new AbortController();
    running = { abort, maxTokens };
    store.setState({
      work: { kind: "generating", written: 0, of: maxTokens },
      ending: null,
      span: null,
      position: path.nodes.length,
      isRecording: false,
    });
    const ids = path.nodes.map((node) => node.id);
    let end: Partial<Store> = {};
    try {
      const request = { ids, settings, seed, redraws, maxTokens };
      const ending = await link.ask("generate", request, { signal: abort.signal, onEvent });
      end = { ending: endingToSay(ending, maxTokens) };
    } catch (error) {
      end = { problem: problemOf(error, store.getState()) };
    } finally {
      running = null;
      arrivals.flush();
      const announcement = `${countOf(arrivals.count, "token")} written`;
      store.setState({ ...end, work: { kind: "idle" }, announcement });
    }
    if (stepsAsked > 0) {
      stepsAsked -= 1;
      await write(1);
    }
  };

  return { write, stop: () => running?.abort.abort() };
}

const BURST_MS = 1; // tokens that come closer than this were computed before, and waited together

/** Notes the time between tokens as they come. Those that came along with the first are not timed: who knows when they were begun? */
function tokenTimer(link: ModelLink): (now: number) => void {
  let lastAt: number | null = null;
  let isTiming = false;
  return (now) => {
    const milliseconds = lastAt === null ? 0 : now - lastAt;
    lastAt = now;
    isTiming ||= milliseconds >= BURST_MS;
    if (isTiming) link.noteTokenTime(milliseconds);
  };
}

type Arrival = Calls["generate"]["event"];

/** A token that has come, and how many engines had become ready by then. */
interface Waiting extends Arrival {
  readonly loads: number;
}

interface Arrivals {
  readonly count: number;
  add(arrival: Arrival): void;
  /** Writes what has come and is not written yet. */
  flush(): void;
}

// Drawing a token takes as long as computing it where the model's threads need every core: a few pictures a second are enough.
const DRAW_EVERY_MS = 150;

/** Writes tokens into the document as they come, those of one moment together. */
function arrivalsInto(
  store: StoreApi<Store>,
  place: {
    readonly key: number;
    readonly endTokenIds: readonly number[];
    readonly maxTokens: number;
    readonly loads: () => number;
  },
): Arrivals {
  let waiting: Waiting[] = [];
  let count = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = -Infinity;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    drawnAt = performance.now();
    const isFirst = count === waiting.length;
    const work = { kind: "generating", written: count, of: place.maxTokens } as const;
    store.setState((state) => ({ ...written(state, waiting, { ...place, isFirst }), work }));
    waiting = [];
  };
  return {
    get count() {
      return count;
    },
    add(arrival) {
      waiting.push({ ...arrival, loads: place.loads() });
      count += 1;
      const rest = drawnAt + DRAW_EVERY_MS - performance.now();
      if (rest <= 0) flush();
      else timer ??= setTimeout(flush, rest);
    },
    flush,
  };
}

interface Written {
  readonly key: number;
  readonly endTokenIds: readonly number[];
  readonly isFirst: boolean;
  readonly loads: () => number;
}

/** The state with more tokens at the end of a branch, whichever branch is shown; who stands at "next" moves along. */
function written(
  { history, scores, position }: Store,
  arrivals: readonly Waiting[],
  { key, endTokenIds, isFirst, loads }: Written,
): Partial<Store> {
  const before = history.present;
  const isFollowing =
    before.activeKey === key && position === pathTo(before, branchOf(before, key).tip).length;
  const all = new Map(scores);
  let doc = before;
  for (const { token, origin, loads: loadsThen } of arrivals) {
    const path = nodesOf(doc, pathTo(doc, branchOf(doc, key).tip));
    const next = tokenAt(path, path.length, { id: token.id, origin }, endTokenIds);
    doc = extend(doc, [next], key);
    const node = branchOf(doc, key).tip;
    if (node !== null && loadsThen === loads()) all.set(node, token); // a lost engine's score is made again
  }
  return {
    history: isFirst ? record(history, doc) : amend(history, doc),
    scores: all,
    ...(isFollowing ? { position: lastPosition(activeDocumentPath(doc)) } : {}),
  };
}

/** A step that wrote its one token ended as asked; everything else is worth a word. */
function endingToSay(ending: Ending, maxTokens: number): Ending | null {
  return ending.kind === "length" && maxTokens === 1 ? null : ending;
}
