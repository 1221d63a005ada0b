// GGUF's tensor types by ggml's numbers, and rows of their blocks as float32.

import type { BlockType } from "./block-type.ts";
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K } from "./k-blocks.ts";
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from "./legacy-blocks.ts";
import { IQ4_NL, IQ4_XS, MXFP4 } from "./lookup-blocks.ts";
import { BF16, F16, F32 } from "./plain-blocks.ts";

export type { BlockType } from "./block-type.ts";

const BLOCK_TYPES: ReadonlyMap<number, BlockType> = new Map([
  [0, F32],
  [1, F16],
  [2, Q4_0],
  [3, Q4_1],
  [6, Q5_0],
  [7, Q5_1],
  [8, Q8_0],
  [10, Q2_K],
  [11, Q3_K],
  [12, Q4_K],
  [13, Q5_K],
  [14, Q6_K],
  [20, IQ4_NL],
  [23, IQ4_XS],
  [30, BF16],
  [39, MXFP4],
]);

// Of the others only the names are known here, for the message that refuses them.
const UNREADABLE_NAMES: ReadonlyMap<number, string> = new Map([
  [9, "Q8_1"],
  [15, "Q8_K"],
  [16, "IQ2_XXS"],
  [17, "IQ2_XS"],
  [18, "IQ3_XXS"],
  [19, "IQ1_S"],
  [21, "IQ3_S"],
  [22, "IQ2_S"],
  [24, "I8"],
  [25, "I16"],
  [26, "I32"],
  [27, "I64"],
  [28, "F64"],
  [29, "IQ1_M"],
  [34, "TQ1_0"],
  [35, "TQ2_0"],
  [40, "NVFP4"],
]);

/** ggml's number of a tensor type to its format, or undefined for one that is not readable here. */
export function blockType(ggmlType: number): BlockType | undefined {
  return BLOCK_TYPES.get(ggmlType);
}

/** A tensor type as people know it. Example: 19 -> "19 (IQ1_S)". */
export function shownType(ggmlType: number): string {
  const name = BLOCK_TYPES.get(ggmlType)?.name ?? UNREADABLE_NAMES.get(ggmlType);
  return name === undefined ? String(ggmlType) : `${ggmlType} (${name})`;
}

/** Names of all readable tensor types. */
export function readableTypes(): readonly string[] {
  return [...BLOCK_TYPES.values()].map((type) => type.name);
}

/** Whole blocks to float32. */
export function dequantize(type: BlockType, blocks: Uint8Array): Float32Array {
  const count = blocks.length / type.blockBytes;
  const out = new Float32Array(count * type.blockElements);
  type.dequantize({ bytes: blocks, from: 0, count }, out, 0);
  return out;
}

/** One row of a tensor: `width` elements, a whole number of blocks. */
export interface BlockRow {
  readonly blocks: Uint8Array;
  readonly row: number;
  readonly width: number;
}

/** A row's elements to float32, at `out[at...]`. */
export function dequantizeRow(
  type: BlockType,
  { blocks, row, width }: BlockRow,
  out: Float32Array,
  at: number,
): void {
  const count = width / type.blockElements;
  type.dequantize({ bytes: blocks, from: row * count * type.blockBytes, count }, out, at);
}
