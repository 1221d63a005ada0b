// ggml's first formats: 32 elements, one scale (_0), or one scale and one minimum (_1). The 4-bit parts store element j
// in the low half and element j + 16 in the high half of byte j; the fifth bits of all 32 are one number.

import { type BlockType, halfAt } from "./block-type.ts";

const ELEMENTS = 32;
const HALF = 16;
const Q4_0_BYTES = 2 + 16; // scale, 4-bit values
const Q4_1_BYTES = 2 + 2 + 16; // scale, minimum, 4-bit values
const Q5_0_BYTES = 2 + 4 + 16; // scale, fifth bits, 4-bit values
const Q5_1_BYTES = 2 + 2 + 4 + 16; // scale, minimum, fifth bits, 4-bit values
const Q8_0_BYTES = 2 + 32; // scale, 8-bit values

/** value = scale x (q - 8) */
export const Q4_0: BlockType = {
  name: "Q4_0",
  blockElements: ELEMENTS,
  blockBytes: Q4_0_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q4_0_BYTES;
      const to = at + block * ELEMENTS;
      const scale = halfAt(bytes, start);
      for (let j = 0; j < HALF; j += 1) {
        const pair = bytes[start + 2 + j] ?? 0;
        out[to + j] = scale * ((pair & 15) - 8);
        out[to + j + HALF] = scale * ((pair >> 4) - 8);
      }
    }
  },
};

/** value = scale x q + minimum */
export const Q4_1: BlockType = {
  name: "Q4_1",
  blockElements: ELEMENTS,
  blockBytes: Q4_1_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q4_1_BYTES;
      const to = at + block * ELEMENTS;
      const scale = halfAt(bytes, start);
      const minimum = halfAt(bytes, start + 2);
      for (let j = 0; j < HALF; j += 1) {
        const pair = bytes[start + 4 + j] ?? 0;
        out[to + j] = scale * (pair & 15) + minimum;
        out[to + j + HALF] = scale * (pair >> 4) + minimum;
      }
    }
  },
};

/** value = scale x (q - 16) */
export const Q5_0: BlockType = {
  name: "Q5_0",
  blockElements: ELEMENTS,
  blockBytes: Q5_0_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q5_0_BYTES;
      const to = at + block * ELEMENTS;
      const scale = halfAt(bytes, start);
      const fifthBits = bits32At(bytes, start + 2);
      for (let j = 0; j < HALF; j += 1) {
        const pair = bytes[start + 6 + j] ?? 0;
        const low = (pair & 15) | (((fifthBits >>> j) & 1) << 4);
        const high = (pair >> 4) | (((fifthBits >>> (j + HALF)) & 1) << 4);
        out[to + j] = scale * (low - 16);
        out[to + j + HALF] = scale * (high - 16);
      }
    }
  },
};

/** value = scale x q + minimum */
export const Q5_1: BlockType = {
  name: "Q5_1",
  blockElements: ELEMENTS,
  blockBytes: Q5_1_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q5_1_BYTES;
      const to = at + block * ELEMENTS;
      const scale = halfAt(bytes, start);
      const minimum = halfAt(bytes, start + 2);
      const fifthBits = bits32At(bytes, start + 4);
      for (let j = 0; j < HALF; j += 1) {
        const pair = bytes[start + 8 + j] ?? 0;
        const low = (pair & 15) | (((fifthBits >>> j) & 1) << 4);
        const high = (pair >> 4) | (((fifthBits >>> (j + HALF)) & 1) << 4);
        out[to + j] = scale * low + minimum;
        out[to + j + HALF] = scale * high + minimum;
      }
    }
  },
};

/** value = scale x q, q signed */
export const Q8_0: BlockType = {
  name: "Q8_0",
  blockElements: ELEMENTS,
  blockBytes: Q8_0_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q8_0_BYTES;
      const to = at + block * ELEMENTS;
      const scale = halfAt(bytes, start);
      for (let j = 0; j < ELEMENTS; j += 1) {
        out[to + j] = scale * (((bytes[start + 2 + j] ?? 0) << 24) >> 24);
      }
    }
  },
};

function bits32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
