// What an answer keeps of a place: its branch, tokens and numbers as plain data, so that they outlive the conversation and a file.

import {
  branchOf,
  bytesHex,
  formatBits,
  formatCount,
  formatProbability,
  formatRank,
  formatSpanRange,
  type NewToken,
  pieceGlyphs,
  surprisalBits,
  type TokenDocument,
  type TokenId,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { AppState, Span } from "../store/state.ts";
import { branchMap } from "./branch-map.ts";
import { conditionsText, plain } from "./copy-text.ts";
import { activeDocumentPath, type DocumentPath, documentPath, type Scores } from "./path.ts";
import { placeAt } from "./place.ts";
import { roundedWords } from "./rounded-sum.ts";

/** A token with its score; nats and rank are null where it has none. */
export interface KeptToken extends NewToken {
  readonly bytes: string; // hexadecimal
  readonly isSpecial: boolean;
  readonly logprobNats: number | null;
  readonly rank: number | null;
}

/** One of the most likely tokens at a place. */
interface KeptCandidate {
  readonly id: TokenId;
  readonly bytes: string; // hexadecimal
  readonly logprobNats: number;
}

/** A position, a span, or "next" (which has no tokens), as it was when it was attached. */
export interface Attachment {
  readonly branch: { readonly key: number; readonly name: string };
  readonly kind: "position" | "span" | "next";
  /** Positions `from` to `to`, both in. */
  readonly from: number;
  readonly to: number;
  /** The document up to the place, its tokens included. Ids are the document: by them the place is found again. */
  readonly ids: readonly TokenId[];
  readonly tokens: readonly KeptToken[];
  /** The most likely tokens of a position or of "next"; empty for a span. */
  readonly candidates: readonly KeptCandidate[];
  readonly vocabularySize: number;
  /** The model whose ids these are. */
  readonly sha256: string | null;
  /** Under what conditions the numbers hold. */
  readonly conditions: string;
}

const KEPT_CANDIDATES = 5; // enough to see whether one option is far ahead
const LISTED_TOKENS = 12; // of a span; more than that nobody adds up by hand

export type AttachmentInputs = Pick<
  AppState,
  | "history"
  | "scores"
  | "vocabulary"
  | "position"
  | "span"
  | "documentSha256"
  | "model"
  | "isRecording"
  | "settings"
  | "seed"
>;

/** The selected span, or without one the position; null in an empty document. */
export function attachmentAt(state: AttachmentInputs): Attachment | null {
  const { history, scores, vocabulary, documentSha256: sha256 } = state;
  const doc = history.present;
  const path = activeDocumentPath(doc);
  const target = selectionOf(state);
  if (target === null) return null;
  const { kind, from, to } = target;
  const lane = branchMap(doc, scores, vocabulary).lanes.find(({ isActive }) => isActive);
  const tokens = path.nodes.slice(from, to + 1).map((node, i): KeptToken => {
    const key = path.ids[from + i];
    const score = key === undefined ? null : (scores.get(key)?.score ?? null);
    const { id, origin, turn, role, part } = node;
    return {
      ...{ id, origin, turn, role, part },
      bytes: bytesHex(vocabulary.bytes(id)),
      isSpecial: vocabulary.isSpecial(id),
      logprobNats: score?.logprobNats ?? null,
      rank: score?.rank ?? null,
    };
  });
  return {
    branch: { key: doc.activeKey, name: lane?.name ?? "" },
    ...target,
    ids: path.nodes.slice(0, to + 1).map((node) => node.id),
    tokens,
    candidates: kind === "span" ? [] : candidatesAt(path, scores, { position: from, vocabulary }),
    vocabularySize: vocabulary.size,
    sha256,
    conditions: conditionsText({ ...state, view: "raw" }), // bits are always raw
  };
}

/** What would be attached now, in a button's words; null in an empty document. Examples: "position 44", "span 44–48". */
export function selectionLabel(
  state: Pick<AttachmentInputs, "history" | "position" | "span">,
): string | null {
  const target = selectionOf(state);
  if (target === null) return null;
  const range = formatSpanRange(target.from, target.to);
  if (target.kind === "next") return `position ${range}, next`;
  return `${target.kind} ${range}`;
}

/** A chip's words. Examples: "main, 36–45", "…dragon's, position 44". */
export function attachmentLabel({ branch, kind, from, to }: Attachment): string {
  const range = formatSpanRange(from, to);
  if (kind === "span") return `${branch.name}, ${range}`;
  return `${branch.name}, position ${range}${kind === "next" ? ", next" : ""}`;
}

interface AttachmentBits {
  readonly total: number;
  readonly perToken: number;
  /** " (terms rounded)" where the bits of the tokens as written miss the total; else empty. */
  readonly rounded: string;
}

/** Total and per-token bits of the scored tokens; null where none is scored. */
export function attachmentBits({ tokens }: Attachment): AttachmentBits | null {
  const nats = tokens.flatMap(({ logprobNats }) => (logprobNats === null ? [] : [logprobNats]));
  if (nats.length === 0) return null;
  const total = surprisalBits(nats.reduce((sum, value) => sum + value, 0));
  const rounded = roundedWords(nats.map(surprisalBits), total);
  return { total, perToken: total / nats.length, rounded };
}

/** Tokens and numbers in one line, as "Use my selection" writes it into an answer. */
export function attachmentText(attachment: Attachment): string {
  const { kind, from, to, tokens, vocabularySize, candidates } = attachment;
  const [token] = tokens;
  if (kind === "next" || token === undefined) {
    const rows = candidates.map(
      (row) => `${quoted(row.bytes)} ${formatProbability(Math.exp(row.logprobNats))}`,
    );
    return `Most likely at ${formatCount(from)}: ${rows.length === 0 ? "not known" : rows.join(", ")}`;
  }
  if (kind === "position") {
    const rank = formatRank(token.rank, vocabularySize);
    return `${quoted(token.bytes)} at ${formatCount(from)}: ${numbers(token)}, rank ${rank}`;
  }
  const bits = attachmentBits(attachment);
  const range = formatSpanRange(from, to);
  const total = `${formatBits(bits?.total ?? null)} bits, ${formatBits(bits?.perToken ?? null)} per token`;
  if (tokens.length > LISTED_TOKENS) {
    return `“${tokens.map(({ bytes }) => piece(bytes)).join("")}” at ${range}: ${total}`;
  }
  const terms = tokens.map((each) => `${quoted(each.bytes)} ${numbers(each)}`);
  return `${range}: ${terms.join("; ")}. Together ${total}${bits?.rounded ?? ""}`;
}

/** A kept token as the strip writes it. Example: "20646f67" -> "·dog". */
export function piece(hex: string): string {
  return plain(pieceGlyphs(hexBytes(hex)));
}

function quoted(hex: string): string {
  return `“${piece(hex)}”`;
}

/** The bytes of a hexadecimal string. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The branch of a document on whose path the attached tokens lie: the one they were attached on where it still holds them; null where none does. */
export function branchHolding(doc: TokenDocument, { branch, ids }: Attachment): number | null {
  const holds = (key: number): boolean => {
    const { nodes } = documentPath(doc, key);
    return nodes.length >= ids.length && ids.every((id, i) => nodes[i]?.id === id);
  };
  const keys = doc.branches.map(({ key }) => key).filter(holds);
  if (keys.includes(branch.key)) return branchOf(doc, branch.key).key;
  return keys[0] ?? null;
}

/** True where two attachments are of one place, under the same conditions. */
export function isSamePlace(a: Attachment, b: Attachment): boolean {
  return (
    a.kind === b.kind &&
    a.from === b.from &&
    a.conditions === b.conditions &&
    a.ids.length === b.ids.length &&
    a.ids.every((id, i) => id === b.ids[i])
  );
}

/** Where an attachment's chip leads on its branch. */
export function placeOf({ kind, from, to }: Attachment): {
  readonly position: number;
  readonly span: Span | null;
} {
  return { position: from, span: kind === "span" ? { from, to } : null };
}

function selectionOf({
  history,
  position,
  span,
}: Pick<AttachmentInputs, "history" | "position" | "span">): Pick<
  Attachment,
  "kind" | "from" | "to"
> | null {
  const { length } = activeDocumentPath(history.present).nodes;
  if (length === 0) return null;
  if (span !== null) return { kind: "span", ...span };
  return { kind: position < length ? "position" : "next", from: position, to: position };
}

function candidatesAt(
  path: DocumentPath,
  scores: Scores,
  { position, vocabulary }: { readonly position: number; readonly vocabulary: Vocabulary },
): readonly KeptCandidate[] {
  const { prediction } = placeAt(path, scores, position);
  if (prediction === null) return [];
  return Array.from(prediction.topIds.slice(0, KEPT_CANDIDATES), (id, i) => ({
    id: tokenId(id),
    bytes: bytesHex(vocabulary.bytes(tokenId(id))),
    logprobNats: prediction.topLogprobsNats[i] ?? 0,
  }));
}

/** Example: "p = 0.129, 2.96 bits": −log₂ of the p that is written gives the bits. */
function numbers({ logprobNats }: KeptToken): string {
  const p = logprobNats === null ? null : Math.exp(logprobNats);
  const bits = logprobNats === null ? null : surprisalBits(logprobNats);
  return `p = ${formatProbability(p)}, ${formatBits(bits)} bits`;
}
