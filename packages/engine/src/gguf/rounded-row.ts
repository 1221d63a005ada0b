// Floats to Q8_0's blocks, as ggml rounds them: what compact makes of weights that the file has in 16 or 32 bits.

import { halfToFloat } from "./half.ts";
import { Q8_0 } from "./legacy-blocks.ts";
import type { TensorInfo } from "./tensor-table.ts";

const LARGEST = 127;
const LARGEST_HALF = 65_504;

const WIDE_TYPES = ["F32", "F16", "BF16"]; // more than 8 bits a weight

/** True for a matrix that compact rounds; the other types are small as they are. */
export function isRoundable({ type, dims }: Pick<TensorInfo, "type" | "dims">): boolean {
  return WIDE_TYPES.includes(type.name) && (dims[0] ?? 0) % Q8_0.blockElements === 0;
}

/** A row as it comes back from Q8_0's blocks, in place. */
export function roundRow(row: Float32Array): void {
  const count = row.length / Q8_0.blockElements;
  const bytes = new Uint8Array(count * Q8_0.blockBytes);
  writeRoundedRow(row, bytes);
  Q8_0.dequantize({ bytes, from: 0, count }, row, 0);
}

/** Writes a row, whole blocks of 32, as Q8_0 (34 bytes a block): value = scale x q, q from -largestQ to largestQ. */
export function writeRoundedRow(row: Float32Array, blocks: Uint8Array, largestQ = LARGEST): void {
  const { blockElements, blockBytes } = Q8_0;
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  for (let block = 0; block * blockElements < row.length; block += 1) {
    const from = block * blockElements;
    const at = block * blockBytes;
    let largest = 0;
    for (let i = from; i < from + blockElements; i += 1) {
      largest = Math.max(largest, Math.abs(row[i] ?? 0));
    }
    const half = floatToHalf(largest / largestQ);
    const scale = halfToFloat(half) || 1; // a block of zeros, or of what is too small for a half, is zeros
    view.setUint16(at, half, true);
    for (let i = 0; i < blockElements; i += 1) {
      const q = Math.round((row[from + i] ?? 0) / scale);
      view.setInt8(at + 2 + i, Math.max(-largestQ, Math.min(largestQ, q)));
    }
  }
}

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The nearest half-precision number's 16 bits, of a number that is not negative; the largest half for what is beyond it. Example: 1 -> 0x3c00. */
export function floatToHalf(value: number): number {
  if (value >= LARGEST_HALF) return 0x7bff;
  if (value < 2 ** -14) return Math.round(value * 2 ** 24); // subnormal; 1024 is the smallest normal one
  word[0] = value;
  const float = bits[0] ?? 0;
  return ((float - 0x3800_0000) >>> 13) + ((float & 0x1fff) > 0x1000 ? 1 : 0); // the exponent from 127 to 15, the fraction from 23 to 10 bits
}
