// Eight rows of weights repacked: interleaved, so that four of them lie in the lanes of one vector (llama.cpp's repacking is alike). A
// product then needs no sum over lanes, a position's input is loaded once for eight rows, and their scales lie side by side. repack.ts
// makes such groups, dots.ts multiplies them. Scales and minimums are float32, which holds the products of a K-quant's two scales
// too: nothing is rounded.
//
// A group of eight rows is a row of blocks of 32 columns. A block is
//   scales f32 [8];
//   where the type has them, minimums f32 [8], or the scales of the upper 16 columns;
//   the integers, 8 columns (4 bits) or 4 (8 bits) at a time: a word of 32 bits for each row. Its halves hold columns by turns,
//   0 2 4 6 and 1 3 5 7 (0 2 and 1 3), from the lowest bits up, so that a shift and a mask leave two neighbours in 16 bits each,
//   for dot_i16x8.

import { madd } from "./simd";

export const ROWS = 8; // of a group

/** Types of repacked matrices, beside ggml's own (src/wasm/layout.ts): scale * (q - 8), scale * q + minimum, scale * q, and the same with two scales. */
export const REPACKED_4: i32 = 64;
export const REPACKED_4_MINIMUM: i32 = 65;
export const REPACKED_8: i32 = 66;
export const REPACKED_8_HALVES: i32 = 67;

export const EIGHT_FLOATS: usize = 32;
export const NIBBLES: usize = 128; // bytes of a block's integers in 4 bits
export const BYTES: usize = 256; // and in 8
const CENTRE: f32 = 8;

@inline
export function isRepacked(type: i32): bool {
  return type >= REPACKED_4;
}

@inline
function isOfBytes(type: i32): bool {
  return type >= REPACKED_8;
}

/** Floats of a row in a block: its scale, and a minimum or another scale. */
@inline
function floatsOf(type: i32): usize {
  return type == REPACKED_4_MINIMUM || type == REPACKED_8_HALVES ? 2 : 1;
}

/** Bytes before a block's integers. */
@inline
export function headBytes(floats: usize): usize {
  return floats * EIGHT_FLOATS;
}

/** Bytes of a group of eight rows. */
@inline
export function groupBytes(type: i32, width: i32): usize {
  return (<usize>width >> 5) * (headBytes(floatsOf(type)) + (isOfBytes(type) ? BYTES : NIBBLES));
}

/** One row of a group as floats at `out`. */
export function decodeRepacked(type: i32, group: usize, row: i32, width: i32, out: usize): void {
  let lane = group + (<usize>row << 2);
  const step = groupBytes(type, 32);
  const words = headBytes(floatsOf(type));
  for (let i = 0; i < width; i += 32) {
    const scale = load<f32>(lane);
    const second = load<f32>(lane, EIGHT_FLOATS); // a minimum or another scale, where there is one
    const minimum: f32 = type == REPACKED_4_MINIMUM ? second : -CENTRE * scale;
    for (let k = 0; k < 32; k++) {
      let value: f32;
      if (isOfBytes(type)) {
        const word = load<u32>(lane + words + <usize>((k >> 2) << 5));
        const q = <i32>(word << <u32>(24 - ((k & 1) << 4) - ((k & 2) << 2))) >> 24;
        value = (type == REPACKED_8_HALVES && k >= 16 ? second : scale) * <f32>q;
      } else {
        const word = load<u32>(lane + words + <usize>((k >> 3) << 5));
        value = scale * <f32>((word >> <u32>(((k & 1) << 4) + ((k & 6) << 1))) & 15) + minimum;
      }
      store<f32>(out + (<usize>k << 2), value);
    }
    lane += step;
    out += 128;
  }
}

/** A group as floats, column by column: panel [width, 8]. */
export function fillPanel(type: i32, group: usize, width: i32, panel: usize): void {
  const step = groupBytes(type, 32);
  const head = headBytes(floatsOf(type));
  const last = group + groupBytes(type, width);
  for (; group < last; group += step) {
    const low = v128.load(group);
    const high = v128.load(group, 16);
    if (isOfBytes(type)) {
      const upper = head - EIGHT_FLOATS; // the other scales, or the same again
      put16Columns(group + head, low, high, panel);
      put16Columns(group + head + (BYTES >> 1), v128.load(group + upper), v128.load(group + upper, 16), panel + 512);
    } else {
      const hasMinimums = type == REPACKED_4_MINIMUM;
      const lowest = minimums(group, low, hasMinimums);
      const highest = minimums(group + 16, high, hasMinimums);
      for (let i: usize = 0; i < NIBBLES; i += 32) {
        put8Columns(v128.load(group + head + i), low, lowest, panel + 8 * i);
        put8Columns(v128.load(group + head + i, 16), high, highest, panel + 8 * i + 16);
      }
    }
    panel += 1024;
  }
}

@inline
function put16Columns(words: usize, low: v128, high: v128, to: usize): void {
  for (let i: usize = 0; i < BYTES >> 1; i += 32) {
    put4Columns(v128.load(words + i), low, to + 4 * i);
    put4Columns(v128.load(words + i, 16), high, to + 4 * i + 16);
  }
}

/** What is added to four rows' scale * q. */
@inline
export function minimums(scalesAt: usize, scales: v128, areStored: bool): v128 {
  return areStored ? v128.load(scalesAt, EIGHT_FLOATS) : f32x4.mul(scales, f32x4.splat(-CENTRE));
}

@inline
function put8Columns(words: v128, scales: v128, minimums: v128, to: usize): void {
  putColumn(words, 0, scales, minimums, to);
  putColumn(words, 16, scales, minimums, to + 32);
  putColumn(words, 4, scales, minimums, to + 64);
  putColumn(words, 20, scales, minimums, to + 96);
  putColumn(words, 8, scales, minimums, to + 128);
  putColumn(words, 24, scales, minimums, to + 160);
  putColumn(words, 12, scales, minimums, to + 192);
  putColumn(words, 28, scales, minimums, to + 224);
}

@inline
function putColumn(words: v128, shift: i32, scales: v128, minimums: v128, to: usize): void {
  const q = v128.and(i32x4.shr_u(words, shift), i32x4.splat(15));
  v128.store(to, madd(f32x4.convert_i32x4_s(q), scales, minimums));
}

@inline
function put4Columns(words: v128, scales: v128, to: usize): void {
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(words, 24), 24)), scales));
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(words, 8), 24)), scales), 32);
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(words, 16), 24)), scales), 64);
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(words, 24)), scales), 96);
}
