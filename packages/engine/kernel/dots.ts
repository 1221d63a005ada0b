// Products of a group of eight repacked rows (repacked.ts) with one or two positions in limbs (limbs.ts): integers are added up exactly,
// each block's sum is scaled. V8 takes all loads of a loop's body first and has x86's 16 registers: a body that loads more than they
// hold spills. Two positions in two limbs do, and are still as quick as one after the other.

import { blockBytes, LIMB_BYTES } from "./limbs";
import { madd } from "./simd";
import { BYTES, EIGHT_FLOATS, headBytes, minimums, NIBBLES, REPACKED_4, REPACKED_4_MINIMUM, REPACKED_8 } from "./repacked";

const SECOND_LIMB: f32 = 1 / 32_768;

/** A group's products with one or two positions in one or two limbs: sums [positions, 8]. Each combination of constants is a loop of its own. */
export function dots(type: i32, group: usize, limbs: usize, positions: i32, width: i32, limbCount: i32, sums: usize): void {
  if (type == REPACKED_4) dotsOf(false, false, group, limbs, positions, width, limbCount, sums);
  else if (type == REPACKED_4_MINIMUM) dotsOf(false, true, group, limbs, positions, width, limbCount, sums);
  else if (type == REPACKED_8) dotsOf(true, false, group, limbs, positions, width, limbCount, sums);
  else dotsOf(true, true, group, limbs, positions, width, limbCount, sums);
}

@inline
function dotsOf(isOfBytes: bool, hasSecond: bool, group: usize, limbs: usize, positions: i32, width: i32, limbCount: i32, sums: usize): void {
  if (limbCount == 1) {
    if (positions == 1) dotsIn(isOfBytes, hasSecond, group, limbs, 1, width, 1, sums);
    else dotsIn(isOfBytes, hasSecond, group, limbs, 2, width, 1, sums);
  } else if (positions == 1) dotsIn(isOfBytes, hasSecond, group, limbs, 1, width, 2, sums);
  else dotsIn(isOfBytes, hasSecond, group, limbs, 2, width, 2, sums);
}

/** `hasSecond`: a row has two floats in a block, in 4 bits a minimum beside its scale, in 8 a scale for each half. */
@inline
function dotsIn(isOfBytes: bool, hasSecond: bool, group: usize, limbs: usize, positions: i32, width: i32, limbCount: i32, sums: usize): void {
  if (isOfBytes) dots8(group, limbs, positions, width, limbCount, hasSecond ? 2 : 1, sums);
  else dots4(group, limbs, positions, width, limbCount, hasSecond, sums);
}

/** Limbs 2 i and 2 i + 1 of eight, in every lane. */
@inline
function pair(x: v128, i: i32): v128 {
  if (i == 0) return v128.shuffle<i32>(x, x, 0, 0, 0, 0);
  if (i == 1) return v128.shuffle<i32>(x, x, 1, 1, 1, 1);
  if (i == 2) return v128.shuffle<i32>(x, x, 2, 2, 2, 2);
  return v128.shuffle<i32>(x, x, 3, 3, 3, 3);
}

/** Adds the products of eight columns of four rows with eight limbs. */
@inline
function add4(words: v128, x: v128, sum: v128): v128 {
  const low = i16x8.splat(15);
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.and(words, low), pair(x, 0)));
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.and(i16x8.shr_u(words, 4), low), pair(x, 1)));
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.and(i16x8.shr_u(words, 8), low), pair(x, 2)));
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.shr_u(words, 12), pair(x, 3)));
}

/** And of four columns with four limbs, the lower ones of eight or the upper. */
@inline
function add8(words: v128, x: v128, isUpper: bool, sum: v128): v128 {
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.shr_s(i16x8.shl(words, 8), 8), pair(x, isUpper ? 2 : 0)));
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.shr_s(words, 8), pair(x, isUpper ? 3 : 1)));
}

/** The sums of one or two limbs as floats. */
@inline
function joined(first: v128, second: v128, limbCount: i32): v128 {
  const a = f32x4.convert_i32x4_s(first);
  return limbCount == 1 ? a : madd(f32x4.convert_i32x4_s(second), f32x4.splat(SECOND_LIMB), a);
}

@inline
function putSums(low: v128, high: v128, to: usize): void {
  v128.store(to, low);
  v128.store(to, high, 16);
}

