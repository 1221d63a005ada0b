// The page as it is kept in this browser, so that a reload shows the same conversation with its numbers, model or not.

import type { History, NodeId, ScoredToken, TokenDocument, Vocabulary } from "@tokenscope/core";
import { get, set } from "idb-keyval";
import type { StoreApi } from "zustand/vanilla";
import type { VocabularyTable } from "../worker/protocol.ts";
import { tableVocabulary } from "../worker/vocabulary-table.ts";
import { withoutVectors } from "./model-link.ts";
import type { AppState, Store } from "./state.ts";

const PAGE = "page";
const VOCABULARY = "vocabulary";
const VERSION = 1; // another shape is not read: better an empty page than a broken one
const SAVE_AFTER_MS = 400;

/** Versions share one node table, so each is its branches alone. */
type Version = Omit<TokenDocument, "nodes">;

const KEPT_PARTS = [
  "precision",
  "isRecording",
  "position",
  "span",
  "view",
  "settings",
  "seed",
  "redraws",
  "role",
  "message",
  "theme",
] as const satisfies readonly (keyof AppState)[];

interface SavedPage extends Pick<AppState, (typeof KEPT_PARTS)[number]> {
  readonly version: typeof VERSION;
  readonly nodes: TokenDocument["nodes"];
  readonly past: readonly Version[];
  readonly present: Version;
  readonly future: readonly Version[];
  readonly scores: ReadonlyMap<NodeId, ScoredToken>;
}

/** The page as it was left, or null where nothing readable is kept. `otherVocabulary` serves until a model was loaded once. */
export async function readSaved(
  otherVocabulary: () => Promise<Vocabulary>,
): Promise<Partial<AppState> | null> {
  try {
    const page = await get<SavedPage>(PAGE);
    if (page?.version !== VERSION) return null;
    const table = await get<VocabularyTable>(VOCABULARY);
    const vocabulary = table === undefined ? await otherVocabulary() : tableVocabulary(table);
    const { version: _version, nodes, past, present, future, ...parts } = page;
    const whole = (version: Version): TokenDocument => ({ ...version, nodes });
    const history: History = {
      past: past.map(whole),
      present: whole(present),
      future: future.map(whole),
    };
    return { ...parts, history, vocabulary };
  } catch {
    return null; // no storage, or another program's: the page opens as if for the first time
  }
}

/** Keeps the page from now on, a moment after each change and when it is left. */
export function followSaving(store: StoreApi<Store>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastSaved: AppState | null = null;
  let savedLoaded: unknown;
  let canSave = true;

  const save = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const state = store.getState();
    if (!canSave || (lastSaved !== null && !isChanged(lastSaved, state))) return;
    lastSaved = state;
    const { model } = state;
    try {
      await set(PAGE, savedPage(state));
      if (model.kind === "ready" && model.loaded.vocabulary !== savedLoaded) {
        savedLoaded = model.loaded.vocabulary;
        await set(VOCABULARY, model.loaded.vocabulary);
      }
    } catch {
      canSave = false;
      store.setState({
        problem: "This browser keeps nothing here, so a reload will lose the conversation.",
      });
    }
  };
  store.subscribe(() => {
    timer ??= setTimeout(() => void save(), SAVE_AFTER_MS);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void save();
  });
}

function savedPage(state: AppState): SavedPage {
  const { past, present, future } = state.history;
  const own = ({ branches, activeKey }: TokenDocument): Version => ({ branches, activeKey });
  const parts = Object.fromEntries(KEPT_PARTS.map((part) => [part, state[part]]));
  return {
    ...(parts as Pick<AppState, (typeof KEPT_PARTS)[number]>),
    version: VERSION,
    nodes: longest([...past, present, ...future]).nodes,
    past: past.map(own),
    present: own(present),
    future: future.map(own),
    scores: withoutVectors(state.scores),
  };
}

function longest(versions: readonly TokenDocument[]): TokenDocument {
  return versions.reduce((a, b) => (b.nodes.length > a.nodes.length ? b : a));
}

function isChanged(before: AppState, now: AppState): boolean {
  const parts = [...KEPT_PARTS, "history", "scores", "model"] as const;
  return parts.some((part) => before[part] !== now[part]);
}
