// Any bytes as tokens that say exactly these bytes: whole characters by the tokenizer, what is left over by the vocabulary alone.

import { characterUnits, type TextRun } from "./editable-text.ts";
import { UsageError } from "./errors.ts";
import { bytesHex, pieceText } from "./piece.ts";
import { type TokenId, tokenId } from "./token.ts";
import type { Tokenizer, Vocabulary } from "./tokenizer.ts";

/** Tokens of these runs, byte for byte; typed look-alikes of special tokens stay text. Throws UsageError for a byte that no token has. */
export function exactTokens(runs: readonly TextRun[], tokenizer: Tokenizer): readonly TokenId[] {
  return runs.flatMap((run) =>
    run.kind === "special"
      ? [run.id]
      : stretchesOf(run.bytes).flatMap((bytes) => tokensOf(bytes, tokenizer)),
  );
}

/** Whole characters in a row, and rows of bytes that belong to none. */
function stretchesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const stretches: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  let isText: boolean | null = null;
  for (const unit of characterUnits(bytes)) {
    const isWhole = pieceText(unit) !== null;
    if (isText !== null && isText !== isWhole) {
      stretches.push(bytes.subarray(from, at));
      from = at;
    }
    isText = isWhole;
    at += unit.length;
  }
  if (from < bytes.length) stretches.push(bytes.subarray(from));
  return stretches;
}

function tokensOf(bytes: Uint8Array, tokenizer: Tokenizer): readonly TokenId[] {
  const { vocabulary } = tokenizer;
  const text = pieceText(bytes);
  const ids = text === null ? null : tokenizer.encode(text);
  const said = ids?.flatMap((id) => [...vocabulary.bytes(id)]);
  const isExact = said?.length === bytes.length && said.every((byte, i) => byte === bytes[i]);
  return ids !== null && isExact ? ids : longestTokens(bytes, vocabulary); // some tokenizers rewrite a text: a space before it, another form of é
}

/** The longest token at each place, from the left. */
function longestTokens(bytes: Uint8Array, vocabulary: Vocabulary): readonly TokenId[] {
  const { byHex, longest } = tokensByBytes(vocabulary);
  const ids: TokenId[] = [];
  for (let at = 0; at < bytes.length; ) {
    let length = Math.min(longest, bytes.length - at);
    const idAt = (): TokenId | undefined => byHex.get(bytesHex(bytes.subarray(at, at + length)));
    while (length > 1 && idAt() === undefined) length -= 1;
    const id = idAt();
    if (id === undefined) {
      const byte = bytesHex(bytes.subarray(at, at + 1)).toUpperCase();
      throw new UsageError(`No token of this vocabulary is the byte ${byte}: leave it out.`);
    }
    ids.push(id);
    at += length;
  }
  return ids;
}

interface TokensByBytes {
  readonly byHex: ReadonlyMap<string, TokenId>;
  readonly longest: number; // bytes
}

const indexed = new WeakMap<Vocabulary, TokensByBytes>();

function tokensByBytes(vocabulary: Vocabulary): TokensByBytes {
  const before = indexed.get(vocabulary);
  if (before !== undefined) return before;
  const byHex = new Map<string, TokenId>();
  let longest = 1;
  for (let index = 0; index < vocabulary.size; index += 1) {
    const id = tokenId(index);
    if (vocabulary.isSpecial(id)) continue;
    const bytes = vocabulary.bytes(id);
    const hex = bytesHex(bytes);
    if (bytes.length === 0 || byHex.has(hex)) continue;
    byHex.set(hex, id);
    longest = Math.max(longest, bytes.length);
  }
  const index = { byHex, longest };
  indexed.set(vocabulary, index);
  return index;
}
