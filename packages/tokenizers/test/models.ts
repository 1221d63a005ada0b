// The tokenizers that tests share: the real model's, and a byte vocabulary with special tokens of one's choice.

import type { Tokenizer } from "@tokenscope/core";
import { referencePath, smollm2Path } from "../../../fixtures/index.ts";
import { type GgufMetadata, loadTokenizer } from "../src/index.ts";
import { ggufMetadata } from "./gguf-metadata.ts";

/** The metadata of the default model; `npm test` fetches it first. */
export function smollm2Metadata(): GgufMetadata {
  const path = smollm2Path();
  if (!path)
    throw new Error("the default model is not in the cache; run npm test, which fetches it");
  return ggufMetadata(path);
}

/** The metadata of the tiny models: 256 bytes, four merges, one special token (id 260). */
export function tinyMetadata(): GgufMetadata {
  return ggufMetadata(referencePath("tiny/llama-f16.gguf"));
}

/** The tiny models' bytes and merges with these special tokens instead, the first at id 260. */
export function toyMetadata(specials: readonly string[]): GgufMetadata {
  const tiny = tinyMetadata();
  const tokens = [...(tiny.get("tokenizer.ggml.tokens") as string[]).slice(0, 260), ...specials];
  return new Map<string, unknown>([
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.pre", "gpt-2"],
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.token_type", tokens.map((_, id) => (id < 260 ? 1 : 3))],
    ["tokenizer.ggml.merges", tiny.get("tokenizer.ggml.merges")],
  ]);
}

/** A tokenizer of `toyMetadata`. */
export function toyTokenizer(specials: readonly string[]): Tokenizer {
  return loadTokenizer({ name: "toy", metadata: toyMetadata(specials) });
}
