// The toy engine's tokenizer: one token a byte, and three special tokens.

import { tokenId } from "../token.ts";
import type { Tokenizer, Vocabulary } from "../tokenizer.ts";

const BYTE_TOKENS = 256;
const SPECIALS: readonly string[] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/** Special tokens of the toy, by what they do. */
export const TOY_SPECIAL = {
  endOfText: tokenId(BYTE_TOKENS),
  startOfTurn: tokenId(BYTE_TOKENS + 1),
  endOfTurn: tokenId(BYTE_TOKENS + 2),
} as const;

/** V of the toy. */
export const TOY_VOCABULARY = BYTE_TOKENS + SPECIALS.length; // 259

/** The 256 bytes as tokens 0 to 255, then three special tokens. */
export const toyVocabulary: Vocabulary = {
  size: TOY_VOCABULARY,
  bytes(id) {
    if (id < BYTE_TOKENS) return Uint8Array.of(id);
    const name = SPECIALS[id - BYTE_TOKENS];
    if (name === undefined) throw new RangeError(`toy: token ${id} is outside ${TOY_VOCABULARY}`);
    return new TextEncoder().encode(name);
  },
  isSpecial: (id) => id >= BYTE_TOKENS,
};

/** One token a UTF-8 byte; no start token. */
export const toyTokenizer: Tokenizer = {
  name: "toy-bytes",
  vocabulary: toyVocabulary,
  startTokenId: null,
  endTokenIds: [TOY_SPECIAL.endOfText, TOY_SPECIAL.endOfTurn],
  encode(text, options = {}) {
    const stretches = options.parseSpecial
      ? text.split(/(<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>)/)
      : [text];
    return stretches.flatMap((stretch, i) => {
      const special = SPECIALS.indexOf(stretch);
      if (i % 2 === 1) return [tokenId(BYTE_TOKENS + special)];
      return Array.from(new TextEncoder().encode(stretch), tokenId);
    });
  },
};
