// Random numbers by place, not by turn: a draw depends on seed, position and how often it was drawn again, and on nothing else.
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

/** Four 32-bit words. */
export interface PhiloxCounter {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
}

/** Two 32-bit words. */
export interface PhiloxKey {
  readonly word0: number;
  readonly word1: number;
}

/** The place of a draw; `redraw` counts from 0 how often this position was drawn again. */
export interface DrawPlace {
  readonly seed: number;
  readonly position: number;
  readonly redraw: number;
}

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd251_1f53;
const MULTIPLIER_2 = 0xcd9e_8d57;
const KEY_STEP_0 = 0x9e37_79b9; // golden ratio
const KEY_STEP_1 = 0xbb67_ae85; // square root of 3, minus 1
const TWO_TO_32 = 2 ** 32;
const TWO_TO_53 = 2 ** 53;

/** A number in [0, 1) with 53 random bits. Key: the seed as a 64-bit two's complement, low word first. Counter: position, redraw, 0, 0. Value: (word0's upper 27 bits, word1's upper 26 bits) / 2^53. */
export function drawAt(place: DrawPlace): number {
  const { seed, position, redraw } = place;
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`drawAt: a seed is a safe integer, not ${seed}`);
  }
  for (const count of [position, redraw]) {
    if (!Number.isInteger(count) || count < 0 || count >= TWO_TO_32) {
      throw new RangeError(
        `drawAt: position and redraw are whole numbers below 2^32, not ${count}`,
      );
    }
  }
  const key = { word0: seed >>> 0, word1: Math.floor(seed / TWO_TO_32) >>> 0 };
  const words = philox4x32({ word0: position, word1: redraw, word2: 0, word3: 0 }, key);
  return ((words.word0 >>> 5) * 2 ** 26 + (words.word1 >>> 6)) / TWO_TO_53;
}

/** Ten rounds of Philox4x32: a counter and a key to four 32-bit words. Checked against Random123's known answers. */
export function philox4x32(counter: PhiloxCounter, key: PhiloxKey): PhiloxCounter {
  let { word0, word1, word2, word3 } = counter;
  let key0 = key.word0;
  let key1 = key.word1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const next0 = (highWord(MULTIPLIER_2, word2) ^ word1 ^ key0) >>> 0;
    const next2 = (highWord(MULTIPLIER_0, word0) ^ word3 ^ key1) >>> 0;
    word1 = Math.imul(MULTIPLIER_2, word2) >>> 0;
    word3 = Math.imul(MULTIPLIER_0, word0) >>> 0;
    word0 = next0;
    word2 = next2;
    key0 = (key0 + KEY_STEP_0) >>> 0;
    key1 = (key1 + KEY_STEP_1) >>> 0;
  }
  return { word0, word1, word2, word3 };
}

// The upper 32 bits of a 64-bit product, by 16-bit halves: a float64 holds only 53 bits.
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16); // below 2^32
  const carry = aLow * bHigh + (middle & 0xffff); // below 2^32
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}
