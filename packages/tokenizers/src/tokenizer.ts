// A tokenizer from GGUF metadata: byte-level BPE by @huggingface/tokenizers, special tokens by ourselves. Knows no model.

import { Tokenizer as MergeTokenizer } from "@huggingface/tokenizers";
import { FormatError, type TokenId, type Tokenizer, tokenId, UsageError } from "@tokenscope/core";
import {
  type GgufMetadata,
  parseTokenizerFields,
  TOKEN_TYPE,
  type TokenizerFields,
} from "./metadata.ts";
import { preTokenizerPatterns } from "./pre-tokenizer.ts";
import { buildTokenFinder, type TokenFinder, wellFormed } from "./special-text.ts";
import { buildVocabulary, isSpecialType } from "./vocabulary.ts";

const utf8 = new TextEncoder();

// Special tokens that end a turn or a text in the model families we know, whatever the metadata names beside eos.
const END_TOKENS = new Set([
  "<|im_end|>",
  "<|endoftext|>",
  "<|end|>",
  "<|end_of_text|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<end_of_turn>",
  "</s>",
]);

/** Builds the tokenizer that a GGUF file describes; throws FormatError for a kind not known here. */
export function loadTokenizer(source: {
  readonly name: string;
  readonly metadata: GgufMetadata;
}): Tokenizer {
  const fields = parseTokenizerFields(source.metadata);
  const vocabulary = buildVocabulary(fields.tokens, fields.tokenTypes);
  const mergeText = buildMerger(fields);
  const plain = buildFinder(fields, (type) => type === TOKEN_TYPE.userDefined);
  const all = buildFinder(fields, (type) => isSpecialType(type) || type === TOKEN_TYPE.userDefined);

  const lostBytes = (text: string, ids: readonly TokenId[]) =>
    ids.reduce((left, id) => left - vocabulary.bytes(id).length, utf8.encode(text).length);
  const encodeStretch = (text: string): readonly TokenId[] => {
    if (text === "") return [];
    const ids = mergeText(text);
    if (lostBytes(text, ids) === 0) return ids;
    const character = [...text].find((c) => lostBytes(c, mergeText(c)) !== 0) ?? text;
    throw unwritable(character, source.name);
  };
  return {
    name: source.name,
    vocabulary,
    startTokenId: startToken(fields),
    endTokenIds: endTokens(fields),
    encode: (text, options = {}) =>
      encodeAround(wellFormed(text), options.parseSpecial ? all : plain, encodeStretch),
  };
}

function encodeAround(
  text: string,
  findTokens: TokenFinder,
  encodeStretch: (text: string) => readonly TokenId[],
): readonly TokenId[] {
  const found = findTokens(text);
  if (found.length === 0) return encodeStretch(text);
  const parts: (readonly TokenId[])[] = [];
  let at = 0;
  for (const token of found) {
    parts.push(encodeStretch(text.slice(at, token.start)), [token.id]);
    at = token.end;
  }
  parts.push(encodeStretch(text.slice(at)));
  return parts.flat();
}

function buildFinder(fields: TokenizerFields, wanted: (type: number) => boolean): TokenFinder {
  const idOf = new Map<string, TokenId>();
  fields.tokens.forEach((token, id) => {
    if (wanted(fields.tokenTypes[id] ?? 0)) idOf.set(token, tokenId(id));
  });
  return buildTokenFinder(idOf);
}

// No added tokens are given to the library: it would read a written <|im_end|> as the token wherever it stands.
function buildMerger(fields: TokenizerFields): (text: string) => readonly TokenId[] {
  checkMerges(fields);
  const splits = preTokenizerPatterns(fields.pre).map((Regex) => ({
    type: "Split",
    pattern: { Regex },
    behavior: "Isolated",
    invert: false,
  }));
  const library = new MergeTokenizer(
    {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          ...splits,
          { type: "ByteLevel", add_prefix_space: false, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: null,
      model: {
        type: "BPE",
        vocab: Object.fromEntries(fields.tokens.map((token, id) => [token, id])),
        merges: fields.merges.map((merge) => mergeParts(merge)),
      },
    },
    {},
  );
  return (text) => library.encode(text, { add_special_tokens: false }).ids.map(tokenId);
}

// The library drops what it finds in no vocabulary without a word, so what it may build is checked here, once.
function checkMerges(fields: TokenizerFields): void {
  const known = new Set(fields.tokens);
  fields.merges.forEach((merge, rank) => {
    if (known.has(mergeParts(merge).join(""))) return;
    throw new FormatError(
      `loadTokenizer: tokenizer.ggml.merges[${rank}] is "${merge}", which makes no token of the vocabulary; fetch another file of this model`,
    );
  });
}

function mergeParts(merge: string): [left: string, right: string] {
  const space = merge.indexOf(" ");
  return [merge.slice(0, space), merge.slice(space + 1)];
}

function startToken(fields: TokenizerFields): TokenId | null {
  if (!fields.addStartToken) return null;
  if (fields.startTokenId !== null) return tokenId(fields.startTokenId);
  throw new FormatError(
    "loadTokenizer: tokenizer.ggml.add_bos_token is true and tokenizer.ggml.bos_token_id is missing; fetch another file of this model",
  );
}

function endTokens(fields: TokenizerFields): readonly TokenId[] {
  const ids = new Set(fields.endTokenIds);
  fields.tokens.forEach((token, id) => {
    if (isSpecialType(fields.tokenTypes[id]) && END_TOKENS.has(token)) ids.add(id);
  });
  return [...ids].map(tokenId);
}

// Some vocabularies lack bytes (SmolLM2: six control characters): dropping them would score another text than the one given.
function unwritable(character: string, name: string): UsageError {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return new UsageError(
    `encode: the text has the character U+${code}, and the vocabulary of ${name} lacks a byte of it; remove the character`,
  );
}
