// What a few positions' products in integers are made of: each block of x is cut into limbs of 16 bits, x = s (a + b / 2^15), whose
// products with a block's small integers are added up exactly (dots.ts). Two limbs are more than a float32 holds (exact); one is
// compact. A float product would first have to turn every weight into a float: twice the instructions.
// Positions go one or two together, so that a block is taken apart once for both.

import { max4, sum4 } from "./simd";

const LARGEST: f32 = 32_767;
const NEXT_LIMB: f32 = 32_768;
export const LIMB_BYTES: usize = 64; // 32 limbs: a block
const SCALES_BYTES: usize = 16; // of two positions: the block's scales, then its sums of x

/** How many of `left` positions go together next: 2 or 1. */
@inline
export function together(left: i32): i32 {
  return min(left, 2);
}

/** Bytes of a block in `count` limbs of `positions` that go together. */
@inline
export function blockBytes(positions: i32, count: i32): usize {
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
  store<f32>(scaleAt, count == 2 ? sum4(sum) : sum4(sum) * scale, 8);
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
