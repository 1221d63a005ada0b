// What a model's header says of its shape, read by the description of its architecture.

import { FormatError } from "@tokenscope/core";
import type { ArchitectureDescription } from "./architectures/description.ts";
import { ARCHITECTURES } from "./architectures/table.ts";
import type { Gguf, TensorInfo } from "./gguf/gguf.ts";
import { shown } from "./gguf/shown.ts";
import { checkKeys } from "./readable-keys.ts";

/** A decoder's shape. Letters as in ARCHITECTURE.md: C hidden width, H heads, K key/value heads, D head width, N layers, V vocabulary. */
export interface ModelShape {
  readonly architecture: string;
  readonly description: ArchitectureDescription;
  readonly hiddenWidth: number; // C
  readonly layers: number; // N
  readonly heads: number; // H
  readonly keyValueHeads: number; // K
  readonly headWidth: number; // D
  readonly feedForwardWidth: number;
  readonly vocabularySize: number; // V
  readonly contextLength: number;
  readonly normEpsilon: number;
  readonly rotation: Rotation;
  /** Of the layers that see only the last positions; null where all see all. */
  readonly window: Window | null;
  /** Multiplies query-key products. */
  readonly attentionScale: number;
  /** x -> cap tanh(x / cap); null where values stay as they are. */
  readonly attentionCap: number | null;
  readonly logitCap: number | null;
}

/** Pair i of D/2 turns by position / divisor x base^(-2i/D). */
export interface Rotation {
  readonly base: number;
  readonly divisor: number;
}

interface Window {
  /** A local layer sees a position and this many less one before it. */
  readonly positions: number;
  /** Layers globalEvery - 1, 2 globalEvery - 1, ... see all positions. */
  readonly globalEvery: number;
  /** Null where local layers rotate as the others do. */
  readonly rotation: Rotation | null;
}

/** True where a layer sees only the window's positions. */
export function isLocalLayer({ window }: ModelShape, layer: number): boolean {
  return window !== null && (layer + 1) % window.globalEvery !== 0;
}

const WHERE = "in the metadata, before the tensor table";
const ROPE_BASE = 10_000; // Su et al.'s, where the file does not say

/** Shape of the model in this file; throws FormatError for an architecture that is not readable here, and for a key that is missing or makes no sense. */
export function parseShape(gguf: Gguf): ModelShape {
  const { architecture, description } = parseArchitecture(gguf);
  const header = headerOf(gguf, architecture);
  const { number, count, optional } = header;
  const hiddenWidth = count("embedding_length");
  const layers = count("block_count");
  const heads = count("attention.head_count");
  const headWidth = count("attention.key_length", hiddenWidth / heads);
  const isWide = layers === description.wideScaleLayers;
  const shape: ModelShape = {
    architecture,
    description,
    hiddenWidth,
    layers,
    heads,
    keyValueHeads: count("attention.head_count_kv", heads),
    headWidth,
    feedForwardWidth: count("feed_forward_length"),
    vocabularySize: rowsOf(gguf, "token_embd.weight"),
    contextLength:
      description.positions === "learned"
        ? rowsOf(gguf, "position_embd.weight")
        : count("context_length"),
    normEpsilon: number(
      `attention.layer_norm_${description.norm === "rms" ? "rms_epsilon" : "epsilon"}`,
    ),
    rotation: { base: number("rope.freq_base", ROPE_BASE), divisor: ropeDivisor(header) },
    window: parseWindow(description, header),
    attentionScale: 1 / Math.sqrt(isWide ? hiddenWidth / heads : headWidth),
    attentionCap: optional("attn_logit_softcapping") ?? description.defaultCaps?.attention ?? null,
    logitCap: optional("final_logit_softcapping") ?? description.defaultCaps?.logits ?? null,
  };
  checkHeads(shape);
  checkKeys(gguf.metadata, shape);
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

function parseArchitecture({ metadata }: Gguf) {
  const named = metadata.get("general.architecture");
  const architecture = typeof named === "string" ? named : "";
  const description = ARCHITECTURES.get(architecture);
  if (description !== undefined) return { architecture, description };
  throw new FormatError(
    `loadEngine: the architecture ${shown(named)} (${WHERE}) is not readable; readable are ${[...ARCHITECTURES.keys()].join(", ")}; choose another model`,
  );
}

function rowsOf(gguf: Gguf, name: string): number {
  return tensorOf(gguf, name).dims[1] ?? 0;
}

function parseWindow(
  { window }: ArchitectureDescription,
  { count, optional }: Header,
): Window | null {
  if (window === undefined) return null;
  const base = optional("rope.freq_base_swa") ?? window.localRopeBase;
  return {
    positions: count("attention.sliding_window", window.defaultPositions),
    globalEvery: count("attention.sliding_window_pattern", window.globalEvery),
    rotation: base === undefined ? null : { base, divisor: 1 },
  };
}

/** Linear scaling (Chen et al., "Position Interpolation", 2023): positions are divided by the factor. */
function ropeDivisor({ text, optional }: Header): number {
  if (text("rope.scaling.type") === "none") return 1;
  return optional("rope.scaling.factor") ?? optional("rope.scale_linear") ?? 1;
}

function checkHeads({ heads, keyValueHeads, headWidth }: ModelShape): void {
  if (heads % keyValueHeads === 0 && headWidth % 2 === 0) return;
  throw new FormatError(
    `loadEngine: ${heads} heads over ${keyValueHeads} key/value heads of width ${headWidth} (${WHERE}) do not divide evenly; the file is damaged, fetch it again`,
  );
}

type Header = ReturnType<typeof headerOf>;

/** Reads the keys of one architecture; a number is above 0, a count whole. */
function headerOf({ metadata }: Gguf, architecture: string) {
  const number = (key: string, fallback?: number): number => {
    const value = metadata.get(`${architecture}.${key}`) ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
    throw new FormatError(
      `loadEngine: ${architecture}.${key} is ${shown(value)} (${WHERE}); a number above 0 is needed, fetch another file of this model`,
    );
  };
  const count = (key: string, fallback?: number): number => {
    const value = number(key, fallback);
    if (Number.isSafeInteger(value)) return value;
    throw new FormatError(
      `loadEngine: ${architecture}.${key} is ${value} (${WHERE}); a whole number is needed, fetch another file of this model`,
    );
  };
  /** Undefined where the file has no such key, or 0, which says the same. */
  const optional = (key: string): number | undefined => {
    const value = metadata.get(`${architecture}.${key}`) ?? 0;
    return value === 0 ? undefined : number(key);
  };
  const text = (key: string): unknown => metadata.get(`${architecture}.${key}`);
  return { number, count, optional, text };
}
