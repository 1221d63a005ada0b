// One position's products in integers, for the commonest types: x is cut into two limbs of 16 bits, x = s (a + b / 2^15), which
// is more than a float32 holds, and their products with a block's small integers are added up exactly. A float product would
// first have to turn every weight into a float: twice the instructions.

import { half, INT8_ROWS, Q4_0, Q4_1, Q8_0 } from "./formats";
import { max4, sum4 } from "./simd";

const LARGEST: f32 = 32_767;
const NEXT_LIMB: f32 = 32_768;
const HEADER_BYTES: usize = 16;
const BLOCK_BYTES: usize = 144; // 32 first limbs, 32 second limbs, the block's sum of x, padding

/** Types whose rows have products in integers; their widths are whole blocks of 32. */
@inline
export function hasIntegerDot(type: i32): bool {
  return type == Q4_1 || type == Q8_0 || type == INT8_ROWS || type == Q4_0;
}

/** Bytes that the limbs of one position take. */
export function limbsBytes(width: i32): usize {
  return HEADER_BYTES + (<usize>width >> 5) * BLOCK_BYTES;
}

/** Writes x [width] as its scale, then block by block. */
export function cutLimbs(x: usize, width: i32, to: usize): void {
  const bytes = <usize>width << 2;
  let largest = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x + i)));
  const bound = max(max4(largest), <f32>1e-30); // all zeros stay zeros
  store<f32>(to, bound / LARGEST);
  const steps = f32x4.splat(LARGEST / bound);
  to += HEADER_BYTES;
  for (let block: usize = 0; block < bytes; block += 128) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < 128; i += 32) {
      const low = v128.load(x + block + i);
      const high = v128.load(x + block + i, 16);
      const a = f32x4.mul(low, steps);
      const b = f32x4.mul(high, steps);
      const nearA = f32x4.nearest(a);
      const nearB = f32x4.nearest(b);
      v128.store(to + (i >> 1), narrowed(nearA, nearB));
      const restA = f32x4.mul(f32x4.sub(a, nearA), f32x4.splat(NEXT_LIMB));
      const restB = f32x4.mul(f32x4.sub(b, nearB), f32x4.splat(NEXT_LIMB));
      v128.store(to + (i >> 1), narrowed(f32x4.nearest(restA), f32x4.nearest(restB)), 64);
      sum = f32x4.add(sum, f32x4.add(low, high));
    }
    store<f32>(to, sum4(sum), 128);
    to += BLOCK_BYTES;
  }
}

@inline
function narrowed(a: v128, b: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b));
}

/** The dot product of a row of blocks with the limbs of x; an INT8_ROWS row's scale is the caller's. */
@inline
export function integerDot(type: i32, blocks: usize, limbs: usize, width: i32): f32 {
  switch (type) {
    case Q4_0: return dotQ4(blocks, limbs, width, 18);
    case Q4_1: return dotQ4(blocks, limbs, width, 20);
    case Q8_0: return dotQ8(blocks, limbs, width, 34);
    default: return dotQ8(blocks, limbs, width, 32);
  }
}

/** Products of 32 small integers, in four vectors of eight, with a block's limbs, as floats. */
@inline
function product(a: v128, b: v128, c: v128, d: v128, limbs: usize): v128 {
  const first = i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(a, v128.load(limbs)), i32x4.dot_i16x8_s(b, v128.load(limbs, 16))),
    i32x4.add(i32x4.dot_i16x8_s(c, v128.load(limbs, 32)), i32x4.dot_i16x8_s(d, v128.load(limbs, 48))),
  );
  const second = i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(a, v128.load(limbs, 64)), i32x4.dot_i16x8_s(b, v128.load(limbs, 80))),
    i32x4.add(i32x4.dot_i16x8_s(c, v128.load(limbs, 96)), i32x4.dot_i16x8_s(d, v128.load(limbs, 112))),
  );
  const rest = f32x4.mul(f32x4.convert_i32x4_s(second), f32x4.splat(1 / NEXT_LIMB));
  return f32x4.add(f32x4.convert_i32x4_s(first), rest);
}

/** Q4_0 and Q4_1: scale * q + minimum, of which Q4_0's is -8 scale. */
@inline
function dotQ4(blocks: usize, limbs: usize, width: i32, blockBytes: usize): f32 {
  const scale = load<f32>(limbs);
  const low = i8x16.splat(15);
  const end = limbs + limbsBytes(width);
  let sum = f32x4.splat(0);
  let minimums: f32 = 0;
  for (limbs += HEADER_BYTES; limbs < end; limbs += BLOCK_BYTES) {
    const q = v128.load(blocks + blockBytes - 16);
    const a = v128.and(q, low);
    const b = v128.and(i16x8.shr_u(q, 4), low);
    const p = product(i16x8.extend_low_i8x16_u(a), i16x8.extend_high_i8x16_u(a), i16x8.extend_low_i8x16_u(b), i16x8.extend_high_i8x16_u(b), limbs);
    const d = half(blocks);
    sum = f32x4.add(sum, f32x4.mul(p, f32x4.splat(d)));
    minimums += (blockBytes == 18 ? -8 * d : half(blocks + 2)) * load<f32>(limbs, 128);
    blocks += blockBytes;
  }
  return sum4(sum) * scale + minimums;
}

/** Q8_0, whose blocks have a scale, and INT8_ROWS, whose do not. */
@inline
function dotQ8(blocks: usize, limbs: usize, width: i32, blockBytes: usize): f32 {
  const scale = load<f32>(limbs);
  const end = limbs + limbsBytes(width);
  let sum = f32x4.splat(0);
  for (limbs += HEADER_BYTES; limbs < end; limbs += BLOCK_BYTES) {
    const a = v128.load(blocks + blockBytes - 32);
    const b = v128.load(blocks + blockBytes - 16);
    const p = product(i16x8.extend_low_i8x16_s(a), i16x8.extend_high_i8x16_s(a), i16x8.extend_low_i8x16_s(b), i16x8.extend_high_i8x16_s(b), limbs);
    sum = blockBytes == 34 ? f32x4.add(sum, f32x4.mul(p, f32x4.splat(half(blocks)))) : f32x4.add(sum, p);
    blocks += blockBytes;
  }
  return sum4(sum) * scale;
}
