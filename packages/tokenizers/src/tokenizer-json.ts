// The fields of a tokenizer.json (Hugging Face tokenizers), checked; what is not understood is named, never passed over.

import {
  fieldOf,
  flagOf,
  idOf,
  type JsonPlace,
  listOf,
  parseJsonRoot,
  recordOf,
  textOf,
  wrongValue,
} from "./json-place.ts";
import { byteNamed } from "./sentence-piece.ts";
import { TOKEN_TYPE, type TokenizerFields } from "./tokenizer-fields.ts";
import { parseAlphabet, stepsOf } from "./tokenizer-json-pipeline.ts";

const MAX_HOLES = 100_000; // ids without a token: cl100k_base has 16, and so many mean a corrupt id

/** Reads the text of a tokenizer.json: BPE over bytes, or over characters with byte fallback. Throws FormatError that names the place. */
export function parseTokenizerJson(json: string): TokenizerFields {
  const root = parseJsonRoot(json);
  const model = fieldOf(root, "model");
  checkModel(model);
  const added = listOf(fieldOf(root, "added_tokens")).map(addedToken);
  const { tokens, tokenTypes } = tokenTable(model, added);
  const merges = fieldOf(model, "merges");
  const alphabet = parseAlphabet(root, flagOf(fieldOf(model, "ignore_merges"), false));
  for (const token of added) {
    const isPlain =
      alphabet.kind === "byte-level" ? !alphabet.composed : !/[ \u2581]/.test(token.text);
    const isPrefixed = alphabet.kind === "characters" && alphabet.spacePrefix === "each";
    if (token.isNormalized.value === true && (!isPlain || isPrefixed)) {
      throw wrongValue(token.isNormalized, "false where a normalizer changes the token");
    }
  }
  return {
    tokens,
    tokenTypes,
    startTokenId: startToken(fieldOf(root, "post_processor"), tokens.length),
    endTokenIds: [],
    ranking: { kind: "merges", merges: listOf(merges).map(mergeText), where: merges.path },
    alphabet,
  };
}

function checkModel(model: JsonPlace): void {
  const type = fieldOf(model, "type");
  // GPT-2's own file has no type; merges tell BPE from WordPiece and WordLevel
  const isBytePair = type.value === "BPE" || (type.value === null && "merges" in recordOf(model));
  if (!isBytePair) throw wrongValue(type, '"BPE"');
  for (const name of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    const affix = fieldOf(model, name);
    if (affix.value !== null && affix.value !== "") throw wrongValue(affix, "null");
  }
}

interface AddedToken {
  readonly id: number;
  readonly text: string;
  readonly isSpecial: boolean;
  readonly isNormalized: JsonPlace;
  readonly place: JsonPlace;
}

function addedToken(place: JsonPlace): AddedToken {
  for (const name of ["lstrip", "rstrip", "single_word"]) {
    const flag = fieldOf(place, name);
    if (flagOf(flag, false)) throw wrongValue(flag, "false");
  }
  return {
    id: idOf(fieldOf(place, "id")),
    text: textOf(fieldOf(place, "content")),
    isSpecial: flagOf(fieldOf(place, "special"), false),
    isNormalized: fieldOf(place, "normalized"),
    place,
  };
}

/** All tokens by id with their types; an id that no entry has is an unused, empty token. */
function tokenTable(
  model: JsonPlace,
  added: readonly AddedToken[],
): Pick<TokenizerFields, "tokens" | "tokenTypes"> {
  const vocabulary = fieldOf(model, "vocab");
  const entries = Object.entries(recordOf(vocabulary));
  const hasBytes = flagOf(fieldOf(model, "byte_fallback"), false);
  const tokens: string[] = [];
  const tokenTypes: number[] = [];
  const place = (id: number, text: string, type: number) => {
    if (id >= entries.length + added.length + MAX_HOLES) {
      throw wrongValue(fieldOf(vocabulary, text), "an id near the number of tokens");
    }
    while (tokens.length <= id) {
      tokens.push("");
      tokenTypes.push(TOKEN_TYPE.unused);
    }
    tokens[id] = text;
    tokenTypes[id] = type;
  };
  for (const [text, value] of entries) {
    const isByte = hasBytes && byteNamed(text) !== undefined;
    const id = typeof value === "number" ? value : Number.NaN; // no place a token: there are 262,144
    if (!Number.isInteger(id) || id < 0) throw wrongValue(fieldOf(vocabulary, text), "a token id");
    place(id, text, isByte ? TOKEN_TYPE.byte : TOKEN_TYPE.normal);
  }
  for (const { id, text, isSpecial, place: where } of added) {
    if (tokens[id] && tokens[id] !== text) {
      throw wrongValue(where, `the token of id ${id}, ${JSON.stringify(tokens[id])}`);
    }
    place(id, text, isSpecial ? TOKEN_TYPE.control : TOKEN_TYPE.userDefined);
  }
  return { tokens, tokenTypes };
}

function mergeText(merge: JsonPlace): string {
  if (typeof merge.value === "string") return merge.value;
  const parts = listOf(merge).map(textOf);
  if (parts.length === 2) return parts.join(" ");
  throw wrongValue(merge, "two tokens");
}

/** The token that the post-processor puts before a text, or null. */
function startToken(processor: JsonPlace, size: number): number | null {
  let start: number | null = null;
  for (const step of stepsOf(processor, "processors")) {
    if (step.type === "ByteLevel") continue; // it only trims offsets
    if (step.type !== "TemplateProcessing") {
      throw wrongValue(fieldOf(step, "type"), '"ByteLevel" or "TemplateProcessing"');
    }
    const first = listOf(fieldOf(step, "single"))[0];
    const special = first && fieldOf(first, "SpecialToken");
    if (!special || special.value === null) continue;
    const name = textOf(fieldOf(special, "id"));
    const ids = fieldOf(fieldOf(fieldOf(step, "special_tokens"), name), "ids");
    const [id] = listOf(ids).map(idOf);
    if (id === undefined || id >= size) throw wrongValue(ids, `one token id below ${size}`);
    start = id;
  }
  return start;
}
