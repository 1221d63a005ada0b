// What a block type is: the contract between the table of types (blocks.ts) and the formats of each family. The formats
// are ggml-quants.c's. Bytes that are read past an array's end count as 0; whole blocks never do that.

import { halfToFloat } from "./half.ts";

/** Blocks that lie one after another, the first at `bytes[from]`. */
interface Blocks {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly count: number;
}

/** A tensor type: how many elements a block holds, in how many bytes, and what they mean. */
export interface BlockType {
  readonly name: string;
  readonly blockElements: number;
  readonly blockBytes: number;
  /**
   * Writes the blocks' elements at `out[at...]`. A loop of its own for each type: one shared loop that calls a function
   * for every block is slower, since no compiler inlines sixteen functions. Products of a half (11 bits) with scales and
   * values of 4 to 8 bits fit into float64 exactly, so that one rounding to float32, at the end, gives ggml's number.
   */
  dequantize(blocks: Blocks, out: Float32Array, at: number): void;
}

/** The half-precision number in two bytes. */
export function halfAt(bytes: Uint8Array, at: number): number {
  return halfToFloat((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
}
