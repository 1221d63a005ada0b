// Editing token by token: which edit is under way, and the verbs that write it as a branch. The old path stays, and Undo goes back to it.

import {
  editTokens,
  type NodeId,
  type Splice,
  type TextEdit,
  type TokenId,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { tooLong } from "../views/composer.ts";
import {
  editBlocks,
  editRange,
  markAt,
  placingEdit,
  rangeText,
  rangeWords,
  textEditing,
  textRange,
  writtenWords,
} from "../views/edit.ts";
import { activeDocumentPath, lastPosition } from "../views/path.ts";
import { countOf } from "../views/strip.ts";
import { commit } from "./commit.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { Store } from "./state.ts";

/** Positions [from, to) and the last token before `to`, which says on which path they are. */
interface Place {
  readonly from: number;
  readonly to: number;
  readonly mark: NodeId | null;
}

/** A token is being chosen: in place of a range, or before a position. */
export interface PlacingEdit extends Place {
  readonly kind: "replace" | "insert";
}

/** What a text in place of a range would change, or why it cannot be written. */
export interface TextPreview extends Place {
  readonly text: string;
  readonly edit: TextEdit | null;
  readonly problem: string | null;
}

/** A range is being edited as text. */
export interface TextEditing extends Place {
  readonly kind: "text";
  readonly text: string;
}

export type Edit = PlacingEdit | TextEditing;

/** Tokens found by text or id where nothing is predicted, so without ranks. */
export interface FoundTokens {
  readonly query: string;
  readonly ids: readonly TokenId[];
  readonly matches: number;
}

export interface EditState {
  /** The edit under way; it stands while its tokens are on the path shown. */
  readonly edit: Edit | null;
  /** Of the newest edited text that was answered. */
  readonly textPreview: TextPreview | null;
  /** What the search finds at the first position; null elsewhere. */
  readonly found: FoundTokens | null;
}

export interface EditActions {
  /** The next token chosen takes the place of the span, or of the position's token. */
  readonly replaceTokens: () => void;
  /** The tokens chosen next are inserted before the span, or before the position, one after another. */
  readonly insertTokens: () => void;
  /** A branch without the span, or without the position's token. */
  readonly removeTokens: () => void;
  readonly editAsText: () => void;
  /** An empty text, to be inserted at the same place. */
  readonly insertAsText: () => void;
  readonly setEditText: (text: string) => void;
  /** Writes the edited text as a branch; only what changed is tokenised again. */
  readonly writeEditText: () => void;
  readonly leaveEdit: () => void;
}

export const FIRST_EDIT: EditState = { edit: null, textPreview: null, found: null };

/** The verbs over a store; the model's tokenizer answers what a text is made of. */
export function editActions(store: StoreApi<Store>, link: ModelLink): EditActions {
  return {
    replaceTokens: () => place(store, "replace"),
    insertTokens: () => place(store, "insert"),
    removeTokens: () => remove(store),
    editAsText: () => openText(store, textRange(store.getState())),
    insertAsText() {
      const { span, position } = store.getState();
      const from = span?.from ?? position;
      openText(store, { from, to: from });
    },
    setEditText: (text) =>
      store.setState(({ edit }) => (edit?.kind === "text" ? { edit: { ...edit, text } } : {})),
    writeEditText: () => void writeText(store, link),
    leaveEdit: () =>
      store.setState(({ edit, drawer }) => ({
        edit: null,
        ...(edit?.kind === "text" && drawer === "edit" ? { drawer: null } : {}),
      })),
  };
}

/** From now on an edit that waits for a token ends when the position or the path changes under it. */
export function followEdits(store: StoreApi<Store>): void {
  store.subscribe((state) => {
    const { edit } = state;
    if (edit === null || edit.kind === "text" || placingEdit(state) !== null) return;
    store.setState({ edit: null });
  });
}

/** Writes a chosen token where an edit asked for one; false where none does. */
export function placeToken(store: StoreApi<Store>, token: Splice["tokens"][number]): boolean {
  const edit = placingEdit(store.getState());
  if (edit === null) return false;
  const { kind, from, to } = edit;
  const isInsert = kind === "insert";
  const what = isInsert ? `Inserted at ${from}` : `${sentenceCase(rangeWords(edit))} replaced`;
  const change = { from, to, tokens: [token] };
  if (!splice(store, change, { what, position: isInsert ? from + 1 : from })) return true;
  const path = activeDocumentPath(store.getState().history.present);
  const place: Place = { from: from + 1, to: from + 1, mark: markAt(path, from + 1) };
  store.setState({ edit: isInsert ? { kind, ...place } : null });
  return true;
}

/** True where a verb may go on; else the problem says why not. */
function isAllowed(store: StoreApi<Store>, reason: string | null): boolean {
  if (reason !== null) store.setState({ problem: `Nothing was edited: ${reason}.` });
  return reason === null;
}

function place(store: StoreApi<Store>, kind: PlacingEdit["kind"]): void {
  const state = store.getState();
  const range = editRange(state);
  if (!isAllowed(store, editBlocks(state)[kind]) || range === null) return;
  const { from } = range;
  const to = kind === "insert" ? from : range.to;
  const mark = markAt(activeDocumentPath(state.history.present), to);
  store.setState({ edit: { kind, from, to, mark }, position: from });
}

function remove(store: StoreApi<Store>): void {
  const state = store.getState();
  const range = editRange(state);
  if (!isAllowed(store, editBlocks(state).remove) || range === null) return;
  const what = `${sentenceCase(rangeWords(range))} removed`;
  splice(store, { ...range, tokens: [] }, { what, position: range.from });
}

function openText(
  store: StoreApi<Store>,
  range: { readonly from: number; readonly to: number },
): void {
  const state = store.getState();
  if (!isAllowed(store, editBlocks(state).text)) return;
  const path = activeDocumentPath(state.history.present);
  const mark = markAt(path, range.to);
  const { edit } = state;
  const isSame =
    edit?.kind === "text" && edit.from === range.from && edit.to === range.to && edit.mark === mark;
  const text = rangeText(path, range, state.vocabulary);
  const begun: Edit = { kind: "text", ...range, mark, text };
  store.setState({ edit: isSame ? edit : begun, drawer: "edit" }); // what was typed and not written is still there
}

async function writeText(store: StoreApi<Store>, link: ModelLink): Promise<void> {
  const before = store.getState();
  const edit = textEditing(before);
  if (!isAllowed(store, editBlocks(before).text) || edit === null) return;
  const { from, text } = edit;
  const ids = idsOf(before, edit);
  try {
    const change = await link.ask("textEdit", { ids, text });
    if (store.getState().history.present !== before.history.present) return; // the text is still there
    const tokens = change.ids.map((id) => ({ id, origin: "typed" as const }));
    const position = from + change.from;
    const what = `${countOf(tokens.length, "token")} written at ${position}`;
    const range = { from: position, to: from + change.to };
    if (splice(store, { ...range, tokens }, { what, position })) {
      store.setState(({ drawer }) => ({ edit: null, drawer: drawer === "edit" ? null : drawer }));
    }
  } catch (error) {
    store.setState({ problem: problemOf(error, store.getState()) });
  }
}

/** The token ids of an edit's range. */
export function idsOf({ history }: Pick<Store, "history">, { from, to }: Place): TokenId[] {
  const { nodes } = activeDocumentPath(history.present);
  return nodes.slice(from, to).map((node) => node.id);
}

/** Writes a splice as a new version; false, with the problem said, where it may not be. */
function splice(
  store: StoreApi<Store>,
  change: Splice,
  { what, position }: { readonly what: string; readonly position: number },
): boolean {
  const { history, model, vocabulary, work } = store.getState();
  if (model.kind !== "ready" || work.kind === "generating") {
    return isAllowed(store, editBlocks(store.getState()).text);
  }
  const { contextLength, endTokenIds } = model.loaded;
  const { length } = activeDocumentPath(history.present).ids;
  const after = length + change.tokens.length - (change.to - change.from);
  if (after > contextLength) {
    store.setState({ problem: tooLong(after, contextLength) });
    return false;
  }
  const next = editTokens(history.present, change, { vocabulary, endTokenIds });
  const last = lastPosition(activeDocumentPath(next));
  const announcement = writtenWords(what, length - change.to);
  if (next !== history.present) {
    commit(store, next, { position: Math.min(position, last), announcement });
  }
  return true;
}

function sentenceCase(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
