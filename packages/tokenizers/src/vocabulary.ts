// The bytes of every token of a byte-level vocabulary. Knows neither merges nor how text is split.

import type { TokenId, Vocabulary } from "@tokenscope/core";
import { byteLevelBytes } from "./byte-level.ts";
import { TOKEN_TYPE } from "./metadata.ts";

const utf8 = new TextEncoder();

/** Builds the byte table of all V tokens: tokens the file names apart (control, unknown, user-defined) are literal, the others byte-level. */
export function buildVocabulary(
  tokens: readonly string[],
  tokenTypes: readonly number[],
): Vocabulary {
  const pieces = tokens.map((token, id) =>
    isLiteral(tokenTypes[id]) ? utf8.encode(token) : byteLevelBytes(token),
  );
  const special = tokenTypes.map(isSpecialType);
  const checked = (id: TokenId) => {
    if (Number.isInteger(id) && id >= 0 && id < tokens.length) return id;
    throw new RangeError(`vocabulary: token id ${id} is not in 0 to ${tokens.length - 1}`);
  };
  return {
    size: tokens.length,
    bytes: (id) => pieces[checked(id)] ?? new Uint8Array(),
    isSpecial: (id) => special[checked(id)] ?? false,
  };
}

/** Whether tokens of this type are read from a text only where special tokens are asked for. */
export function isSpecialType(type: number | undefined): boolean {
  return type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown;
}

function isLiteral(type: number | undefined): boolean {
  return isSpecialType(type) || type === TOKEN_TYPE.userDefined;
}
