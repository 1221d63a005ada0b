// SentencePiece's kind of BPE as llama.cpp reads it: characters merge across the whole text, bytes stand in for what has no token.
// Knows no special tokens. Where the two differ we follow SentencePiece: no text merges into a control or byte token.

import type { StretchEncoder } from "./byte-pair.ts";
import { mergedBounds, type PairPriority } from "./pair-merging.ts";
import {
  type CharacterAlphabet,
  type SpacePrefix,
  TOKEN_TYPE,
  type TokenizerFields,
} from "./tokenizer-fields.ts";

/** What stands for a space in a token: U+2581, lower one eighth block. */
export const SPACE_MARK = "\u2581";

const utf8 = new TextEncoder();

/** Builds the encoder of a vocabulary of characters. A U+2581 of the text cannot be told from a space. */
export function buildSentencePieceEncoder(
  fields: TokenizerFields & { readonly alphabet: CharacterAlphabet },
  idOf: ReadonlyMap<string, number>,
  priorityOf: PairPriority,
): StretchEncoder {
  const idOfByte = byteTokens(fields);
  const { spacePrefix } = fields.alphabet;
  return (text, isFirst) => {
    const marked = text.replaceAll(" ", SPACE_MARK);
    const written = hasPrefix(spacePrefix, marked, isFirst) ? SPACE_MARK + marked : marked;
    const bounds = mergedBounds(written, characterStarts(written), priorityOf);
    const ids: number[] = [];
    for (let i = 1; i < bounds.length; i++) {
      const piece = written.slice(bounds[i - 1], bounds[i]);
      const id = idOf.get(piece);
      if (id !== undefined) ids.push(id);
      else {
        for (const byte of utf8.encode(piece)) {
          const byteId = idOfByte[byte];
          if (byteId === undefined) return null;
          ids.push(byteId);
        }
      }
    }
    return ids;
  };
}

/** The bytes of a token: U+2581 is a space, and a byte token is the byte it names. Example: "<0x0A>" → 0a. */
export function sentencePieceBytes(written: string, isByte: boolean): Uint8Array {
  const byte = isByte ? byteNamed(written) : undefined;
  return byte === undefined
    ? utf8.encode(written.replaceAll(SPACE_MARK, " "))
    : Uint8Array.of(byte);
}

/** The byte that <0xNN> names. */
export function byteNamed(written: string): number | undefined {
  const digits = /^<0x([0-9A-Fa-f]{2})>$/.exec(written)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** The id of each byte's token. */
function byteTokens({ tokens, tokenTypes }: TokenizerFields): readonly (number | undefined)[] {
  const idOfByte: (number | undefined)[] = new Array(256).fill(undefined);
  tokens.forEach((token, id) => {
    if (tokenTypes[id] !== TOKEN_TYPE.byte) return;
    const byte = byteNamed(token);
    if (byte !== undefined) idOfByte[byte] = id;
  });
  return idOfByte;
}

function characterStarts(text: string): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    starts.push(at);
  }
  return starts;
}

function hasPrefix(prefix: SpacePrefix, marked: string, isFirst: boolean): boolean {
  switch (prefix) {
    case "none":
      return false;
    case "each":
      return true;
    case "each-unspaced":
      return !marked.startsWith(SPACE_MARK);
    case "first-unspaced":
      return isFirst && !marked.startsWith(SPACE_MARK);
    default:
      return prefix satisfies never;
  }
}
