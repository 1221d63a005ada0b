// The fields of a GGUF file's metadata that concern text, checked once; knows no file and no model.

import { FormatError } from "@tokenscope/core";
import { preTokenizerKind } from "./pre-tokenizer.ts";
import type { TokenizerFields } from "./tokenizer-fields.ts";

/** Key and value pairs as a GGUF reader returns them. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

const PREFIX = "tokenizer.ggml.";
const END_ID_KEYS = ["eos_token_id", "eot_token_id", "eom_token_id"];

/** Checks the tokenizer's fields; throws FormatError that names the key. */
export function parseTokenizerFields(metadata: GgufMetadata): TokenizerFields {
  const model = stringField(metadata, `${PREFIX}model`);
  if (model !== "gpt2" && model !== "llama") {
    throw new FormatError(
      `loadTokenizer: ${PREFIX}model is "${model}"; readable are "gpt2" (byte-level BPE) and "llama" (SentencePiece); choose a model with one of these`,
    );
  }
  const tokens = stringArray(metadata, `${PREFIX}tokens`);
  const tokenTypes = integers(`${PREFIX}token_type`, numberArray(metadata, `${PREFIX}token_type`));
  checkLength(`${PREFIX}token_type`, tokenTypes.length, tokens.length);
  const idField = (name: string) => optionalId(metadata, `${PREFIX}${name}`, tokens.length);
  const { addsStartToken, ...rules } =
    model === "gpt2" ? bytePairRules(metadata) : sentencePieceRules(metadata, tokens.length);
  const isStarted = optionalFlag(metadata, `${PREFIX}add_bos_token`) ?? addsStartToken;
  return {
    tokens,
    tokenTypes,
    startTokenId: isStarted ? startToken(idField("bos_token_id")) : null,
    endTokenIds: END_ID_KEYS.map(idField).filter((id) => id !== null),
    ...rules,
  };
}

type Rules = Pick<TokenizerFields, "ranking" | "alphabet"> & {
  readonly addsStartToken: boolean; // where the file does not say
};

function bytePairRules(metadata: GgufMetadata): Rules {
  const kind = preTokenizerKind(stringField(metadata, `${PREFIX}pre`));
  const { patterns, wholeWords = false, startToken = false } = kind;
  const where = `${PREFIX}merges`;
  return {
    ranking: { kind: "merges", merges: stringArray(metadata, where), where },
    alphabet: { kind: "byte-level", patterns, wholeWords, composed: false },
    addsStartToken: startToken,
  };
}

// llama.cpp's defaults for this model type: a space before a text and a start token.
function sentencePieceRules(metadata: GgufMetadata, size: number): Rules {
  const scores = numberArray(metadata, `${PREFIX}scores`);
  checkLength(`${PREFIX}scores`, scores.length, size);
  const hasPrefix = optionalFlag(metadata, `${PREFIX}add_space_prefix`) ?? true;
  return {
    ranking: { kind: "scores", scores },
    alphabet: { kind: "characters", spacePrefix: hasPrefix ? "each" : "none" },
    addsStartToken: true,
  };
}

function startToken(id: number | null): number {
  if (id !== null) return id;
  throw new FormatError(
    `loadTokenizer: ${PREFIX}add_bos_token is true, or its default, and ${PREFIX}bos_token_id is missing; fetch another file of this model`,
  );
}

function checkLength(key: string, length: number, size: number): void {
  if (length === size) return;
  throw new FormatError(
    `loadTokenizer: ${key} has ${length} entries and ${PREFIX}tokens has ${size}; they must be equally long; fetch the file again`,
  );
}

/** A chat template with the two texts that it may write itself. */
export interface TemplateSource {
  readonly source: string;
  readonly bosToken: string;
  readonly eosToken: string;
}

/** The file's chat template, or null where it has none; throws FormatError for fields of the wrong type. */
export function parseTemplateSource(metadata: GgufMetadata): TemplateSource | null {
  if (!metadata.has("tokenizer.chat_template")) return null;
  const tokens = stringArray(metadata, `${PREFIX}tokens`);
  const written = (name: string) => {
    const id = optionalId(metadata, `${PREFIX}${name}`, tokens.length);
    return id === null ? "" : (tokens[id] ?? "");
  };
  return {
    source: stringField(metadata, "tokenizer.chat_template"),
    bosToken: written("bos_token_id"),
    eosToken: written("eos_token_id"),
  };
}

function stringField(metadata: GgufMetadata, key: string): string {
  const value = metadata.get(key);
  if (typeof value === "string") return value;
  throw wrongField(key, value, "a string");
}

function stringArray(metadata: GgufMetadata, key: string): readonly string[] {
  const value = metadata.get(key);
  if (!Array.isArray(value)) throw wrongField(key, value, "an array of strings");
  const odd = value.findIndex((entry) => typeof entry !== "string");
  if (odd === -1) return value;
  throw wrongField(`${key}[${odd}]`, value[odd], "a string");
}

function numberArray(metadata: GgufMetadata, key: string): readonly number[] {
  const value = metadata.get(key);
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
    throw wrongField(key, value, "an array of numbers");
  }
  const numbers = Array.from(value as ArrayLike<unknown>, Number);
  const odd = numbers.findIndex((entry) => Number.isNaN(entry));
  if (odd === -1) return numbers;
  throw wrongField(`${key}[${odd}]`, numbers[odd], "a number");
}

function integers(key: string, numbers: readonly number[]): readonly number[] {
  const odd = numbers.findIndex((entry) => !Number.isInteger(entry));
  if (odd === -1) return numbers;
  throw wrongField(`${key}[${odd}]`, numbers[odd], "an integer");
}

function optionalFlag(metadata: GgufMetadata, key: string): boolean | undefined {
  const value = metadata.get(key);
  if (value === undefined || typeof value === "boolean") return value;
  throw wrongField(key, value, "true or false");
}

function optionalId(metadata: GgufMetadata, key: string, size: number): number | null {
  const value = metadata.get(key);
  if (value === undefined) return null;
  const id = typeof value === "bigint" ? Number(value) : value;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < size) return id;
  throw wrongField(key, value, `a token id below ${size}`);
}

function wrongField(key: string, value: unknown, allowed: string): FormatError {
  const found = value === undefined ? "is missing" : `is ${printed(value)}`;
  return new FormatError(
    `GGUF metadata: ${key} ${found}; it must be ${allowed}; fetch another file of this model`,
  );
}

function printed(value: unknown): string {
  return typeof value === "object" ? "of another type" : JSON.stringify(String(value));
}
