// A few positions' products in integers, for the commonest types: each block of x is cut into limbs of 16 bits,
// x = s (a + b / 2^15), and their products with a block's small integers are added up exactly. Two limbs are more than a float32
// holds (exact); one is compact. A float product would first have to turn every weight into a float: twice the instructions.
// Positions go one, two or four together, so that a block is taken apart once for all of them.

import { half, Q4_0, Q4_1, Q8_0 } from "./formats";
import { madd, max4, sum4, sums4 } from "./simd";

const LARGEST: f32 = 32_767;
const NEXT_LIMB: f32 = 32_768;
const LIMB_BYTES: usize = 64; // 32 limbs: a block
const SCALES_BYTES: usize = 32; // of four positions: the blocks' scales, then their sums of x

/** Types whose rows have products in integers; their widths are whole blocks of 32. */
@inline
export function hasIntegerDot(type: i32): bool {
  return type == Q4_1 || type == Q8_0 || type == Q4_0;
}

/** How many of `left` positions go together next: 4, 2 or 1. */
@inline
export function together(left: i32): i32 {
  if (left >= 4) return 4;
  return left >= 2 ? 2 : 1;
}

/** Bytes of a block in `count` limbs of `positions` that go together. */
@inline
function blockBytes(positions: i32, count: i32): usize {
  return <usize>(positions * count) * LIMB_BYTES + SCALES_BYTES;
}

/** Bytes that `positions` which go together take. */
@inline
export function limbsBytes(width: i32, positions: i32, count: i32): usize {
  return (<usize>width >> 5) * blockBytes(positions, count);
}

/** Writes x [positions, stride] block by block: the limbs of each position, one of each number, then the second of each; the scales, the sums. */
export function cutLimbs(x: usize, stride: i32, positions: i32, width: i32, count: i32, to: usize): void {
  const bytes = blockBytes(positions, count);
  const blocks = <usize>width >> 5;
  const scaleAt = to + bytes - SCALES_BYTES;
  for (let i: usize = 0; i < blocks; i++) memory.fill(scaleAt + i * bytes, 0, SCALES_BYTES); // what lies in lanes that no position has would be denormal numbers, and slow
  for (let r = 0; r < positions; r++) {
    const from = x + ((<usize>r * stride) << 2);
    const limbs = to + <usize>(r * count) * LIMB_BYTES;
    for (let i: usize = 0; i < blocks; i++) cutBlock(from + (i << 7), count, limbs + i * bytes, scaleAt + (<usize>r << 2) + i * bytes);
  }
}

