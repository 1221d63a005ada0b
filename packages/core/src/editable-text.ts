// Tokens as a text that a person can edit, and back. What is no text stands in ⟦ ⟧: a special token by its name, a half character by its bytes.

import { UsageError } from "./errors.ts";
import { bytesHex, hexBytes, pieceText } from "./piece.ts";
import type { TokenId } from "./token.ts";
import { tokenId } from "./token.ts";
import type { Vocabulary } from "./tokenizer.ts";

/** A stretch of an edited text: plain bytes, or a special token that was meant. */
export type TextRun =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "special"; readonly id: TokenId };

/** A special token by its written name. */
export interface SpecialToken {
  readonly id: TokenId;
  readonly name: string;
}

const OPEN = "⟦";
const CLOSE = "⟧";
const BYTES = /^[0-9a-f]{2}( ?[0-9a-f]{2})*$/i;

const known = new WeakMap<Vocabulary, readonly SpecialToken[]>();

/** The special tokens of a vocabulary, by id. */
export function specialTokens(vocabulary: Vocabulary): readonly SpecialToken[] {
  const before = known.get(vocabulary);
  if (before !== undefined) return before;
  const found: SpecialToken[] = [];
  for (let id = 0; id < vocabulary.size; id += 1) {
    if (!vocabulary.isSpecial(tokenId(id))) continue;
    found.push({ id: tokenId(id), name: pieceText(vocabulary.bytes(tokenId(id))) ?? "" });
  }
  known.set(vocabulary, found);
  return found;
}

/** How a special token is written in an editable text. Example: `<|im_end|>` -> `⟦<|im_end|>⟧`, which the same characters without ⟦ ⟧ never mean. */
export function specialText(name: string): string {
  return `${OPEN}${name}${CLOSE}`;
}

/** Tokens as an editable text. Examples: the bytes E2 81 of a cut character -> `⟦E2 81⟧`; a `⟦` of the text itself -> `⟦⟦⟧`. */
export function editableText(ids: readonly TokenId[], vocabulary: Vocabulary): string {
  let text = "";
  let bytes: number[] = [];
  const flush = (): void => {
    text += bytesText(Uint8Array.from(bytes));
    bytes = [];
  };
  for (const id of ids) {
    if (vocabulary.isSpecial(id)) {
      flush();
      text += specialText(pieceText(vocabulary.bytes(id)) ?? "");
    } else bytes.push(...vocabulary.bytes(id));
  }
  flush();
  return text;
}

/** What an editable text says; throws UsageError where ⟦ ⟧ holds neither a special token of this vocabulary nor bytes. */
export function parseEditableText(text: string, vocabulary: Vocabulary): readonly TextRun[] {
  const runs: TextRun[] = [];
  const pattern = /⟦(⟦|[^⟦⟧]*)⟧|⟦|[^⟦]+/gu;
  for (const [part, inside] of text.matchAll(pattern)) {
    if (inside === undefined) {
      if (part === OPEN) throw new UsageError(unclosed());
      addBytes(runs, new TextEncoder().encode(part));
    } else if (inside === OPEN) addBytes(runs, new TextEncoder().encode(OPEN));
    else if (BYTES.test(inside)) addBytes(runs, hexBytes(inside.replaceAll(" ", "")));
    else {
      const special = specialTokens(vocabulary).find(({ name }) => name === inside);
      if (special === undefined) throw new UsageError(unknownSpecial(inside));
      runs.push({ kind: "special", id: special.id });
    }
  }
  return runs;
}

function unclosed(): string {
  return `A ${OPEN} is not closed by ${CLOSE}: it begins a special token or bytes; write ${OPEN}${OPEN}${CLOSE} for the character itself.`;
}

function unknownSpecial(inside: string): string {
  return `${OPEN}${inside}${CLOSE} is neither a special token of this model nor bytes such as ${OPEN}E2 81${CLOSE}: take one from the list, or write ${OPEN}${OPEN}${CLOSE} for the character ${OPEN}.`;
}

function addBytes(runs: TextRun[], bytes: Uint8Array): void {
  const last = runs.at(-1);
  if (last?.kind !== "bytes") runs.push({ kind: "bytes", bytes });
  else {
    runs[runs.length - 1] = { kind: "bytes", bytes: Uint8Array.from([...last.bytes, ...bytes]) };
  }
}

function bytesText(bytes: Uint8Array): string {
  let text = "";
  let stray: number[] = [];
  const flush = (): void => {
    if (stray.length > 0) text += `${OPEN}${spaced(Uint8Array.from(stray))}${CLOSE}`;
    stray = [];
  };
  for (const unit of characterUnits(bytes)) {
    const character = pieceText(unit);
    if (character === null) stray.push(...unit);
    else {
      flush();
      text += character === OPEN ? `${OPEN}${OPEN}${CLOSE}` : character;
    }
  }
  flush();
  return text;
}

function spaced(bytes: Uint8Array): string {
  return (bytesHex(bytes).toUpperCase().match(/../g) ?? []).join(" ");
}

/** Bytes cut into whole characters; a byte that belongs to none stands alone. Example: C3 A9 E2 -> [C3 A9] [E2]. */
export function characterUnits(bytes: Uint8Array): readonly Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = characterBytes(bytes[at] ?? 0);
    const unit = bytes.subarray(at, at + length);
    const isWhole = unit.length === length && (length === 1 || pieceText(unit) !== null);
    units.push(isWhole ? unit : bytes.subarray(at, at + 1));
    at += isWhole ? length : 1;
  }
  return units;
}

/** How many bytes a character has that begins with this one (RFC 3629); 1 for a byte that begins none. */
function characterBytes(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}
