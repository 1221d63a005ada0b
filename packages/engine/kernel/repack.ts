// Rows in a file's blocks -> groups of eight repacked rows (repacked.ts), once, when the host lays a matrix down. Every bit of a weight is kept.

import { fifthBits, half, highNibbles, lowNibbles, minimum6, Q4_0, Q4_1, Q4_K, Q5_0, Q6_K, Q8_0, rowBytes, scale6, sixBits } from "./formats";
import { BYTES, EIGHT_FLOATS, groupBytes, headBytes, NIBBLES, REPACKED_4, REPACKED_4_MINIMUM, REPACKED_8, REPACKED_8_HALVES } from "./repacked";

/** Repacks `rows` rows of a file's blocks into the groups from `to` on, whose memory is zeros. */
export function repack(type: i32, from: usize, width: i32, rows: i32, to: usize): void {
  const bytes = groupBytes(repackedOf(type), width);
  for (let row = 0; row < rows; row++) {
    const lane = to + <usize>(row >> 3) * bytes + (<usize>(row & 7) << 2);
    switch (type) {
      case Q4_0: repackQ4(from, false, width, lane); break;
      case Q4_1: repackQ4(from, true, width, lane); break;
      case Q4_K: repackQ4K(from, width, lane); break;
      case Q5_0: repackQ5(from, width, lane); break;
      case Q6_K: repackQ6K(from, width, lane); break;
      case Q8_0: repackQ8(from, width, lane); break;
      default: unreachable();
    }
    from += rowBytes(type, width);
  }
}

function repackedOf(type: i32): i32 {
  switch (type) {
    case Q4_0: return REPACKED_4;
    case Q4_1: case Q4_K: return REPACKED_4_MINIMUM;
    case Q6_K: return REPACKED_8_HALVES;
    case Q5_0: case Q8_0: return REPACKED_8;
    default: return unreachable();
  }
}

function repackQ4(from: usize, hasMinimums: bool, width: i32, lane: usize): void {
  const head = headBytes(hasMinimums ? 2 : 1);
  for (let i = 0; i < width; i += 32) {
    store<f32>(lane, half(from));
    if (hasMinimums) store<f32>(lane, half(from + 2), EIGHT_FLOATS);
    from += hasMinimums ? 4 : 2;
    const first = load<u64>(from);
    const second = load<u64>(from, 8);
    const words = lane + head;
    store<u32>(words, wordOf(first));
    store<u32>(words, wordOf(second), 32);
    store<u32>(words, wordOf(first >> 4), 64);
    store<u32>(words, wordOf(second >> 4), 96);
    from += 16;
    lane += head + NIBBLES;
  }
}

function repackQ4K(from: usize, width: i32, lane: usize): void {
  for (let i = 0; i < width; i += 256) {
    const d = half(from);
    const dMin = half(from + 2);
    for (let j: usize = 0; j < 8; j++) {
      store<f32>(lane, d * scale6(from + 4, j));
      store<f32>(lane, -dMin * minimum6(from + 4, j), EIGHT_FLOATS);
      const words = lane + headBytes(2);
      const at = from + 16 + (j >> 1) * 32;
      for (let k: usize = 0; k < 32; k += 8) store<u32>(words + 4 * k, wordOf(load<u64>(at + k) >> <u64>((j & 1) << 2)));
      lane += headBytes(2) + NIBBLES;
    }
    from += 144;
  }
}

function repackQ8(from: usize, width: i32, lane: usize): void {
  for (let i = 0; i < width; i += 32) {
    store<f32>(lane, half(from));
    putBytes(v128.load(from, 2), lane + EIGHT_FLOATS);
    putBytes(v128.load(from, 18), lane + EIGHT_FLOATS + 128);
    from += 34;
    lane += EIGHT_FLOATS + BYTES;
  }
}

/** Five bits less 16 are a byte each: more room, but no bit to look for in a product. */
function repackQ5(from: usize, width: i32, lane: usize): void {
  const centre = i8x16.splat(16);
  for (let i = 0; i < width; i += 32) {
    store<f32>(lane, half(from));
    const bits = load<u32>(from, 2);
    const q = v128.load(from, 6);
    putBytes(i8x16.sub(v128.or(lowNibbles(q), fifthBits(bits, false)), centre), lane + EIGHT_FLOATS);
    putBytes(i8x16.sub(v128.or(highNibbles(q), fifthBits(bits, true)), centre), lane + EIGHT_FLOATS + 128);
    from += 22;
    lane += EIGHT_FLOATS + BYTES;
  }
}

function repackQ6K(from: usize, width: i32, lane: usize): void {
  for (let i = 0; i < width; i += 256) {
    const d = half(from + 208);
    for (let block: usize = 0; block < 8; block++) {
      for (let h: usize = 0; h < 2; h++) {
        store<f32>(lane + h * EIGHT_FLOATS, d * <f32>load<i8>(from + 192 + block * 2 + h));
        putBytes(sixBits(from, block, h), lane + headBytes(2) + h * (BYTES >> 1));
      }
      lane += headBytes(2) + BYTES;
    }
    from += 210;
  }
}

/** Sixteen columns of a row, four to a word: bytes 0 2 1 3. */
@inline
function putBytes(columns: v128, words: usize): void {
  const swapped = i8x16.shuffle(columns, columns, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  store<i32>(words, i32x4.extract_lane(swapped, 0));
  store<i32>(words, i32x4.extract_lane(swapped, 1), 32);
  store<i32>(words, i32x4.extract_lane(swapped, 2), 64);
  store<i32>(words, i32x4.extract_lane(swapped, 3), 96);
}

/** The low nibbles of eight bytes as a word: those of even bytes in its lower half, of odd ones in its upper. */
@inline
function wordOf(bytes: u64): u32 {
  return gathered(bytes) | (gathered(bytes >> 8) << 16);
}

@inline
function gathered(bytes: u64): u32 {
  let even = bytes & 0x000f_000f_000f_000f;
  even = (even | (even >> 12)) & 0x0000_00ff_0000_00ff;
  return <u32>(even | (even >> 24)) & 0xffff;
}
