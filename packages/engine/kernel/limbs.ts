// One position's products in integers, for the commonest types: each block of x is cut into limbs of 16 bits,
// x = s (a + b / 2^15), and their products with a block's small integers are added up exactly. Two limbs are more than a float32
// holds (exact); one is compact. A float product would first have to turn every weight into a float: twice the instructions.

import { half, Q4_0, Q4_1, Q8_0 } from "./formats";
import { max4, sum4 } from "./simd";

const LARGEST: f32 = 32_767;
const NEXT_LIMB: f32 = 32_768;
const LIMB_BYTES: usize = 64; // 32 limbs: a block
const SCALE_BYTES: usize = 16; // the block's scale, its sum of x, and padding

/** Types whose rows have products in integers; their widths are whole blocks of 32. */
@inline
export function hasIntegerDot(type: i32): bool {
  return type == Q4_1 || type == Q8_0 || type == Q4_0;
}

@inline
function blockBytes(count: i32): usize {
  return <usize>count * LIMB_BYTES + SCALE_BYTES;
}

/** Bytes that one position takes in `count` limbs. */
@inline
export function limbsBytes(width: i32, count: i32): usize {
  return (<usize>width >> 5) * blockBytes(count);
}

/** Writes x [width] block by block: one limb of each, the second of each, the scale, the sum. */
export function cutLimbs(x: usize, width: i32, count: i32, to: usize): void {
  const end = x + (<usize>width << 2);
  const scaleAt = <usize>count * LIMB_BYTES;
  for (; x < end; x += 128) {
    const bound = largestOf(x);
    const steps = f32x4.splat(LARGEST / bound);
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < 128; i += 32) {
      const low = v128.load(x + i);
      const high = v128.load(x + i, 16);
      const a = f32x4.mul(low, steps);
      const b = f32x4.mul(high, steps);
      const nearA = f32x4.nearest(a);
      const nearB = f32x4.nearest(b);
      v128.store(to + (i >> 1), narrowed(nearA, nearB));
      if (count == 2) {
        const restA = f32x4.mul(f32x4.sub(a, nearA), f32x4.splat(NEXT_LIMB));
        const restB = f32x4.mul(f32x4.sub(b, nearB), f32x4.splat(NEXT_LIMB));
        v128.store(to + (i >> 1), narrowed(f32x4.nearest(restA), f32x4.nearest(restB)), LIMB_BYTES);
      }
      sum = f32x4.add(sum, count == 2 ? f32x4.add(low, high) : f32x4.add(nearA, nearB));
    }
    const scale = bound / LARGEST;
    store<f32>(to + scaleAt, scale);
    store<f32>(to + scaleAt, count == 2 ? sum4(sum) : sum4(sum) * scale, 4);
    to += blockBytes(count);
  }
}

/** The largest of a block; all zeros stay zeros. */
@inline
function largestOf(block: usize): f32 {
  let largest = f32x4.abs(v128.load(block));
  for (let i: usize = 16; i < 128; i += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(block + i)));
  return max(max4(largest), <f32>1e-30);
}

@inline
function narrowed(a: v128, b: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b));
}

/** The dot product of a row of blocks with x in `count` limbs. */
export function integerDot(type: i32, blocks: usize, limbs: usize, width: i32, count: i32): f32 {
  const isShort = count == 1;
  switch (type) {
    case Q4_0: return isShort ? dotQ4(blocks, limbs, width, 18, 1) : dotQ4(blocks, limbs, width, 18, 2);
    case Q4_1: return isShort ? dotQ4(blocks, limbs, width, 20, 1) : dotQ4(blocks, limbs, width, 20, 2);
    default: return isShort ? dotQ8(blocks, limbs, width, 1) : dotQ8(blocks, limbs, width, 2);
  }
}

/** Products of 32 small integers, in four vectors of eight, with 32 limbs. */
@inline
function limbProduct(a: v128, b: v128, c: v128, d: v128, limbs: usize): v128 {
  return i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(a, v128.load(limbs)), i32x4.dot_i16x8_s(b, v128.load(limbs, 16))),
    i32x4.add(i32x4.dot_i16x8_s(c, v128.load(limbs, 32)), i32x4.dot_i16x8_s(d, v128.load(limbs, 48))),
  );
}

/** And with a block's one or two, as floats. */
@inline
function product(a: v128, b: v128, c: v128, d: v128, limbs: usize, count: i32): v128 {
  const first = f32x4.convert_i32x4_s(limbProduct(a, b, c, d, limbs));
  if (count == 1) return first;
  const second = f32x4.convert_i32x4_s(limbProduct(a, b, c, d, limbs + LIMB_BYTES));
  return f32x4.add(first, f32x4.mul(second, f32x4.splat(1 / NEXT_LIMB)));
}

/** Q4_0 and Q4_1: scale * q + minimum, of which Q4_0's is -8 scale. */
@inline
function dotQ4(blocks: usize, limbs: usize, width: i32, rowBlockBytes: usize, count: i32): f32 {
  const low = i8x16.splat(15);
  const end = limbs + limbsBytes(width, count);
  let sum = f32x4.splat(0);
  let minimums: f32 = 0;
  for (; limbs < end; limbs += blockBytes(count)) {
    const q = v128.load(blocks + rowBlockBytes - 16);
    const a = v128.and(q, low);
    const b = v128.and(i16x8.shr_u(q, 4), low);
    const p = product(i16x8.extend_low_i8x16_u(a), i16x8.extend_high_i8x16_u(a), i16x8.extend_low_i8x16_u(b), i16x8.extend_high_i8x16_u(b), limbs, count);
    const d = half(blocks);
    const scaleAt = limbs + <usize>count * LIMB_BYTES;
    sum = f32x4.add(sum, f32x4.mul(p, f32x4.splat(d * load<f32>(scaleAt))));
    minimums += (rowBlockBytes == 18 ? -8 * d : half(blocks + 2)) * load<f32>(scaleAt, 4);
    blocks += rowBlockBytes;
  }
  return sum4(sum) + minimums;
}

@inline
function dotQ8(blocks: usize, limbs: usize, width: i32, count: i32): f32 {
  const end = limbs + limbsBytes(width, count);
  let sum = f32x4.splat(0);
  for (; limbs < end; limbs += blockBytes(count)) {
    const a = v128.load(blocks, 2);
    const b = v128.load(blocks, 18);
    const p = product(i16x8.extend_low_i8x16_s(a), i16x8.extend_high_i8x16_s(a), i16x8.extend_low_i8x16_s(b), i16x8.extend_high_i8x16_s(b), limbs, count);
    const scale = half(blocks) * load<f32>(limbs + <usize>count * LIMB_BYTES);
    sum = f32x4.add(sum, f32x4.mul(p, f32x4.splat(scale)));
    blocks += 34;
  }
  return sum4(sum);
}