function cutBlock(x: usize, count: i32, to: usize, scaleAt: usize): void {
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
  store<f32>(scaleAt, scale);
  store<f32>(scaleAt, count == 2 ? sum4(sum) : sum4(sum) * scale, 16);
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

/** The dot products of a row of blocks with one, two or four positions in `count` limbs, in the lanes of one vector. */
export function integerDots(type: i32, blocks: usize, limbs: usize, positions: i32, width: i32, count: i32): v128 {
  const isShort = count == 1;
  switch (type) {
    case Q4_0: return isShort ? dotsQ4(blocks, limbs, positions, width, 18, 1) : dotsQ4(blocks, limbs, positions, width, 18, 2);
    case Q4_1: return isShort ? dotsQ4(blocks, limbs, positions, width, 20, 1) : dotsQ4(blocks, limbs, positions, width, 20, 2);
    default: return isShort ? dotsQ8(blocks, limbs, positions, width, 1) : dotsQ8(blocks, limbs, positions, width, 2);
  }
}

@inline
function dotsQ4(blocks: usize, limbs: usize, positions: i32, width: i32, rowBlockBytes: usize, count: i32): v128 {
  if (positions == 4) return sumsQ4(blocks, limbs, 4, width, rowBlockBytes, count);
  if (positions == 2) return sumsQ4(blocks, limbs, 2, width, rowBlockBytes, count);
  return sumsQ4(blocks, limbs, 1, width, rowBlockBytes, count);
}

@inline
function dotsQ8(blocks: usize, limbs: usize, positions: i32, width: i32, count: i32): v128 {
  if (positions == 4) return sumsQ8(blocks, limbs, 4, width, count);
  if (positions == 2) return sumsQ8(blocks, limbs, 2, width, count);
  return sumsQ8(blocks, limbs, 1, width, count);
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
  return madd(second, f32x4.splat(1 / NEXT_LIMB), first);
}

/** Q4_0 and Q4_1: scale * q + minimum, of which Q4_0's is -8 scale. */
@inline
function sumsQ4(blocks: usize, limbs: usize, positions: i32, width: i32, rowBlockBytes: usize, count: i32): v128 {
  const low = i8x16.splat(15);
  const end = limbs + limbsBytes(width, positions, count);
  const next = <usize>count * LIMB_BYTES;
  const scaleAt = <usize>positions * next;
  let sum0 = f32x4.splat(0);
  let sum1 = sum0, sum2 = sum0, sum3 = sum0, minimums = sum0;
  for (; limbs < end; limbs += blockBytes(positions, count)) {
    const q = v128.load(blocks + rowBlockBytes - 16);
    const lower = v128.and(q, low);
    const upper = v128.and(i16x8.shr_u(q, 4), low);
    const a = i16x8.extend_low_i8x16_u(lower);
    const b = i16x8.extend_high_i8x16_u(lower);
    const c = i16x8.extend_low_i8x16_u(upper);
    const d = i16x8.extend_high_i8x16_u(upper);
    const scale = half(blocks);
    const scales = f32x4.mul(f32x4.splat(scale), v128.load(limbs + scaleAt));
    minimums = madd(f32x4.splat(rowBlockBytes == 18 ? -8 * scale : half(blocks + 2)), v128.load(limbs + scaleAt, 16), minimums);
    sum0 = madd(product(a, b, c, d, limbs, count), v128.shuffle<f32>(scales, scales, 0, 0, 0, 0), sum0);
    if (positions > 1) sum1 = madd(product(a, b, c, d, limbs + next, count), v128.shuffle<f32>(scales, scales, 1, 1, 1, 1), sum1);
    if (positions > 2) {
      sum2 = madd(product(a, b, c, d, limbs + 2 * next, count), v128.shuffle<f32>(scales, scales, 2, 2, 2, 2), sum2);
      sum3 = madd(product(a, b, c, d, limbs + 3 * next, count), v128.shuffle<f32>(scales, scales, 3, 3, 3, 3), sum3);
    }
    blocks += rowBlockBytes;
  }
  return f32x4.add(sums4(sum0, sum1, sum2, sum3), minimums);
}

@inline
function sumsQ8(blocks: usize, limbs: usize, positions: i32, width: i32, count: i32): v128 {
  const end = limbs + limbsBytes(width, positions, count);
  const next = <usize>count * LIMB_BYTES;
  const scaleAt = <usize>positions * next;
  let sum0 = f32x4.splat(0);
  let sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (; limbs < end; limbs += blockBytes(positions, count)) {
    const lower = v128.load(blocks, 2);
    const upper = v128.load(blocks, 18);
    const a = i16x8.extend_low_i8x16_s(lower);
    const b = i16x8.extend_high_i8x16_s(lower);
    const c = i16x8.extend_low_i8x16_s(upper);
    const d = i16x8.extend_high_i8x16_s(upper);
    const scales = f32x4.mul(f32x4.splat(half(blocks)), v128.load(limbs + scaleAt));
    sum0 = madd(product(a, b, c, d, limbs, count), v128.shuffle<f32>(scales, scales, 0, 0, 0, 0), sum0);
    if (positions > 1) sum1 = madd(product(a, b, c, d, limbs + next, count), v128.shuffle<f32>(scales, scales, 1, 1, 1, 1), sum1);
    if (positions > 2) {
      sum2 = madd(product(a, b, c, d, limbs + 2 * next, count), v128.shuffle<f32>(scales, scales, 2, 2, 2, 2), sum2);
      sum3 = madd(product(a, b, c, d, limbs + 3 * next, count), v128.shuffle<f32>(scales, scales, 3, 3, 3, 3), sum3);
    }
    blocks += 34;
  }
  return sums4(sum0, sum1, sum2, sum3);
}
