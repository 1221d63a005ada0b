// The cache of keys and values in pages: P positions (a power of 2) of all layers each, shared by sequences that begin alike.
// A page holds, for each layer, keys and then values: of each of K heads a stretch [P, D]. A row's table names the pages of its sequence.
// Elements (E below) are floats, or in compact integers of 16 bits, behind which the stretch has a scale for each position: a long
// past takes as long as it takes to read it.

import { max4 } from "./simd";
import { take } from "./threads";

const LARGEST: f32 = 32_767; // of an element of 16 bits
export const SCALE_BYTES: usize = 4;

/** What the host tells of a model's attention: words in this order. */
@inline
export function headsOf(shape: usize): i32 {
  return load<i32>(shape);
}

@inline
export function keyHeadsOf(shape: usize): i32 {
  return load<i32>(shape, 4);
}

@inline
export function widthOf(shape: usize): i32 {
  return load<i32>(shape, 8);
}

@inline
export function pageBitsOf(shape: usize): i32 {
  return load<i32>(shape, 12);
}

@inline
export function isShort(shape: usize): bool {
  return load<i32>(shape, 16) != 0;
}

/** Rows [T] of the pass, two words each: the address of the sequence's table of pages, and the position. */
@inline
export function tableOf(rows: usize, t: i32): usize {
  return load<usize>(rows + (<usize>t << 3));
}

@inline
export function positionOf(rows: usize, t: i32): i32 {
  return load<i32>(rows + (<usize>t << 3), 4);
}

/** Bytes of a position's row of one head. */
@inline
export function rowBytesOf<E>(width: i32): usize {
  return <usize>width * sizeof<E>();
}

/** Where a page holds a layer's keys (part 0) or values (part 1) of a key/value head. */
@inline
export function stretch<E>(shape: usize, layer: i32, part: i32, head: i32): usize {
  const bytes = rowBytesOf<E>(widthOf(shape)) + (isInteger<E>() ? SCALE_BYTES : 0);
  return (<usize>((layer * 2 + part) * keyHeadsOf(shape) + head) * bytes) << pageBitsOf(shape);
}

/** Four elements from the `i`-th on, as floats; integers yet without their position's scale. */
@inline
export function four<E>(row: usize, i: usize): v128 {
  if (isInteger<E>()) return f32x4.convert_i32x4_s(v128.load_ext<i16>(row + (i << 1)));
  return v128.load(row + (i << 2));
}

/** Where a position's row of `rowBytes` lies, less the offset of its stretch. */
@inline
export function placeOf(table: usize, position: i32, pageBits: i32, rowBytes: usize): usize {
  const page = load<usize>(table + (<usize>(position >> pageBits) << 2));
  return page + <usize>(position & ((1 << pageBits) - 1)) * rowBytes;
}

/** The position after the last one in the page of `position`, or `end` where that comes first. */
@inline
export function pageEndOf(position: i32, pageBits: i32, end: i32): i32 {
  return min((position | ((1 << pageBits) - 1)) + 1, end);
}

/** Writes the rows' keys and values, [T, stride] each, to their pages. */
export function keep(shape: usize, rows: usize, T: i32, layer: i32, keys: usize, values: usize, stride: i32, counter: usize): void {
  for (let t = take(counter); t < T; t = take(counter)) {
    const from = <usize>t * stride << 2;
    if (isShort(shape)) keepRow<i16>(shape, rows, t, layer, keys + from, values + from);
    else keepRow<f32>(shape, rows, t, layer, keys + from, values + from);
  }
}

@inline
function keepRow<E>(shape: usize, rows: usize, t: i32, layer: i32, keys: usize, values: usize): void {
  const width = widthOf(shape);
  const position = positionOf(rows, t);
  const page = placeOf(tableOf(rows, t), position, pageBitsOf(shape), 0);
  for (let head = 0; head < keyHeadsOf(shape); head++) {
    const from = <usize>head * (<usize>width << 2);
    put<E>(keys + from, width, page + stretch<E>(shape, layer, 0, head), position, pageBitsOf(shape));
    put<E>(values + from, width, page + stretch<E>(shape, layer, 1, head), position, pageBitsOf(shape));
  }
}

/** One head's row into its stretch. */
@inline
function put<E>(from: usize, width: i32, stretch: usize, position: i32, pageBits: i32): void {
  const place = <usize>(position & ((1 << pageBits) - 1));
  const to = stretch + place * rowBytesOf<E>(width);
  if (isFloat<E>()) {
    memory.copy(to, from, <usize>width << 2);
    return;
  }
  const end = from + (<usize>width << 2);
  let bound = f32x4.splat(1e-30); // all zeros stay zeros
  for (let at = from; at < end; at += 16) bound = f32x4.max(bound, f32x4.abs(v128.load(at)));
  const largest = max4(bound);
  const steps = f32x4.splat(LARGEST / largest);
  for (let at = from; at < end; at += 16) {
    const near = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at), steps)));
    v128.store64_lane(to + ((at - from) >> 1), i16x8.narrow_i32x4_s(near, near), 0);
  }
  store<f32>(stretch + (rowBytesOf<E>(width) << pageBits) + place * SCALE_BYTES, largest / LARGEST);
}
