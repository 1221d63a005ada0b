// A tokenizer from its fields: words or characters merged into tokens, and special tokens around them. Knows no model and no file.

import { type TokenId, type Tokenizer, tokenId, UsageError } from "@tokenscope/core";
import { buildBytePairEncoder } from "./byte-pair.ts";
import { type GgufMetadata, parseTokenizerFields } from "./metadata.ts";
import { buildPairPriority } from "./ranking.ts";
import { buildSentencePieceEncoder } from "./sentence-piece.ts";
import { buildTokenFinder, type TokenFinder, wellFormed } from "./special-text.ts";
import { isSpecialType, TOKEN_TYPE, type TokenizerFields } from "./tokenizer-fields.ts";
import { parseTokenizerJson } from "./tokenizer-json.ts";
import { buildVocabulary } from "./vocabulary.ts";
import type { StretchEncoder } from "./word-memory.ts";

// Special tokens that end a turn or a text in the model families we know, whatever the file names beside eos.
const END_TOKENS = new Set([
  "<|im_end|>",
  "<|endoftext|>",
  "<|end|>",
  "<|end_of_text|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<end_of_turn>",
  "<eos>",
  "</s>",
]);

/** Builds the tokenizer that a GGUF file describes; throws FormatError for a kind not known here. */
export function loadTokenizer(source: {
  readonly name: string;
  readonly metadata: GgufMetadata;
}): Tokenizer {
  return buildTokenizer(source.name, parseTokenizerFields(source.metadata));
}

/** Builds the tokenizer that the text of a tokenizer.json describes; throws FormatError for a part not known here. */
export function loadTokenizerJson(source: {
  readonly name: string;
  readonly json: string;
}): Tokenizer {
  return buildTokenizer(source.name, parseTokenizerJson(source.json));
}

/** Builds a tokenizer from its fields; throws FormatError where they contradict one another. */
export function buildTokenizer(name: string, fields: TokenizerFields): Tokenizer {
  const named = namedTokens(fields);
  const plain = buildTokenFinder(named.userDefined);
  const all = buildTokenFinder(new Map([...named.userDefined, ...named.special]));
  const encode = buildStretchEncoder(fields, named.special);
  const encodeStretch = (text: string, isFirst: boolean): readonly TokenId[] => {
    if (text === "") return [];
    const ids = encode(text, isFirst);
    if (ids) return ids.map(tokenId);
    throw unwritable([...text].find((character) => !encode(character, false)) ?? text, name);
  };
  return {
    name,
    vocabulary: buildVocabulary(fields),
    startTokenId: fields.startTokenId === null ? null : tokenId(fields.startTokenId),
    endTokenIds: endTokens(fields, named.special),
    encode: (text, options = {}) =>
      encodeAround(wellFormed(text), options.parseSpecial ? all : plain, encodeStretch),
  };
}

function encodeAround(
  text: string,
  findTokens: TokenFinder,
  encodeStretch: (text: string, isFirst: boolean) => readonly TokenId[],
): readonly TokenId[] {
  const found = findTokens(text);
  if (found.length === 0) return encodeStretch(text, true);
  const parts: (readonly TokenId[])[] = [];
  let at = 0;
  for (const token of found) {
    parts.push(encodeStretch(text.slice(at, token.start), at === 0), [token.id]);
    at = token.end;
  }
  parts.push(encodeStretch(text.slice(at), false));
  return parts.flat();
}

// Only tokens that plain text may become are given to the merging: a written <|im_end|> stays text wherever it stands.
function buildStretchEncoder(
  fields: TokenizerFields,
  special: ReadonlyMap<string, TokenId>,
): StretchEncoder {
  const { tokens, tokenTypes, alphabet, ranking } = fields;
  const idOf = new Map<string, number>();
  tokens.forEach((token, id) => {
    const type = tokenTypes[id];
    if (!isSpecialType(type) && type !== TOKEN_TYPE.byte) idOf.set(token, id);
  });
  const priorityOf = buildPairPriority(ranking, idOf, (token) => special.has(token));
  return alphabet.kind === "byte-level"
    ? buildBytePairEncoder(alphabet, idOf, priorityOf)
    : buildSentencePieceEncoder({ ...fields, alphabet }, idOf, priorityOf);
}

/** Tokens that are found as written before anything merges. */
interface NamedTokens {
  readonly userDefined: ReadonlyMap<string, TokenId>; // in any text
  readonly special: ReadonlyMap<string, TokenId>; // where special tokens are asked for
}

function namedTokens({ tokens, tokenTypes }: TokenizerFields): NamedTokens {
  const userDefined = new Map<string, TokenId>();
  const special = new Map<string, TokenId>();
  tokenTypes.forEach((type, id) => {
    const token = tokens[id] ?? "";
    if (type === TOKEN_TYPE.userDefined) userDefined.set(token, tokenId(id));
    else if (isSpecialType(type)) special.set(token, tokenId(id));
  });
  return { userDefined, special };
}

function endTokens(
  { endTokenIds }: TokenizerFields,
  special: ReadonlyMap<string, TokenId>,
): readonly TokenId[] {
  const ids = new Set(endTokenIds.map(tokenId));
  for (const [token, id] of special) if (END_TOKENS.has(token)) ids.add(id);
  return [...ids];
}

// Some vocabularies lack bytes (SmolLM2: six control characters): dropping them would score another text than the one given.
function unwritable(character: string, name: string): UsageError {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return new UsageError(
    `encode: the text has the character U+${code}, and the vocabulary of ${name} lacks a byte of it; remove the character`,
  );
}
