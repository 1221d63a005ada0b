// The normalizers and pre-tokenizers of a tokenizer.json as an alphabet. Knows no vocabulary.

import { fieldOf, flagOf, type JsonPlace, listOf, textOf, wrongValue } from "./json-place.ts";
import { GPT2_PATTERN } from "./pre-tokenizer-kinds.ts";
import { SPACE_MARK } from "./sentence-piece.ts";
import type { Alphabet, SpacePrefix } from "./tokenizer-fields.ts";

/** A step with its type. */
export interface Step extends JsonPlace {
  readonly type: string;
}

/** The steps of a normalizer, pre-tokenizer or processor, sequences (whose list is named `inner`) opened; none where it is null. */
export function stepsOf(place: JsonPlace, inner: string): readonly Step[] {
  if (place.value === null) return [];
  const type = textOf(fieldOf(place, "type"));
  if (type !== "Sequence") return [{ ...place, type }];
  return listOf(fieldOf(place, inner)).flatMap((step) => stepsOf(step, inner));
}

/** Reads how a text is brought into the vocabulary's alphabet; throws FormatError for a step whose meaning is not known here. */
export function parseAlphabet(root: JsonPlace, wholeWords: boolean): Alphabet {
  const normalizers = stepsOf(fieldOf(root, "normalizer"), "normalizers");
  const preTokenizers = stepsOf(fieldOf(root, "pre_tokenizer"), "pretokenizers");
  if (preTokenizers.some(({ type }) => type === "ByteLevel")) {
    for (const step of normalizers) {
      if (step.type !== "NFC") throw unknownStep(step, '"NFC", or no normalizer');
    }
    const patterns = preTokenizers.flatMap(wordPatterns);
    return { kind: "byte-level", patterns, wholeWords, composed: normalizers.length > 0 };
  }
  if (wholeWords) {
    throw wrongValue(fieldOf(fieldOf(root, "model"), "ignore_merges"), "false without ByteLevel");
  }
  return { kind: "characters", spacePrefix: spacePrefix(root, [...normalizers, ...preTokenizers]) };
}

/** The patterns of one pre-tokenizer before a byte-level vocabulary. */
function wordPatterns(step: Step, index: number, steps: readonly Step[]): readonly string[] {
  switch (step.type) {
    case "Split":
      return [splitPattern(step)];
    case "Digits":
      return [flagOf(fieldOf(step, "individual_digits"), false) ? "\\p{N}" : "\\p{N}+"];
    case "ByteLevel": {
      if (index !== steps.length - 1) throw unknownStep(step, "the last pre-tokenizer");
      const prefix = fieldOf(step, "add_prefix_space");
      if (flagOf(prefix, true)) throw wrongValue(prefix, "false");
      return flagOf(fieldOf(step, "use_regex"), true) ? [GPT2_PATTERN] : [];
    }
    default:
      throw unknownStep(step, '"Split", "Digits" or "ByteLevel"');
  }
}

// Isolated keeps matches and what lies between; Removed with invert keeps matches alone, and such patterns match everything.
function splitPattern(step: Step): string {
  const behavior = fieldOf(step, "behavior");
  const isInverted = flagOf(fieldOf(step, "invert"), false);
  if (behavior.value !== (isInverted ? "Removed" : "Isolated")) {
    throw wrongValue(behavior, '"Isolated", or "Removed" with invert');
  }
  const pattern = fieldOf(step, "pattern");
  const literal = fieldOf(pattern, "String");
  if (literal.value === null) return textOf(fieldOf(pattern, "Regex"));
  return textOf(literal).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Checks that the steps only turn spaces into U+2581, and says which texts get one in front. */
function spacePrefix(root: JsonPlace, steps: readonly Step[]): SpacePrefix {
  let prefix: SpacePrefix = "none";
  let isMarked = false;
  for (const step of steps) {
    if (step.type === "Prepend") {
      prefix = "each";
      expectText(fieldOf(step, "prepend"), SPACE_MARK);
    } else if (step.type === "Replace") {
      isMarked = true;
      expectText(fieldOf(fieldOf(step, "pattern"), "String"), " ");
      expectText(fieldOf(step, "content"), SPACE_MARK);
    } else if (step.type === "Metaspace") {
      isMarked = true;
      prefix = metaspacePrefix(step);
    } else if (step.type === "Split" && isMarked) {
      expectText(fieldOf(fieldOf(step, "pattern"), "String"), " "); // none is left to split at
    } else {
      throw unknownStep(step, '"Prepend", "Replace", "Metaspace" or "ByteLevel"');
    }
  }
  if (isMarked) return prefix;
  throw wrongValue(
    { ...fieldOf(root, "pre_tokenizer") },
    '"ByteLevel" or "Metaspace", or the normalizer a "Replace" of spaces by U+2581',
  );
}

function metaspacePrefix(step: Step): SpacePrefix {
  expectText(fieldOf(step, "replacement"), SPACE_MARK);
  const split = fieldOf(step, "split");
  if (flagOf(split, true)) throw wrongValue(split, "false");
  const scheme = fieldOf(step, "prepend_scheme");
  switch (scheme.value) {
    case "always":
      return "each-unspaced";
    case "first":
      return "first-unspaced";
    case "never":
      return "none";
    default:
      throw wrongValue(scheme, '"always", "first" or "never"');
  }
}

function expectText(place: JsonPlace, text: string): void {
  if (place.value !== text) throw wrongValue(place, JSON.stringify(text));
}

function unknownStep(step: Step, allowed: string): Error {
  return wrongValue(fieldOf(step, "type"), allowed);
}