@inline
function dots4(group: usize, limbs: usize, positions: i32, width: i32, limbCount: i32, hasMinimums: bool, sums: usize): void {
  const zero = f32x4.splat(0);
  const next = <usize>limbCount * LIMB_BYTES; // the other position's limbs
  const scaleAt = <usize>positions * next;
  let low = zero, high = zero, otherLow = zero, otherHigh = zero;
  const head = headBytes(hasMinimums ? 2 : 1);
  const last = group + (<usize>width >> 5) * (head + NIBBLES);
  for (; group < last; group += head + NIBBLES) {
    let a = zero, b = zero, aa = zero, bb = zero, c = zero, d = zero, cc = zero, dd = zero;
    const end = limbs + LIMB_BYTES;
    for (let at = group + head; limbs < end; limbs += 16, at += 32) {
      const p = v128.load(at);
      const q = v128.load(at, 16);
      const x = v128.load(limbs);
      a = add4(p, x, a);
      b = add4(q, x, b);
      if (limbCount == 2) {
        const rest = v128.load(limbs + LIMB_BYTES);
        aa = add4(p, rest, aa);
        bb = add4(q, rest, bb);
      }
      if (positions == 2) {
        const other = v128.load(limbs + next);
        c = add4(p, other, c);
        d = add4(q, other, d);
        if (limbCount == 2) {
          const rest = v128.load(limbs + next + LIMB_BYTES);
          cc = add4(p, rest, cc);
          dd = add4(q, rest, dd);
        }
      }
    }
    limbs -= LIMB_BYTES;
    const scaleLow = v128.load(group);
    const scaleHigh = v128.load(group, 16);
    const minimumLow = minimums(group, scaleLow, hasMinimums);
    const minimumHigh = minimums(group + 16, scaleHigh, hasMinimums);
    const scale = v128.load32_splat(limbs + scaleAt);
    const sum = v128.load32_splat(limbs + scaleAt, 8);
    low = madd(joined(a, aa, limbCount), f32x4.mul(scaleLow, scale), madd(minimumLow, sum, low));
    high = madd(joined(b, bb, limbCount), f32x4.mul(scaleHigh, scale), madd(minimumHigh, sum, high));
    if (positions == 2) {
      const otherScale = v128.load32_splat(limbs + scaleAt, 4);
      const otherSum = v128.load32_splat(limbs + scaleAt, 12);
      otherLow = madd(joined(c, cc, limbCount), f32x4.mul(scaleLow, otherScale), madd(minimumLow, otherSum, otherLow));
      otherHigh = madd(joined(d, dd, limbCount), f32x4.mul(scaleHigh, otherScale), madd(minimumHigh, otherSum, otherHigh));
    }
    limbs += blockBytes(positions, limbCount);
  }
  putSums(low, high, sums);
  if (positions == 2) putSums(otherLow, otherHigh, sums + 32);
}

/** `scales`: of a row in a block, each of as many columns. */
@inline
function dots8(group: usize, limbs: usize, positions: i32, width: i32, limbCount: i32, scales: usize, sums: usize): void {
  const zero = f32x4.splat(0);
  const next = <usize>limbCount * LIMB_BYTES;
  const scaleAt = <usize>positions * next;
  let low = zero, high = zero, otherLow = zero, otherHigh = zero;
  const last = group + (<usize>width >> 5) * (headBytes(scales) + BYTES);
  while (group < last) {
    const scale = v128.load32_splat(limbs + scaleAt);
    const otherScale = positions == 2 ? v128.load32_splat(limbs + scaleAt, 4) : scale;
    let at = group + headBytes(scales);
    const end = limbs + LIMB_BYTES;
    while (limbs < end) {
      let a = zero, b = zero, aa = zero, bb = zero, c = zero, d = zero, cc = zero, dd = zero;
      const partEnd = limbs + LIMB_BYTES / scales;
      for (; limbs < partEnd; limbs += 16, at += 64) {
        const p = v128.load(at);
        const q = v128.load(at, 16);
        const r = v128.load(at, 32);
        const s = v128.load(at, 48);
        const x = v128.load(limbs);
        a = add8(r, x, true, add8(p, x, false, a));
        b = add8(s, x, true, add8(q, x, false, b));
        if (limbCount == 2) {
          const rest = v128.load(limbs + LIMB_BYTES);
          aa = add8(r, rest, true, add8(p, rest, false, aa));
          bb = add8(s, rest, true, add8(q, rest, false, bb));
        }
        if (positions == 2) {
          const other = v128.load(limbs + next);
          c = add8(r, other, true, add8(p, other, false, c));
          d = add8(s, other, true, add8(q, other, false, d));
          if (limbCount == 2) {
            const rest = v128.load(limbs + next + LIMB_BYTES);
            cc = add8(r, rest, true, add8(p, rest, false, cc));
            dd = add8(s, rest, true, add8(q, rest, false, dd));
          }
        }
      }
      const scaleLow = v128.load(group);
      const scaleHigh = v128.load(group, 16);
      low = madd(joined(a, aa, limbCount), f32x4.mul(scaleLow, scale), low);
      high = madd(joined(b, bb, limbCount), f32x4.mul(scaleHigh, scale), high);
      if (positions == 2) {
        otherLow = madd(joined(c, cc, limbCount), f32x4.mul(scaleLow, otherScale), otherLow);
        otherHigh = madd(joined(d, dd, limbCount), f32x4.mul(scaleHigh, otherScale), otherHigh);
      }
      group += EIGHT_FLOATS;
    }
    group += BYTES;
    limbs += blockBytes(positions, limbCount) - LIMB_BYTES;
  }
  putSums(low, high, sums);
  if (positions == 2) putSums(otherLow, otherHigh, sums + 32);
}
