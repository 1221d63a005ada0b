// What a model's header says of its shape, for the architectures that are readable: a description each, one line in the table.

import { FormatError } from "@tokenscope/core";
import type { Gguf, GgufValue, TensorInfo } from "./gguf/gguf.ts";

/** A decoder's shape. Letters as in ARCHITECTURE.md: C hidden width, H heads, K key/value heads, D head width, N layers, V vocabulary. */
export interface ModelShape {
  readonly architecture: string;
  readonly hiddenWidth: number; // C
  readonly layers: number; // N
  readonly heads: number; // H
  readonly keyValueHeads: number; // K
  readonly headWidth: number; // D
  readonly feedForwardWidth: number;
  readonly vocabularySize: number; // V
  readonly contextLength: number;
  readonly normEpsilon: number;
  readonly ropeBase: number;
  /** True where a rotary pair is two neighbouring elements; false where it is an element of each half. */
  readonly isRopeInterleaved: boolean;
}

/** How an architecture differs from the others: nothing else may ask for its name. */
interface ArchitectureDescription {
  readonly isRopeInterleaved: boolean;
}

const ARCHITECTURES: ReadonlyMap<string, ArchitectureDescription> = new Map([
  ["llama", { isRopeInterleaved: true }], // its GGUF conversion permutes the rows of q and k
]);

const WHERE = "in the metadata, before the tensor table";

/** Shape of the model in this file; throws FormatError for an architecture that is not readable here or a key that is missing. */
export function parseShape(gguf: Gguf): ModelShape {
  const architecture = String(gguf.metadata.get("general.architecture") ?? "(none)");
  const description = ARCHITECTURES.get(architecture);
  if (description === undefined) {
    throw new FormatError(
      `loadEngine: the architecture "${architecture}" (${WHERE}) is not readable; readable are ${[...ARCHITECTURES.keys()].join(", ")}; choose another model`,
    );
  }
  const number = (key: string, fallback?: number) =>
    parseNumber(gguf.metadata, `${architecture}.${key}`, fallback);
  const hiddenWidth = number("embedding_length");
  const heads = number("attention.head_count");
  const [, vocabularySize = 0] = tensorOf(gguf, "token_embd.weight").dims;
  return {
    architecture,
    hiddenWidth,
    layers: number("block_count"),
    heads,
    keyValueHeads: number("attention.head_count_kv", heads),
    headWidth: number("attention.key_length", hiddenWidth / heads),
    feedForwardWidth: number("feed_forward_length"),
    vocabularySize,
    contextLength: number("context_length"),
    normEpsilon: number("attention.layer_norm_rms_epsilon"),
    ropeBase: number("rope.freq_base", 10_000),
    ...description,
  };
}

/** The tensor of this name; throws FormatError where the file has none. */
export function tensorOf(gguf: Gguf, name: string): TensorInfo {
  const tensor = gguf.tensors.get(name);
  if (tensor !== undefined) return tensor;
  throw new FormatError(
    `loadEngine: the file has no tensor "${name}" in its tensor table of ${gguf.tensors.size} entries; it is incomplete, fetch it again`,
  );
}

function parseNumber(
  metadata: ReadonlyMap<string, GgufValue>,
  key: string,
  fallback?: number,
): number {
  const value = metadata.get(key) ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new FormatError(
    `loadEngine: ${key} is ${value === undefined ? "missing" : JSON.stringify(value)} ${WHERE}; a number above 0 is needed, fetch another file of this model`,
  );
}
