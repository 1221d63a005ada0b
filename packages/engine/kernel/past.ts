// What queries meet in the past of a sequence: products with its keys, and sums of its values, page by page.

import { four, pageEndOf, placeOf, rowBytesOf, SCALE_BYTES } from "./cache";
import { madd, rounded4, sum4, sums4 } from "./simd";
import { touch } from "./touch";

const LARGEST: f32 = 32_767; // of a query's 16 bits
const VECTOR: usize = 16;

/** Bytes of a query that meets integers: for each eight columns a vector of them, then the scales of its four pairs. */
@inline
function roundedRow(width: i32): usize {
  return <usize>((width + 7) >> 3) * 2 * VECTOR;
}

/** Room for `count` queries that are rounded; none where they stay what they are. */
@inline
export function roundedBytes<E>(count: i32, width: i32): usize {
  return isInteger<E>() ? <usize>count * roundedRow(width) : 0;
}

/** Rounds `count` queries, `next` bytes apart, to 16 bits where keys are so: eight columns' products are one instruction then. Each pair of columns has its own scale. */
@inline
export function roundQueries<E>(count: i32, query: usize, next: usize, width: i32, to: usize): void {
  if (isFloat<E>()) return;
  for (let r = 0; r < count; r++) roundQuery(query + <usize>r * next, width, to + <usize>r * roundedRow(width));
}

function roundQuery(query: usize, width: i32, to: usize): void {
  for (let i = 0; i < width; i += 8, query += 2 * VECTOR, to += 2 * VECTOR) {
    const a = v128.load(query);
    const b = i + 4 < width ? v128.load(query, VECTOR) : f32x4.splat(0);
    const even = v128.shuffle<f32>(a, b, 0, 2, 4, 6);
    const odd = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
    const largest = f32x4.max(f32x4.max(f32x4.abs(even), f32x4.abs(odd)), f32x4.splat(1e-30)); // all zeros stay zeros
    const steps = f32x4.div(f32x4.splat(LARGEST), largest);
    const low = v128.and(rounded4(f32x4.mul(even, steps)), i32x4.splat(0xffff));
    v128.store(to, v128.or(low, i32x4.shl(rounded4(f32x4.mul(odd, steps)), 16)));
    v128.store(to, f32x4.mul(largest, f32x4.splat(1 / LARGEST)), VECTOR);
  }
}

/** Products of `count` queries, `next` bytes apart, with the keys of positions [first, end): scores [count, bytes]. Integers take what roundQueries has made of the queries. */
@inline
export function scoreKeys<E>(count: i32, table: usize, pageBits: i32, first: i32, end: i32, offset: usize, width: i32, query: usize, next: usize, rounded: usize, scores: usize, bytes: usize): void {
  const rowBytes = rowBytesOf<E>(width);
  if (isInteger<E>()) {
    query = rounded;
    next = roundedRow(width);
  }
  let position = first;
  while (position < end) {
    const from = position;
    const pageEnd = pageEndOf(position, pageBits, end);
    let key = placeOf(table, position, pageBits, rowBytes) + offset;
    touch(key, <usize>(pageEnd - position) * rowBytes);
    const start = scores + (<usize>(position - first) << 2);
    let to = start;
    if (count == 1) {
      for (; position + 4 <= pageEnd; position += 4) {
        fourKeys<E>(query, key, width, to);
        key += 4 * rowBytes;
        to += 16;
      }
    } else {
      for (; position + 2 <= pageEnd; position += 2) {
        twoKeys<E>(count, query, next, key, width, to, bytes);
        key += 2 * rowBytes;
        to += 8;
      }
    }
    for (; position < pageEnd; position++) {
      for (let r = 0; r < count; r++) store<f32>(to + <usize>r * bytes, oneKey<E>(query + <usize>r * next, key, width));
      key += rowBytes;
      to += 4;
    }
    if (isInteger<E>()) {
      for (let r = 0; r < count; r++) scaled(start + <usize>r * bytes, scalesOf<E>(table, from, pageBits, offset, width), pageEnd - from);
    }
  }
}

