// What the layers write on their way: buffers for as many rows as a pass takes, laid down once.

import type { Precision } from "@tokenscope/core";
import type { ModelShape } from "../architecture.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { cachePageBits, isCacheShort, partsBytes } from "./layout.ts";
import type { Rows } from "./program.ts";

/** Addresses of cosines and sines, [rows, D/2] each. */
export interface Angles {
  readonly cosines: number;
  readonly sines: number;
}

export interface DecoderBuffers {
  readonly stream: Rows; // [rows, C]
  readonly normed: Rows; // [rows, C]
  readonly added: Rows; // [rows, C], before its own norm
  readonly query: Rows; // [rows, (H + 2K) D], of which the queries come first
  readonly key: Rows; // the same rows from the keys on
  readonly value: Rows;
  readonly mixed: Rows; // [rows, H D]
  readonly gates: Rows; // [rows, F]
  readonly up: Rows; // [rows, F]
  readonly angles: Angles;
  readonly localAngles: Angles; // of local layers that rotate by themselves
  readonly rows: number; // [rows] of table address and position
  readonly attentionShape: number; // H, K, D, the bits of a page's positions, 1 where the cache has 16 bits, and the address of room for parts
}

/** Buffers for passes of at most `rows` rows. */
export function decoderBuffers(
  memory: KernelMemory,
  shape: ModelShape,
  { rows, precision }: { readonly rows: number; readonly precision: Precision },
): DecoderBuffers {
  const { hiddenWidth: C, heads: H, keyValueHeads: K, headWidth: D } = shape;
  const floats = (count: number): number => memory.allocate(rows * count * 4);
  const buffer = (stride: number): Rows => ({ address: floats(stride), stride });
  const query = buffer((H + 2 * K) * D);
  const later = (heads: number): Rows => ({ ...query, address: query.address + heads * D * 4 });
  const attentionShape = memory.allocate(24);
  const isShort = isCacheShort(precision) ? 1 : 0;
  const parts = memory.allocate(partsBytes(shape));
  memory.words(attentionShape, 6).set([H, K, D, cachePageBits(shape), isShort, parts]);
  const angles = () => ({ cosines: floats(D / 2), sines: floats(D / 2) });
  return {
    stream: buffer(C),
    normed: buffer(C),
    added: buffer(C),
    query,
    key: later(H),
    value: later(H + K),
    mixed: buffer(H * D),
    gates: buffer(shape.feedForwardWidth),
    up: buffer(shape.feedForwardWidth),
    angles: angles(),
    localAngles: angles(),
    rows: memory.allocate(rows * 8),
    attentionShape,
  };
}
