// The bytes of every token of a vocabulary. Knows neither merges nor how text is split.

import type { TokenId, Vocabulary } from "@tokenscope/core";
import { byteLevelBytes } from "./byte-level.ts";
import { sentencePieceBytes } from "./sentence-piece.ts";
import { isSpecialType, TOKEN_TYPE, type TokenizerFields } from "./tokenizer-fields.ts";

const utf8 = new TextEncoder();

/** Builds the byte table of all V tokens: special tokens are literal, and so are user-defined ones beside byte-level tokens; the others are in the vocabulary's alphabet. */
export function buildVocabulary({ tokens, tokenTypes, alphabet }: TokenizerFields): Vocabulary {
  const isByteLevel = alphabet.kind === "byte-level";
  const known: Uint8Array[] = []; // filled as they are asked for: 262,144 small arrays take half a second
  const checked = (id: TokenId) => {
    if (Number.isInteger(id) && id >= 0 && id < tokens.length) return id;
    throw new RangeError(`vocabulary: token id ${id} is not in 0 to ${tokens.length - 1}`);
  };
  const bytes = (id: TokenId) => {
    const written = tokens[checked(id)] ?? "";
    const type = tokenTypes[id];
    if (isSpecialType(type)) return utf8.encode(written);
    if (!isByteLevel) return sentencePieceBytes(written, type === TOKEN_TYPE.byte);
    return type === TOKEN_TYPE.userDefined ? utf8.encode(written) : byteLevelBytes(written);
  };
  return {
    size: tokens.length,
    bytes: (id) => {
      known[id] ??= bytes(id);
      return known[id];
    },
    isSpecial: (id) => isSpecialType(tokenTypes[checked(id)]),
  };
}