/** Where the scales of a stretch begin to be those of `position` and the ones after it in its page. */
@inline
function scalesOf<E>(table: usize, position: i32, pageBits: i32, offset: usize, width: i32): usize {
  return placeOf(table, position, pageBits, SCALE_BYTES) + offset + (rowBytesOf<E>(width) << pageBits);
}

/** Multiplies `count` floats by their scales. */
function scaled(at: usize, scales: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, at += 16, scales += 16) v128.store(at, f32x4.mul(v128.load(at), v128.load(scales)));
  for (; i < count; i++, at += 4, scales += 4) store<f32>(at, load<f32>(at) * load<f32>(scales));
}

/** How far a query goes for a vector of a key. */
@inline
function queryStep<E>(): usize {
  return isInteger<E>() ? 2 * VECTOR : VECTOR;
}

/** Adds the products of a vector of a key with what `query` has for it to four sums; of integers each pair's is exact before it becomes a float. */
@inline
function added<E>(query: usize, key: v128, sums: v128): v128 {
  if (isFloat<E>()) return madd(v128.load(query), key, sums);
  return madd(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(v128.load(query), key)), v128.load(query, VECTOR), sums);
}

/** Added up as fourKeys and twoKeys do, so that it does not matter which of them a key falls to. Integers read on to a whole vector, times the query's zeros. */
@inline
function oneKey<E>(query: usize, key: usize, width: i32): f32 {
  let sums = f32x4.splat(0);
  for (const end = key + rowBytesOf<E>(width); key < end; key += VECTOR, query += queryStep<E>()) sums = added<E>(query, v128.load(key), sums);
  return sum4(sums);
}

/** One query's products with four keys that lie one after another. */
@inline
function fourKeys<E>(query: usize, key: usize, width: i32, to: usize): void {
  const rowBytes = rowBytesOf<E>(width);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = key + rowBytes; key < end; key += VECTOR, query += queryStep<E>()) {
    a = added<E>(query, v128.load(key), a);
    b = added<E>(query, v128.load(key + rowBytes), b);
    c = added<E>(query, v128.load(key + 2 * rowBytes), c);
    d = added<E>(query, v128.load(key + 3 * rowBytes), d);
  }
  v128.store(to, sums4(a, b, c, d));
}

/** The products of two to four queries with two keys that lie one after another. */
@inline
function twoKeys<E>(count: i32, query: usize, next: usize, key: usize, width: i32, to: usize, bytes: usize): void {
  const rowBytes = rowBytesOf<E>(width);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  for (const end = key + rowBytes; key < end; key += VECTOR, query += queryStep<E>()) {
    const k0 = v128.load(key);
    const k1 = v128.load(key + rowBytes);
    a0 = added<E>(query, k0, a0);
    a1 = added<E>(query, k1, a1);
    b0 = added<E>(query + next, k0, b0);
    b1 = added<E>(query + next, k1, b1);
    if (count > 2) {
      c0 = added<E>(query + 2 * next, k0, c0);
      c1 = added<E>(query + 2 * next, k1, c1);
    }
    if (count > 3) {
      d0 = added<E>(query + 3 * next, k0, d0);
      d1 = added<E>(query + 3 * next, k1, d1);
    }
  }
  const ab = sums4(a0, a1, b0, b1);
  v128.store64_lane(to, ab, 0);
  v128.store64_lane(to + bytes, ab, 1);
  if (count > 2) {
    const cd = sums4(c0, c1, d0, d1);
    v128.store64_lane(to + 2 * bytes, cd, 0);
    if (count > 3) v128.store64_lane(to + 3 * bytes, cd, 1);
  }
}

