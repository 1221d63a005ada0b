// How a text is cut into words before merging, by the name in tokenizer.ggml.pre. One table, no logic.

import { FormatError } from "@tokenscope/core";

// GPT-2's pattern. White_Space instead of \s: JavaScript's \s has U+FEFF and lacks U+0085, those of llama.cpp and Rust do not.
const WORDS =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+";
const SINGLE_DIGITS = "\\p{N}";

// Each pattern cuts the pieces of the one before (llama.cpp, llama-vocab.cpp, regex_exprs; the models' own tokenizer.json agree).
const PATTERNS: ReadonlyMap<string, readonly string[]> = new Map([
  ["gpt-2", [WORDS]],
  ["smollm", [SINGLE_DIGITS, WORDS]],
]);

/** The patterns of a pre-tokenizer, applied in order; throws FormatError for a name whose rules are not known here. */
export function preTokenizerPatterns(pre: string): readonly string[] {
  const patterns = PATTERNS.get(pre);
  if (patterns) return patterns;
  throw new FormatError(
    `loadTokenizer: tokenizer.ggml.pre is "${pre}"; readable are ${[...PATTERNS.keys()].join(", ")}; choose a model with one of these`,
  );
}
