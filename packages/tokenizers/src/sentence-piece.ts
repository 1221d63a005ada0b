// SentencePiece's kind of BPE as llama.cpp reads it: characters merge across the whole text, bytes stand in for what has no token.
// Knows no special tokens. Where the two differ we follow SentencePiece: no text merges into a control or byte token.

import { mergedBounds, type PairPriority } from "./pair-merging.ts";
import {
  type CharacterAlphabet,
  type SpacePrefix,
  TOKEN_TYPE,
  type TokenizerFields,
} from "./tokenizer-fields.ts";
import { buildWordsEncoder, type StretchEncoder } from "./word-memory.ts";

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
  const joined = unitsBeforeSpace(idOf);
  const encodeWords = buildWordsEncoder((word) => {
    const bounds = mergedBounds(word, characterStarts(word), priorityOf);
    const ids: number[] = [];
    for (let i = 1; i < bounds.length; i++) {
      const piece = word.slice(bounds[i - 1], bounds[i]);
      const id = idOf.get(piece);
      const found = id === undefined ? Array.from(utf8.encode(piece), (b) => idOfByte[b]) : [id];
      for (const each of found) {
        if (each === undefined) return null;
        ids.push(each);
      }
    }
    return ids;
  });
  const { spacePrefix } = fields.alphabet;
  return (text, isFirst) => {
    const marked = text.replaceAll(" ", SPACE_MARK);
    const hasMark = hasPrefix(spacePrefix, marked, isFirst);
    return encodeWords(cutWords(hasMark ? SPACE_MARK + marked : marked, joined));
  };
}

/** The UTF-16 units that stand before a U+2581 inside a token: in Gemma only ">". */
function unitsBeforeSpace(idOf: ReadonlyMap<string, number>): ReadonlySet<string> {
  const units = new Set<string>();
  for (const token of idOf.keys()) {
    for (let at = token.indexOf(SPACE_MARK, 1); at > 0; at = token.indexOf(SPACE_MARK, at + 1)) {
      units.add(token.charAt(at - 1));
    }
  }
  return units;
}

/** Cuts before each space that no merge can reach across, so that what is merged stays short; the ids are those of the whole. */
function cutWords(written: string, joined: ReadonlySet<string>): readonly string[] {
  const words: string[] = [];
  let start = 0;
  for (let at = written.indexOf(SPACE_MARK, 1); at > 0; at = written.indexOf(SPACE_MARK, at + 1)) {
    if (joined.has(written.charAt(at - 1))) continue;
    words.push(written.slice(start, at));
    start = at;
  }
  if (start < written.length) words.push(written.slice(start));
  return words;
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
