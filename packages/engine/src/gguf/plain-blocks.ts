// Tensor types without blocks: one number, one element.

import { type BlockType, halfAt } from "./block-type.ts";

/** float32, copied as it stands: like ONNX Runtime, we run on little-endian machines only. */
export const F32: BlockType = {
  name: "F32",
  blockElements: 1,
  blockBytes: 4,
  dequantize({ bytes, from, count }, out, at) {
    const into = new Uint8Array(out.buffer, out.byteOffset + at * 4, count * 4);
    into.set(bytes.subarray(from, from + count * 4));
  },
};

/** IEEE 754 half precision. */
export const F16: BlockType = {
  name: "F16",
  blockElements: 1,
  blockBytes: 2,
  dequantize({ bytes, from, count }, out, at) {
    for (let i = 0; i < count; i += 1) out[at + i] = halfAt(bytes, from + i * 2);
  },
};

/** The upper half of a float32. */
export const BF16: BlockType = {
  name: "BF16",
  blockElements: 1,
  blockBytes: 2,
  dequantize({ bytes, from, count }, out, at) {
    const bits = new Uint32Array(out.buffer, out.byteOffset + at * 4, count);
    for (let i = 0; i < count; i += 1) {
      const byte = from + i * 2;
      bits[i] = ((bytes[byte] ?? 0) << 16) | ((bytes[byte + 1] ?? 0) << 24);
    }
  },
};
