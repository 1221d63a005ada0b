// What a tokenizer is made of, whichever file it came from. Types and the words they share; no logic.

/** A token's kind as in `tokenizer.ggml.token_type` (GGUF specification, LLAMA_TOKEN_TYPE). */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };

/** A vocabulary of V tokens with the rules that cut a text into them. */
export interface TokenizerFields {
  readonly tokens: readonly string[]; // V, as the file writes them
  readonly tokenTypes: readonly number[]; // V
  readonly startTokenId: number | null;
  readonly endTokenIds: readonly number[];
  readonly ranking: Ranking;
  readonly alphabet: Alphabet;
}

/** Which pair merges first: that of the earliest merge, or that which makes the token of the highest score. */
export type Ranking =
  | {
      readonly kind: "merges";
      readonly merges: readonly string[]; // "left right"
      readonly where: string; // in the file, for errors
    }
  | { readonly kind: "scores"; readonly scores: ArrayLike<number> };

/** What tokens are written in, and what is cut before merging. */
export type Alphabet = ByteLevelAlphabet | CharacterAlphabet;

/** Every byte is one character of GPT-2's alphabet; a text is first cut into words. */
export interface ByteLevelAlphabet {
  readonly kind: "byte-level";
  readonly patterns: readonly string[]; // applied in order
  readonly wholeWords: boolean; // a word that is a token is taken whole
  readonly composed: boolean; // the text is brought to Unicode's form NFC first
}

/** Characters stand for themselves, U+2581 for the space, <0xNN> for a byte of a character without a token (SentencePiece). */
export interface CharacterAlphabet {
  readonly kind: "characters";
  readonly spacePrefix: SpacePrefix;
}

/** Whether a space is put before a text: never; before each stretch between special tokens; before those that have none; or only before the first of these. */
export type SpacePrefix = "none" | "each" | "each-unspaced" | "first-unspaced";

/** Whether tokens of this type are read from a text only where special tokens are asked for. */
export function isSpecialType(type: number | undefined): boolean {
  return type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown;
}