/** Sums of the values of positions [first, end) by `count` rows of shares: to `out`, `next` bytes apart. Page by page, so that a page is read once. */
@inline
export function mixValues<E>(count: i32, table: usize, pageBits: i32, first: i32, end: i32, offset: usize, width: i32, out: usize, next: usize, scores: usize, bytes: usize): void {
  const rowBytes = rowBytesOf<E>(width);
  const columns = <usize>width;
  for (let r = 0; r < count; r++) memory.fill(out + <usize>r * next, 0, columns << 2);
  let position = first;
  while (position < end) {
    const pageEnd = pageEndOf(position, pageBits, end);
    const value = placeOf(table, position, pageBits, rowBytes) + offset;
    touch(value, <usize>(pageEnd - position) * rowBytes);
    const share = scores + (<usize>(position - first) << 2);
    const last = share + (<usize>(pageEnd - position) << 2);
    if (isInteger<E>()) for (let r = 0; r < count; r++) scaled(share + <usize>r * bytes, scalesOf<E>(table, position, pageBits, offset, width), pageEnd - position);
    if (count == 1) {
      for (let i: usize = 0; i < columns; i += 16) mixOne<E>(share, last, value + i * sizeof<E>(), rowBytes, out + (i << 2), columns - i);
    } else {
      for (let i: usize = 0; i < columns; i += 8) mixSeveral<E>(count, share, last, bytes, value + i * sizeof<E>(), rowBytes, out + (i << 2), next, columns - i);
    }
    position = pageEnd;
  }
}

/** Adds a page's part of one row: 16 columns, or the `rest` that are left of a narrow one. */
@inline
function mixOne<E>(share: usize, last: usize, value: usize, rowBytes: usize, out: usize, rest: usize): void {
  let a = v128.load(out);
  let b = v128.load(out, 16);
  let c = v128.load(out, 32);
  let d = v128.load(out, 48);
  for (; share < last; share += 4) {
    const s = v128.load32_splat(share);
    a = madd(four<E>(value, 0), s, a);
    b = madd(four<E>(value, 4), s, b);
    c = madd(four<E>(value, 8), s, c);
    d = madd(four<E>(value, 12), s, d);
    value += rowBytes;
  }
  v128.store(out, a);
  if (rest > 4) v128.store(out, b, 16);
  if (rest > 8) v128.store(out, c, 32);
  if (rest > 12) v128.store(out, d, 48);
}

/** Adds a page's part of two to four rows: 8 columns of each, or 4 where `rest` ends there. */
@inline
function mixSeveral<E>(count: i32, share: usize, last: usize, bytes: usize, value: usize, rowBytes: usize, out: usize, next: usize, rest: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let b0 = v128.load(out + next);
  let b1 = v128.load(out + next, 16);
  let c0 = count > 2 ? v128.load(out + 2 * next) : a0;
  let c1 = count > 2 ? v128.load(out + 2 * next, 16) : a0;
  let d0 = count > 3 ? v128.load(out + 3 * next) : a0;
  let d1 = count > 3 ? v128.load(out + 3 * next, 16) : a0;
  for (; share < last; share += 4) {
    const v0 = four<E>(value, 0);
    const v1 = four<E>(value, 4);
    let s = v128.load32_splat(share);
    a0 = madd(v0, s, a0);
    a1 = madd(v1, s, a1);
    s = v128.load32_splat(share + bytes);
    b0 = madd(v0, s, b0);
    b1 = madd(v1, s, b1);
    if (count > 2) {
      s = v128.load32_splat(share + 2 * bytes);
      c0 = madd(v0, s, c0);
      c1 = madd(v1, s, c1);
    }
    if (count > 3) {
      s = v128.load32_splat(share + 3 * bytes);
      d0 = madd(v0, s, d0);
      d1 = madd(v1, s, d1);
    }
    value += rowBytes;
  }
  putSums(out, a0, a1, rest);
  putSums(out + next, b0, b1, rest);
  if (count > 2) putSums(out + 2 * next, c0, c1, rest);
  if (count > 3) putSums(out + 3 * next, d0, d1, rest);
}

@inline
function putSums(out: usize, a: v128, b: v128, rest: usize): void {
  v128.store(out, a);
  if (rest > 4) v128.store(out, b, 16);
}
