// The K formats: 256 elements in parts of 16 or 32, each part with a small scale (and minimum) of its own that counts in
// units of the block's. `part` numbers the parts in the order of their elements.

import { type BlockType, halfAt } from "./block-type.ts";

const ELEMENTS = 256;
const PARTS_OF_16 = 16;
const PARTS_OF_32 = 8;
const FIRST_OF_FOUR = [0, 1, 8, 9] as const; // Q6_K: with the parts 2, 4 and 6 further on
const Q2_K_BYTES = 16 + 64 + 2 + 2; // 4-bit scales and minimums, 2-bit values, scale, minimum
const Q3_K_BYTES = 32 + 64 + 12 + 2; // third bits, 2-bit values, 6-bit scales, scale
const Q4_K_BYTES = 2 + 2 + 12 + 128; // scale, minimum, 6-bit scales and minimums, 4-bit values
const Q5_K_BYTES = 2 + 2 + 12 + 32 + 128; // scale, minimum, 6-bit scales and minimums, fifth bits, 4-bit values
const Q6_K_BYTES = 128 + 64 + 16 + 2; // 4-bit values, fifth and sixth bits, 8-bit scales, scale

/** value = scale x part's scale x q - minimum x part's minimum; parts of 16 */
export const Q2_K: BlockType = {
  name: "Q2_K",
  blockElements: ELEMENTS,
  blockBytes: Q2_K_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q2_K_BYTES;
      const scale = halfAt(bytes, start + 80);
      const minimum = halfAt(bytes, start + 82);
      for (let part = 0; part < PARTS_OF_16; part += 1) {
        const scales = bytes[start + part] ?? 0;
        const partScale = scale * (scales & 15);
        const partMinimum = minimum * (scales >> 4);
        const values = start + 16 + twoBitsOffset(part);
        const shift = twoBitsShift(part);
        const to = at + block * ELEMENTS + part * 16;
        for (let j = 0; j < 16; j += 1) {
          out[to + j] = partScale * (((bytes[values + j] ?? 0) >> shift) & 3) - partMinimum;
        }
      }
    }
  },
};

/** value = scale x (part's scale - 32) x (q - 4); parts of 16 */
export const Q3_K: BlockType = {
  name: "Q3_K",
  blockElements: ELEMENTS,
  blockBytes: Q3_K_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q3_K_BYTES;
      const scale = halfAt(bytes, start + 108);
      for (let part = 0; part < PARTS_OF_16; part += 1) {
        const partScale = scale * (q3Scale(bytes, start + 96, part) - 32);
        const thirdBits = start + 16 * (part & 1);
        const thirdShift = part >> 1;
        const values = start + 32 + twoBitsOffset(part);
        const shift = twoBitsShift(part);
        const to = at + block * ELEMENTS + part * 16;
        for (let j = 0; j < 16; j += 1) {
          const high = (((bytes[thirdBits + j] ?? 0) >> thirdShift) & 1) << 2;
          out[to + j] = partScale * (((((bytes[values + j] ?? 0) >> shift) & 3) | high) - 4);
        }
      }
    }
  },
};

/** value = scale x part's scale x q - minimum x part's minimum; parts of 32, two of them in the halves of 32 bytes */
export const Q4_K: BlockType = {
  name: "Q4_K",
  blockElements: ELEMENTS,
  blockBytes: Q4_K_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q4_K_BYTES;
      const scale = halfAt(bytes, start);
      const minimum = halfAt(bytes, start + 2);
      for (let part = 0; part < PARTS_OF_32; part += 2) {
        const lowScale = scale * sixBitScale(bytes, start + 4, part);
        const lowMinimum = minimum * sixBitMinimum(bytes, start + 4, part);
        const highScale = scale * sixBitScale(bytes, start + 4, part + 1);
        const highMinimum = minimum * sixBitMinimum(bytes, start + 4, part + 1);
        const values = start + 16 + 16 * part;
        const to = at + block * ELEMENTS + part * 32;
        for (let j = 0; j < 32; j += 1) {
          const pair = bytes[values + j] ?? 0;
          out[to + j] = lowScale * (pair & 15) - lowMinimum;
          out[to + j + 32] = highScale * (pair >> 4) - highMinimum;
        }
      }
    }
  },
};

