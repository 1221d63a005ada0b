// Editing token by token: what it would change, why it would not, and the words for it.

import {
  editableText,
  formatCount,
  formatSpanRange,
  type NodeId,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  specialTokens,
  type TextEdit,
  type TokenDocument,
  type TokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { Edit, FoundTokens, PlacingEdit, TextEditing, TextPreview } from "../store/edits.ts";
import type { AppState } from "../store/state.ts";
import { activeDocumentPath, type DocumentPath, turnHolding } from "./path.ts";
import { countOf } from "./strip.ts";

/** Positions [from, to). */
interface Range {
  readonly from: number;
  readonly to: number;
}

type Here = Pick<AppState, "history" | "position" | "span">;
type Editing = Pick<AppState, "history" | "position" | "edit">;

/** What Replace and Remove act on: the span, or the token at the position; null at "next". */
export function editRange({ history, position, span }: Here): Range | null {
  if (span !== null) return { from: span.from, to: span.to + 1 };
  const { length } = activeDocumentPath(history.present).nodes;
  return position < length ? { from: position, to: position + 1 } : null;
}

/** What Edit as text opens: the span, or the message of the turn around the position. */
export function textRange({ history, position, span }: Here): Range {
  if (span !== null) return { from: span.from, to: span.to + 1 };
  const turn = turnHolding(activeDocumentPath(history.present), position);
  return { from: turn?.contentStart ?? 0, to: turn?.contentEnd ?? 0 };
}

/** The last token of a path that an edit leaves standing before `to` or changes; it names the path up to there. */
export function markAt(path: DocumentPath, to: number): NodeId | null {
  return path.ids[to - 1] ?? null;
}

/** The edit that chooses a token, where it still stands: at the position shown, on the path on which it began. */
export function placingEdit({ history, position, edit }: Editing): PlacingEdit | null {
  if (edit === null || edit.kind === "text" || edit.from !== position) return null;
  return isOnPath(edit, activeDocumentPath(history.present)) ? edit : null;
}

/** The edit as text, where its tokens are on the path shown. */
export function textEditing({
  history,
  edit,
}: Pick<AppState, "history" | "edit">): TextEditing | null {
  if (edit?.kind !== "text") return null;
  return isOnPath(edit, activeDocumentPath(history.present)) ? edit : null;
}

function isOnPath(edit: Edit, path: DocumentPath): boolean {
  return edit.to <= path.ids.length && markAt(path, edit.to) === edit.mark;
}

/** Why each verb does nothing now; null where it works. */
export interface EditBlocks {
  readonly replace: string | null;
  readonly insert: string | null;
  readonly remove: string | null;
  readonly text: string | null;
}

const NOTHING_HERE = "no token stands here yet: choose a candidate to append one";

/** Which of the verbs work. */
export function editBlocks(state: Here & Pick<AppState, "model" | "work">): EditBlocks {
  const { model, work, history } = state;
  const noModel = model.kind === "ready" ? null : "this needs the model";
  const busy = work.kind === "generating" ? "the model is writing: stop it first" : null;
  const { length } = activeDocumentPath(history.present).nodes;
  const empty = length === 0 ? "nothing is written yet" : null;
  const all = noModel ?? busy ?? empty;
  const token = all ?? (editRange(state) === null ? NOTHING_HERE : null);
  return { replace: token, insert: token, remove: token, text: all };
}

/** What choosing a token does in this edit. Example: "Choose a token to put in place of position 44. The later tokens are kept and scored again." */
export function placingWords(
  { kind, from, to }: PlacingEdit,
  path: DocumentPath,
): { readonly choosing: string; readonly keeping: string } {
  const where =
    kind === "insert"
      ? `insert before position ${formatCount(from)}`
      : `put in place of ${rangeWords({ from, to })}`;
  const keeping = to < path.ids.length ? "The later tokens are kept and scored again." : "";
  return { choosing: `Choose a token to ${where}.`, keeping };
}

/** Example: "position 44", "positions 44–48". */
export function rangeWords({ from, to }: Range): string {
  return to - from === 1
    ? `position ${formatCount(from)}`
    : `positions ${formatSpanRange(from, to - 1)}`;
}

/** What an edit wrote, for a screen reader. Example: "Position 44 replaced, 12 later tokens are scored again". */
export function writtenWords(what: string, later: number): string {
  return later === 0 ? what : `${what}, ${countOf(later, "later token")} scored again`;
}

/** The text of a range as it is edited. */
export function rangeText(path: DocumentPath, { from, to }: Range, vocabulary: Vocabulary): string {
  return editableText(
    path.nodes.slice(from, to).map((node) => node.id),
    vocabulary,
  );
}

/** A token of the preview. */
export interface PreviewToken {
  readonly segments: readonly PieceSegment[];
  readonly isSpecial: boolean;
}

export interface TextEditorView {
  readonly title: string;
  /** The tokens on either side of what changes, and what changes; the outer ones cut to a few. */
  readonly before: readonly PreviewToken[];
  readonly written: readonly PreviewToken[];
  readonly after: readonly PreviewToken[];
  /** True where tokens go and none come. */
  readonly isRemoval: boolean;
  /** Example: "2 tokens give way to 3; the other 14 of the text are kept." */
  readonly summary: string;
  /** Why the text cannot be written; null where it can. */
  readonly problem: string | null;
  /** True where the text says what its tokens say already. */
  readonly isUnchanged: boolean;
}

const PREVIEW_AROUND = 12; // tokens on either side

/** The editor of a text: what would be written, and what is kept. */
export function textEditorView(
  edit: TextEditing,
  newest: TextPreview | null,
  { path, vocabulary }: { readonly path: DocumentPath; readonly vocabulary: Vocabulary },
): TextEditorView {
  const { from, to } = edit;
  const isOwn = newest?.from === from && newest.to === to && newest.mark === edit.mark;
  const preview = isOwn ? newest : null;
  const role = turnHolding(path, from)?.role ?? "";
  const old = path.nodes.slice(from, to).map((node) => node.id);
  const change = preview?.edit ?? null;
  const isCurrent = preview?.text === edit.text;
  const tokens = (ids: readonly (typeof old)[number][]): readonly PreviewToken[] =>
    ids.map((id) => ({
      segments: pieceGlyphs(vocabulary.bytes(id)),
      isSpecial: vocabulary.isSpecial(id),
    }));
  const isChange = change !== null && (change.to > change.from || change.ids.length > 0);
  return {
    title:
      from === to
        ? `Insert text before position ${formatCount(from)}`
        : `Edit ${rangeWords(edit)} as text, ${role} turn`,
    before: tokens(old.slice(0, change?.from ?? 0).slice(-PREVIEW_AROUND)),
    written: tokens(change?.ids ?? []),
    after: tokens(old.slice(change?.to ?? 0).slice(0, PREVIEW_AROUND)),
    isRemoval: change !== null && change.to > change.from && change.ids.length === 0,
    summary: change === null ? "" : summaryOf(change, old.length),
    problem: isCurrent ? (preview?.problem ?? null) : null,
    isUnchanged: isCurrent && change !== null && !isChange,
  };
}

function summaryOf(change: TextEdit, length: number): string {
  const gone = change.to - change.from;
  const come = change.ids.length;
  if (gone === 0 && come === 0) return "Nothing has changed.";
  const kept = length - gone;
  const rest = kept === 0 ? "" : ` ${countOf(kept, "token")} of this text ${isOrAre(kept)} kept.`;
  if (gone === 0) return `${countOf(come, "token")} written.${rest}`;
  if (come === 0) return `${countOf(gone, "token")} removed.${rest}`;
  return `${countOf(gone, "token")} replaced by ${formatCount(come)}.${rest}`;
}

const FEW_SPECIALS = 40; // Gemma has thousands that nobody means

/** The special tokens to choose from: those of the path first, then by id. */
export function specialChoices(
  doc: TokenDocument,
  vocabulary: Vocabulary,
): { readonly names: readonly string[]; readonly more: string } {
  const onPath = new Set(activeDocumentPath(doc).nodes.map((node) => node.id));
  const all = specialTokens(vocabulary);
  const sorted = [
    ...all.filter(({ id }) => onPath.has(id)),
    ...all.filter(({ id }) => !onPath.has(id)),
  ];
  const more = all.length - FEW_SPECIALS;
  return {
    names: sorted.slice(0, FEW_SPECIALS).map(({ name }) => name),
    more: more > 0 ? `${formatCount(more)} more: write their names between ⟦ and ⟧` : "",
  };
}

/** A token of the search at the first position. */
export interface FoundRow {
  readonly id: TokenId;
  readonly idText: string;
  readonly segments: readonly PieceSegment[];
  readonly isSpecial: boolean;
  readonly name: string; // for a screen reader
}

const ASK = "Nothing is predicted for the first position: find a token by its text or id.";

/** What the search at the first position shows. */
export function foundView(
  found: FoundTokens | null,
  query: string,
  vocabulary: Vocabulary,
): { readonly note: string; readonly rows: readonly FoundRow[] } {
  const wanted = query.trim();
  if (wanted === "" || found === null || found.query !== query) return { note: ASK, rows: [] };
  const rows = found.ids.map((id): FoundRow => {
    const bytes = vocabulary.bytes(id);
    const isSpecial = vocabulary.isSpecial(id);
    const name = `${pieceName(bytes)}, id ${id}${isSpecial ? ", special token" : ""}`;
    return { id, idText: formatCount(id), segments: pieceGlyphs(bytes), isSpecial, name };
  });
  const all = `${formatCount(found.matches)} match${found.matches === 1 ? "" : "es"}, by id`;
  if (rows.length === 0) {
    return { note: `No token of the ${formatCount(vocabulary.size)} contains '${wanted}'.`, rows };
  }
  return {
    note: rows.length < found.matches ? `${formatCount(rows.length)} of ${all}` : all,
    rows,
  };
}

function isOrAre(count: number): string {
  return count === 1 ? "is" : "are";
}
