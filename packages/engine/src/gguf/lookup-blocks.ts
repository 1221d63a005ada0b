// Formats whose 4-bit values are places in a table of levels: dense where weights are. Element j is in the low half of
// byte j, element j + 16 in its high half.

import { type BlockType, halfAt } from "./block-type.ts";

const ELEMENTS = 32;
const HALF = 16;
const IQ4_NL_BYTES = 2 + 16; // scale, values
const IQ4_XS_BYTES = 2 + 2 + 4 + 128; // scale, scales' high bits, scales' low bits, values: eight parts of 32
const MXFP4_BYTES = 1 + 16; // exponent, values

const IQ4_LEVELS = Float32Array.from([
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
]);
const FP4_LEVELS = Float32Array.from([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]); // twice the numbers of E2M1
const FP4_SCALES = Float64Array.from({ length: 256 }, (_, exponent) => 2 ** (exponent - 128));

/** value = scale x level */
export const IQ4_NL: BlockType = {
  name: "IQ4_NL",
  blockElements: ELEMENTS,
  blockBytes: IQ4_NL_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * IQ4_NL_BYTES;
      const to = at + block * ELEMENTS;
      const scale = halfAt(bytes, start);
      for (let j = 0; j < HALF; j += 1) {
        const pair = bytes[start + 2 + j] ?? 0;
        out[to + j] = scale * (IQ4_LEVELS[pair & 15] ?? 0);
        out[to + j + HALF] = scale * (IQ4_LEVELS[pair >> 4] ?? 0);
      }
    }
  },
};

/** value = scale x (part's 6-bit scale - 32) x level; 256 elements in parts of 32 */
export const IQ4_XS: BlockType = {
  name: "IQ4_XS",
  blockElements: 8 * ELEMENTS,
  blockBytes: IQ4_XS_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * IQ4_XS_BYTES;
      const scale = halfAt(bytes, start);
      const highBits = (bytes[start + 2] ?? 0) | ((bytes[start + 3] ?? 0) << 8);
      for (let part = 0; part < 8; part += 1) {
        const low = ((bytes[start + 4 + (part >> 1)] ?? 0) >> (4 * (part & 1))) & 15;
        const partScale = scale * ((low | (((highBits >> (2 * part)) & 3) << 4)) - 32);
        const values = start + 8 + 16 * part;
        const to = at + (8 * block + part) * ELEMENTS;
        for (let j = 0; j < HALF; j += 1) {
          const pair = bytes[values + j] ?? 0;
          out[to + j] = partScale * (IQ4_LEVELS[pair & 15] ?? 0);
          out[to + j + HALF] = partScale * (IQ4_LEVELS[pair >> 4] ?? 0);
        }
      }
    }
  },
};

/** value = 2^(exponent - 128) x level: OCP's MXFP4, a power of two for 32 four-bit floats */
export const MXFP4: BlockType = {
  name: "MXFP4",
  blockElements: ELEMENTS,
  blockBytes: MXFP4_BYTES,
  dequantize({ bytes, from, count }, out, at) {
    for (let block = 0; block < count; block += 1) {
      const start = from + block * MXFP4_BYTES;
      const to = at + block * ELEMENTS;
      const scale = FP4_SCALES[bytes[start] ?? 0] ?? 0;
      for (let j = 0; j < HALF; j += 1) {
        const pair = bytes[start + 1 + j] ?? 0;
        out[to + j] = scale * (FP4_LEVELS[pair & 15] ?? 0);
        out[to + j + HALF] = scale * (FP4_LEVELS[pair >> 4] ?? 0);
      }
    }
  },
};