/** value = scale x part's scale x q - minimum x part's minimum; parts of 32, two of them in the halves of 32 bytes */
export const Q5_K: BlockType = {
  name: "Q5_K",
  blockElements: ELEMENTS,
  blockBytes: Q5_K_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q5_K_BYTES;
      const scale = halfAt(bytes, start);
      const minimum = halfAt(bytes, start + 2);
      for (let part = 0; part < PARTS_OF_32; part += 2) {
        const lowScale = scale * sixBitScale(bytes, start + 4, part);
        const lowMinimum = minimum * sixBitMinimum(bytes, start + 4, part);
        const highScale = scale * sixBitScale(bytes, start + 4, part + 1);
        const highMinimum = minimum * sixBitMinimum(bytes, start + 4, part + 1);
        const fifthBits = start + 16; // one of each part in byte j
        const values = start + 48 + 16 * part;
        const to = at + block * ELEMENTS + part * 32;
        for (let j = 0; j < 32; j += 1) {
          const pair = bytes[values + j] ?? 0;
          const fifths = (bytes[fifthBits + j] ?? 0) >> part;
          out[to + j] = lowScale * ((pair & 15) | ((fifths & 1) << 4)) - lowMinimum;
          out[to + j + 32] = highScale * ((pair >> 4) | ((fifths & 2) << 3)) - highMinimum;
        }
      }
    }
  },
};

/** value = scale x part's signed scale x (q - 32); parts of 16, of which parts 0, 2, 4 and 6 (then 1, 3, 5, 7) of each half share their bytes */
export const Q6_K: BlockType = {
  name: "Q6_K",
  blockElements: ELEMENTS,
  blockBytes: Q6_K_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * Q6_K_BYTES;
      const scale = halfAt(bytes, start + 208);
      for (const part of FIRST_OF_FOUR) {
        const half = part >> 3; // 128 elements: 64 bytes of low bits, 32 of high ones
        const scale0 = scale * signed(bytes[start + 192 + part] ?? 0);
        const scale2 = scale * signed(bytes[start + 194 + part] ?? 0);
        const scale4 = scale * signed(bytes[start + 196 + part] ?? 0);
        const scale6 = scale * signed(bytes[start + 198 + part] ?? 0);
        const low = start + 64 * half + 16 * (part & 1);
        const high = start + 128 + 32 * half + 16 * (part & 1);
        const to = at + block * ELEMENTS + part * 16;
        for (let j = 0; j < 16; j += 1) {
          const low04 = bytes[low + j] ?? 0;
          const low26 = bytes[low + j + 32] ?? 0;
          const highs = bytes[high + j] ?? 0; // two bits of each of the four
          out[to + j] = scale0 * (((low04 & 15) | ((highs & 3) << 4)) - 32);
          out[to + j + 32] = scale2 * (((low26 & 15) | ((highs & 12) << 2)) - 32);
          out[to + j + 64] = scale4 * (((low04 >> 4) | (highs & 48)) - 32);
          out[to + j + 96] = scale6 * (((low26 >> 4) | ((highs >> 2) & 48)) - 32);
        }
      }
    }
  },
};

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** Q2_K and Q3_K: 32 bytes hold 128 elements, the first 32 of them in the lowest two bits. */
function twoBitsOffset(part: number): number {
  return 32 * (part >> 3) + 16 * (part & 1);
}

function twoBitsShift(part: number): number {
  return 2 * ((part >> 1) & 3);
}

/** Sixteen 6-bit numbers in 12 bytes: the low four bits as in Q4_0, then four times four pairs of high bits. */
function q3Scale(bytes: Uint8Array, at: number, part: number): number {
  const low = ((bytes[at + (part & 7)] ?? 0) >> (4 * (part >> 3))) & 15;
  const high = ((bytes[at + 8 + (part & 3)] ?? 0) >> (2 * (part >> 2))) & 3;
  return low | (high << 4);
}

/** Q4_K and Q5_K, 12 bytes: parts 0 to 3 have six bits whole; parts 4 to 7 have four, and two on top of an earlier byte. */
function sixBitScale(bytes: Uint8Array, at: number, part: number): number {
  if (part < 4) return (bytes[at + part] ?? 0) & 63;
  return ((bytes[at + part + 4] ?? 0) & 15) | (((bytes[at + part - 4] ?? 0) >> 6) << 4);
}

function sixBitMinimum(bytes: Uint8Array, at: number, part: number): number {
  if (part < 4) return (bytes[at + part + 4] ?? 0) & 63;
  return ((bytes[at + part + 4] ?? 0) >> 4) | (((bytes[at + part] ?? 0) >> 6) << 4);
}
