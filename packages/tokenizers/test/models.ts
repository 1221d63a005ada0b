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

/** Pieces of the toy SentencePiece vocabulary with their scores: "hello" merges he, ll, llo, ▁he, ▁hello. */
const PIECES: readonly (readonly [string, number])[] = [
  ...([
    ["he", -1],
    ["ll", -2],
    ["llo", -3],
    ["\u2581he", -4],
    ["\u2581hello", -5],
  ] as const),
  ...([
    ["aa", -6],
    ["s>", -7],
    ["<s", -8],
    [">\u2581", -9],
  ] as const), // "<s" and "s>" lead to the written control token
  ...Array.from("\u2581helao<s>日", (character): [string, number] => [character, -100]),
];
const NAMED = ["<unk>", "<s>", "</s>", "<start_of_turn>", "<end_of_turn>", "\n", "\n\n"];

/** A SentencePiece vocabulary: unknown 0, controls 1 to 4, user-defined runs of lines 5 and 6, bytes from 7, pieces from 263. */
export function sentencePieceMetadata(hasSpacePrefix: boolean): GgufMetadata {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase());
  const tokens = [
    ...NAMED,
    ...bytes.map((digits) => `<0x${digits.padStart(2, "0")}>`),
    ...PIECES.map(([piece]) => piece),
  ];
  const types = [2, 3, 3, 3, 3, 4, 4, ...bytes.map(() => 6), ...PIECES.map(() => 1)];
  const scores = [...NAMED, ...bytes].map(() => 0);
  return new Map<string, unknown>([
    ["tokenizer.ggml.model", "llama"],
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.token_type", types],
    ["tokenizer.ggml.scores", [...scores, ...PIECES.map(([, score]) => score)]],
    ["tokenizer.ggml.bos_token_id", 1],
    ["tokenizer.ggml.eos_token_id", 2],
    ["tokenizer.ggml.add_space_prefix", hasSpacePrefix],
  ]);
}
