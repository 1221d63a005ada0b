// The fields of a GGUF file's metadata that concern text, checked once; knows no file and no model.

import { FormatError } from "@tokenscope/core";

/** Key and value pairs as a GGUF reader returns them. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

/** A token's kind in `tokenizer.ggml.token_type` (GGUF specification, LLAMA_TOKEN_TYPE). */
export const TOKEN_TYPE = { unknown: 2, control: 3, userDefined: 4 } as const;

/** What a byte-level BPE tokenizer needs of the metadata. */
export interface TokenizerFields {
  readonly pre: string;
  readonly tokens: readonly string[];
  readonly tokenTypes: readonly number[];
  readonly merges: readonly string[];
  readonly addStartToken: boolean;
  readonly startTokenId: number | null;
  readonly endTokenIds: readonly number[];
}

const PREFIX = "tokenizer.ggml.";
const END_ID_KEYS = ["eos_token_id", "eot_token_id", "eom_token_id"];

/** Checks the tokenizer's fields; throws FormatError that names the key. */
export function parseTokenizerFields(metadata: GgufMetadata): TokenizerFields {
  const model = stringField(metadata, `${PREFIX}model`);
  if (model !== "gpt2") {
    throw new FormatError(
      `loadTokenizer: ${PREFIX}model is "${model}"; readable is "gpt2" (byte-level BPE); choose a model with such a tokenizer`,
    );
  }
  const tokens = stringArray(metadata, `${PREFIX}tokens`);
  const tokenTypes = numberArray(metadata, `${PREFIX}token_type`);
  if (tokenTypes.length !== tokens.length) {
    throw new FormatError(
      `loadTokenizer: ${PREFIX}token_type has ${tokenTypes.length} entries and ${PREFIX}tokens has ${tokens.length}; they must be equally long; fetch the file again`,
    );
  }
  const idField = (name: string) => optionalId(metadata, `${PREFIX}${name}`, tokens.length);
  return {
    pre: stringField(metadata, `${PREFIX}pre`),
    tokens,
    tokenTypes,
    merges: stringArray(metadata, `${PREFIX}merges`),
    addStartToken: optionalFlag(metadata, `${PREFIX}add_bos_token`),
    startTokenId: idField("bos_token_id"),
    endTokenIds: END_ID_KEYS.map(idField).filter((id) => id !== null),
  };
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
    throw wrongField(key, value, "an array of integers");
  }
  const numbers = Array.from(value as ArrayLike<unknown>, Number);
  const odd = numbers.findIndex((entry) => !Number.isInteger(entry));
  if (odd === -1) return numbers;
  throw wrongField(`${key}[${odd}]`, numbers[odd], "an integer");
}

function optionalFlag(metadata: GgufMetadata, key: string): boolean {
  const value = metadata.get(key) ?? false;
  if (typeof value === "boolean") return value;
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
