// GGUF's tensor types: how many elements a block holds, in how many bytes, and what they mean (ggml-quants.c's formats).

import { halfToFloat } from "./half.ts";

/** Writes a block's elements at `out[at...]`, from the block at `bytes[from...]`. */
type DequantizeBlock = (bytes: Uint8Array, from: number, out: Float32Array, at: number) => void;

export interface BlockType {
  readonly name: string;
  readonly blockElements: number;
  readonly blockBytes: number;
  readonly dequantizeBlock: DequantizeBlock;
}

const HALF_BLOCK = 16; // 4-bit formats store element j beside element j + 16

const floatBits = new Uint32Array(1);
const floatView = new Float32Array(floatBits.buffer);

function uint32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return (low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}

function halfAt(bytes: Uint8Array, at: number): number {
  return halfToFloat((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
}

function floatFromBits(bits: number): number {
  floatBits[0] = bits;
  return floatView[0] ?? 0;
}

const dequantizeQ4_0: DequantizeBlock = (bytes, from, out, at) => {
  const scale = halfAt(bytes, from);
  for (let j = 0; j < HALF_BLOCK; j += 1) {
    const pair = bytes[from + 2 + j] ?? 0;
    out[at + j] = scale * ((pair & 15) - 8);
    out[at + j + HALF_BLOCK] = scale * ((pair >> 4) - 8);
  }
};

const dequantizeQ4_1: DequantizeBlock = (bytes, from, out, at) => {
  const scale = halfAt(bytes, from);
  const minimum = halfAt(bytes, from + 2);
  for (let j = 0; j < HALF_BLOCK; j += 1) {
    const pair = bytes[from + 4 + j] ?? 0;
    out[at + j] = scale * (pair & 15) + minimum;
    out[at + j + HALF_BLOCK] = scale * (pair >> 4) + minimum;
  }
};

const dequantizeQ5_0: DequantizeBlock = (bytes, from, out, at) => {
  const scale = halfAt(bytes, from);
  const fifthBits = uint32At(bytes, from + 2);
  for (let j = 0; j < HALF_BLOCK; j += 1) {
    const pair = bytes[from + 6 + j] ?? 0;
    const low = (pair & 15) | (((fifthBits >>> j) & 1) << 4);
    const high = (pair >> 4) | (((fifthBits >>> (j + HALF_BLOCK)) & 1) << 4);
    out[at + j] = scale * (low - 16);
    out[at + j + HALF_BLOCK] = scale * (high - 16);
  }
};

const dequantizeQ5_1: DequantizeBlock = (bytes, from, out, at) => {
  const scale = halfAt(bytes, from);
  const minimum = halfAt(bytes, from + 2);
  const fifthBits = uint32At(bytes, from + 4);
  for (let j = 0; j < HALF_BLOCK; j += 1) {
    const pair = bytes[from + 8 + j] ?? 0;
    const low = (pair & 15) | (((fifthBits >>> j) & 1) << 4);
    const high = (pair >> 4) | (((fifthBits >>> (j + HALF_BLOCK)) & 1) << 4);
    out[at + j] = scale * low + minimum;
    out[at + j + HALF_BLOCK] = scale * high + minimum;
  }
};

const dequantizeQ8_0: DequantizeBlock = (bytes, from, out, at) => {
  const scale = halfAt(bytes, from);
  for (let j = 0; j < 32; j += 1) out[at + j] = scale * (((bytes[from + 2 + j] ?? 0) << 24) >> 24);
};

const BLOCK_TYPES: ReadonlyMap<number, BlockType> = new Map([
  [0, plain("F32", 4, (bytes, at) => floatFromBits(uint32At(bytes, at)))],
  [1, plain("F16", 2, halfAt)],
  [2, quantized("Q4_0", 18, dequantizeQ4_0)],
  [3, quantized("Q4_1", 20, dequantizeQ4_1)],
  [6, quantized("Q5_0", 22, dequantizeQ5_0)],
  [7, quantized("Q5_1", 24, dequantizeQ5_1)],
  [8, quantized("Q8_0", 34, dequantizeQ8_0)],
  [
    30,
    plain("BF16", 2, (b, at) =>
      floatFromBits((((b[at] ?? 0) | ((b[at + 1] ?? 0) << 8)) << 16) >>> 0),
    ),
  ],
]);

/** ggml's number of a tensor type to its format, or undefined for one that is not readable here. */
export function blockType(ggmlType: number): BlockType | undefined {
  return BLOCK_TYPES.get(ggmlType);
}

/** Names of all readable tensor types. */
export function readableTypes(): readonly string[] {
  return [...BLOCK_TYPES.values()].map((type) => type.name);
}

/** Whole blocks to float32. */
export function dequantize(type: BlockType, blocks: Uint8Array): Float32Array {
  const out = new Float32Array((blocks.length / type.blockBytes) * type.blockElements);
  dequantizeRow(type, { blocks, row: 0, width: out.length }, out, 0);
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
  const { blockElements, blockBytes, dequantizeBlock } = type;
  let from = row * (width / blockElements) * blockBytes;
  for (let done = 0; done < width; done += blockElements, from += blockBytes) {
    dequantizeBlock(blocks, from, out, at + done);
  }
}

function quantized(name: string, blockBytes: number, dequantizeBlock: DequantizeBlock): BlockType {
  return { name, blockElements: 32, blockBytes, dequantizeBlock };
}

function plain(
  name: string,
  blockBytes: number,
  valueAt: (bytes: Uint8Array, at: number) => number,
): BlockType {
  const dequantizeBlock: DequantizeBlock = (bytes, from, out, at) => {
    out[at] = valueAt(bytes, from);
  };
  return { name, blockElements: 1, blockBytes, dequantizeBlock };
}
