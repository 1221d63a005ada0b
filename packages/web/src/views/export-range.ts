// What an export is about: the whole branch, the reply or the span, and the words that stand beside its numbers.

import { formatSpanRange, type ModelIdentity } from "@tokenscope/core";
import type { AppState, Span } from "../store/state.ts";
import { activeDocumentPath, replyTurn } from "./path.ts";
import { fileWords, modelBehind } from "./session.ts";

export type RangeKind = "branch" | "reply" | "span";

/** A choice of range; `span` is null where there is no such part. */
export interface ExportRange {
  readonly kind: RangeKind;
  readonly label: string;
  readonly span: Span | null;
}

/** The three ranges of the path on screen. */
export function exportRanges({
  history,
  span,
}: Pick<AppState, "history" | "span">): readonly ExportRange[] {
  const path = activeDocumentPath(history.present);
  const reply = replyTurn(path);
  const last = path.nodes.length - 1;
  return [
    { kind: "branch", label: "Whole branch", span: last < 0 ? null : { from: 0, to: last } },
    {
      kind: "reply",
      label: "Reply",
      span: reply === undefined ? null : { from: reply.contentStart, to: reply.end - 1 },
    },
    {
      kind: "span",
      label: span === null ? "Span" : `Span ${formatSpanRange(span.from, span.to)}`,
      span,
    },
  ];
}

/** What stands under a picture. Example: "Positions 0–106 · smollm2-135m-instruct-q4_1 (sha256 0123456789ab), exact, wasm · bits raw, T = 1, first token unscored". */
export function captionText(span: Span, state: Pick<AppState, "model" | "documentModel">): string {
  const model = modelBehind(state);
  return [
    `${span.from === span.to ? "Position" : "Positions"} ${formatSpanRange(span.from, span.to)}`,
    ...(model === null ? [] : [modelText(model)]),
    "bits raw, T = 1, first token unscored",
  ].join(" · ");
}

function modelText({ sha256, precision, backend, ...file }: ModelIdentity): string {
  return `${fileWords(file)} (sha256 ${sha256.slice(0, 12)}), ${precision}, ${backend}`;
}

const NAME_CHARACTERS = 40;

/** A file's name from a conversation's title. Example: "Write a story about…", "reply.csv" -> "write-a-story-about-reply.csv". */
export function fileName(title: string, ending: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .slice(0, NAME_CHARACTERS)
    .replaceAll(/^-+|-+$/g, "");
  return `${words === "" ? "conversation" : words}-${ending}`;
}
