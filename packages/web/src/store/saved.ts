// The page as it is kept in this browser, tab by tab, so that a reload shows the same conversation with its numbers, model or not.

import { tableVocabulary, type VocabularyTable } from "@tokenscope/calls";
import type { History, NodeId, ScoredToken, TokenDocument, Vocabulary } from "@tokenscope/core";
import { delMany, get, set, update } from "idb-keyval";
import type { StoreApi } from "zustand/vanilla";
import { newId } from "./files.ts";
import { withoutVectors } from "./model-link.ts";
import type { AppState, Store } from "./state.ts";

const VOCABULARY = "vocabulary";
const TABS = "tabs"; // ids of the tabs whose pages are kept, the one that wrote last at the end
const KEPT_TABS = 8;
const VERSION = 2; // another shape is not read: better an empty page than a broken one
const SAVE_AFTER_MS = 400;

/** Versions share one node table, so each is its branches alone. */
type Version = Omit<TokenDocument, "nodes">;

/** Where one stands and how it is set: small, and written with every move. */
const PLACE_PARTS = [
  "precision",
  "engine",
  "chosen",
  "position",
  "span",
  "view",
  "settings",
  "seed",
  "redraws",
  "role",
  "message",
  "theme",
  "colorBy",
  "pins",
  "pinScale",
  "isLabOpen",
  "lab",
] as const satisfies readonly (keyof AppState)[];

/** What goes with the document. */
const DOCUMENT_PARTS = [
  "isRecording",
  "recordedTips",
  "documentSha256",
  "documentModel",
  "conversationId",
] as const satisfies readonly (keyof AppState)[];

type SavedPlace = Pick<AppState, (typeof PLACE_PARTS)[number]>;

interface SavedDocument extends Pick<AppState, (typeof DOCUMENT_PARTS)[number]> {
  readonly version: typeof VERSION;
  readonly nodes: TokenDocument["nodes"];
  readonly past: readonly Version[];
  readonly present: Version;
  readonly future: readonly Version[];
  readonly scores: ReadonlyMap<NodeId, ScoredToken>;
}

/** The page as this tab left it, else as any tab left it last, or null where nothing readable is kept. `otherVocabulary` serves until a model was loaded once. */
export async function readSaved(
  tab: string,
  otherVocabulary: () => Promise<Vocabulary>,
): Promise<Partial<AppState> | null> {
  try {
    const newest = (await get<readonly string[]>(TABS))?.at(-1) ?? tab;
    const page = (await readTab(tab)) ?? continuedPage(await readTab(newest));
    if (page === null) return null;
    const table = await get<VocabularyTable>(VOCABULARY);
    const vocabulary = table === undefined ? await otherVocabulary() : tableVocabulary(table);
    return { ...page, vocabulary };
  } catch {
    return null; // no storage, or another program's: the page opens as if for the first time
  }
}

/** Another tab's page goes on here as a conversation of its own: two tabs never write over each other in the list. */
function continuedPage(page: Partial<AppState> | null): Partial<AppState> | null {
  return page === null ? null : { ...page, conversationId: newId() };
}

async function readTab(tab: string): Promise<Partial<AppState> | null> {
  const saved = await get<SavedDocument>(documentKey(tab));
  const place = await get<SavedPlace>(placeKey(tab));
  if (saved?.version !== VERSION || place === undefined) return null;
  const { version: _version, nodes, past, present, future, ...parts } = saved;
  const whole = (version: Version): TokenDocument => ({ ...version, nodes });
  const history: History = {
    past: past.map(whole),
    present: whole(present),
    future: future.map(whole),
  };
  return { ...parts, ...place, history };
}

/** Forgets the page of this tab; the next visit begins with the recorded example. */
export async function forgetSaved(tab: string): Promise<void> {
  await update<readonly string[]>(TABS, (tabs = []) => tabs.filter((other) => other !== tab));
  await delMany([documentKey(tab), placeKey(tab)]);
}

/** This tab's name: the same after a reload, another in another tab. */
export function tabName(): string {
  const known = sessionStorage.getItem("tab");
  if (known !== null) return known;
  const name = Math.random().toString(36).slice(2);
  sessionStorage.setItem("tab", name);
  return name;
}

/** Keeps the page from now on, a moment after each change and when it is left. */
export function followSaving(store: StoreApi<Store>, tab: string): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saved: AppState | null = null; // what was written last
  let savedVocabulary: unknown;
  let isTold = false; // that nothing is kept, once

  const save = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const state = store.getState();
    const before = saved;
    saved = state;
    const { model } = state;
    try {
      if (isChanged(before, state, [...DOCUMENT_PARTS, "history", "scores"])) {
        await set(documentKey(tab), savedDocument(state));
        await rememberTab(tab);
      }
      if (isChanged(before, state, PLACE_PARTS)) await set(placeKey(tab), savedPlace(state));
      if (model.kind === "ready" && model.loaded.vocabulary !== savedVocabulary) {
        await set(VOCABULARY, model.loaded.vocabulary);
        savedVocabulary = model.loaded.vocabulary;
      }
    } catch {
      saved = before; // tried again with the next change
      const problem = "This browser keeps nothing here, so a reload will lose the conversation.";
      if (!isTold) store.setState({ problem });
      isTold = true;
    }
  };
  store.subscribe(() => {
    timer ??= setTimeout(() => void save(), SAVE_AFTER_MS);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void save();
  });
}

/** Notes that this tab wrote last; of many tabs the pages of the oldest are dropped. */
async function rememberTab(tab: string): Promise<void> {
  let dropped: readonly string[] = [];
  await update<readonly string[]>(TABS, (tabs = []) => {
    const all = [...tabs.filter((other) => other !== tab), tab];
    dropped = all.slice(0, -KEPT_TABS);
    return all.slice(-KEPT_TABS);
  });
  if (dropped.length > 0)
    await delMany(dropped.flatMap((old) => [documentKey(old), placeKey(old)]));
}

function documentKey(tab: string): string {
  return `document:${tab}`;
}

function placeKey(tab: string): string {
  return `place:${tab}`;
}

function savedPlace(state: AppState): SavedPlace {
  return Object.fromEntries(
    PLACE_PARTS.map((part) => [part, state[part]]),
  ) as unknown as SavedPlace;
}

function savedDocument(state: AppState): SavedDocument {
  const { past, present, future } = state.history;
  const own = ({ nodes: _nodes, ...version }: TokenDocument): Version => version;
  const { isRecording, recordedTips, documentSha256, documentModel, conversationId } = state;
  return {
    version: VERSION,
    isRecording,
    recordedTips,
    documentSha256,
    documentModel,
    conversationId,
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

function isChanged(
  before: AppState | null,
  now: AppState,
  parts: readonly (keyof AppState)[],
): boolean {
  return before === null || parts.some((part) => before[part] !== now[part]);
}
