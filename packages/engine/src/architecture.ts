// What a model's header says of its shape, for the architectures that are readable: a description each, one line in the table.

import { FormatError } from "@tokenscope/core";
import type { Gguf, GgufValue, TensorInfo } from "./gguf/gguf.ts";
import { shown } from "./gguf/shown.ts";

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

/** Shape of the model in this file; throws FormatError for an architecture that is not readable here, and for a key that is missing or makes no sense. */
export function parseShape(gguf: Gguf): ModelShape {
  const named = gguf.metadata.get("general.architecture");
  const architecture = typeof named === "string" ? named : "";
  const description = ARCHITECTURES.get(architecture);
  if (description === undefined) {
    throw new FormatError(
      `loadEngine: the architecture ${shown(named)} (${WHERE}) is not readable; readable are ${[...ARCHITECTURES.keys()].join(", ")}; choose another model`,
    );
  }
  const { metadata } = gguf;
  const number = (key: string, fallback?: number) =>
    parseNumber(metadata, `${architecture}.${key}`, fallback);
  const count = (key: string, fallback?: number) =>
    parseCount(metadata, `${architecture}.${key}`, fallback);
  const hiddenWidth = count("embedding_length");
  const heads = count("attention.head_count");
  const [, vocabularySize = 0] = tensorOf(gguf, "token_embd.weight").dims;
  const shape = {
    architecture,
    hiddenWidth,
    layers: count("block_count"),
    heads,
    keyValueHeads: count("attention.head_count_kv", heads),
    headWidth: count("attention.key_length", hiddenWidth / heads),
    feedForwardWidth: count("feed_forward_length"),
    vocabularySize,
    contextLength: count("context_length"),
    normEpsilon: number("attention.layer_norm_rms_epsilon"),
    ropeBase: number("rope.freq_base", 10_000),
    ...description,
  };
  checkHeads(shape);
  checkRope(metadata, shape);
  return shape;
}

/** The tensor of this name; throws FormatError where the file has none. */
export function tensorOf(gguf: Gguf, name: string): TensorInfo {
  const tensor = gguf.tensors.get(name);
  if (tensor !== undefined) return tensor;
  throw new FormatError(
    `loadEngine: the file has no tensor "${name}" in its tensor table of ${gguf.tensors.size} entries; it is incomplete, fetch it again`,
  );
}

function checkHeads({ heads, keyValueHeads, headWidth }: ModelShape): void {
  if (heads % keyValueHeads === 0 && headWidth % 2 === 0) return;
  throw new FormatError(
    `loadEngine: ${heads} heads over ${keyValueHeads} key/value heads of width ${headWidth} (${WHERE}) do not divide evenly; the file is damaged, fetch it again`,
  );
}

/** Rotary variants that the graph does not have would go unseen: every number would be a little wrong. */
function checkRope(
  metadata: ReadonlyMap<string, GgufValue>,
  { architecture, headWidth }: ModelShape,
): void {
  const refuse = (key: string, value: GgufValue, readable: string) => {
    throw new FormatError(
      `loadEngine: ${key} is ${shown(value)} (${WHERE}); readable is ${readable}; choose another model`,
    );
  };
  const widthKey = `${architecture}.rope.dimension_count`;
  const width = metadata.get(widthKey) ?? headWidth;
  if (width !== headWidth) refuse(widthKey, width, `the head width, ${headWidth}`);
  const scalingKey = `${architecture}.rope.scaling.type`;
  const scaling = metadata.get(scalingKey) ?? "none";
  if (scaling !== "none") refuse(scalingKey, scaling, '"none"');
}

/** A number that counts something; throws FormatError where it is missing or not a whole number from 1. */
function parseCount(
  metadata: ReadonlyMap<string, GgufValue>,
  key: string,
  fallback?: number,
): number {
  const value = parseNumber(metadata, key, fallback);
  if (Number.isSafeInteger(value)) return value;
  throw new FormatError(
    `loadEngine: ${key} is ${value} (${WHERE}); a whole number is needed, fetch another file of this model`,
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
    `loadEngine: ${key} is ${shown(value)} (${WHERE}); a number above 0 is needed, fetch another file of this model`,
  );
}
