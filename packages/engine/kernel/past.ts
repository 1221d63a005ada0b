// What queries meet in the past of a sequence: products with its keys, and sums of its values, page by page.

import { four, pageEndOf, placeOf, rowBytesOf, SCALE_BYTES, shorten } from "./cache";
import { madd, sum4, sums4 } from "./simd";
import { touch } from "./touch";

/** Bytes of a query as it meets keys: floats, or integers padded to whole vectors. */
@inline
function queryBytes<E>(width: i32): usize {
  return (rowBytesOf<E>(width) + 15) & ~15;
}

/** Room for `count` queries that are rounded; none where they stay what they are. */
@inline
export function roundedBytes<E>(count: i32, width: i32): usize {
  return isInteger<E>() ? <usize>count * queryBytes<E>(width) + 16 : 0;
}

/** Rounds `count` queries, `next` bytes apart, as the keys are, where these are integers: rows, then scales. Eight elements' products are one instruction then. */
@inline
export function roundQueries<E>(count: i32, query: usize, next: usize, width: i32, to: usize): void {
  if (isFloat<E>()) return;
  const rowBytes = queryBytes<E>(width);
  for (let r = 0; r < count; r++) {
    const row = to + <usize>r * rowBytes;
    store<i64>(row + rowBytes - 8, 0); // of a width that is no multiple of 8
    store<f32>(to + <usize>count * rowBytes + (<usize>r << 2), shorten(query + <usize>r * next, width, row));
  }
}

/** Products of `count` queries, `next` bytes apart, with the keys of positions [first, end): scores [count, bytes]. Integers take what roundQueries has made of the queries. */
@inline
export function scoreKeys<E>(count: i32, table: usize, pageBits: i32, first: i32, end: i32, offset: usize, width: i32, query: usize, next: usize, rounded: usize, scores: usize, bytes: usize): void {
  const rowBytes = rowBytesOf<E>(width);
  const scales = rounded + <usize>count * queryBytes<E>(width);
  if (isInteger<E>()) {
    query = rounded;
    next = queryBytes<E>(width);
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
      const keyScales = scalesOf<E>(table, from, pageBits, offset, width);
      for (let r = 0; r < count; r++) scaled(start + <usize>r * bytes, keyScales, load<f32>(scales + (<usize>r << 2)), pageEnd - from);
    }
  }
}

/** Where the scales of a stretch begin to be those of `position` and the ones after it in its page. */
@inline
function scalesOf<E>(table: usize, position: i32, pageBits: i32, offset: usize, width: i32): usize {
  return placeOf(table, position, pageBits, SCALE_BYTES) + offset + (rowBytesOf<E>(width) << pageBits);
}

/** Multiplies `count` floats by their scales, and all by `factor`. */
function scaled(at: usize, scales: usize, factor: f32, count: i32): void {
  const all = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= count; i += 4, at += 16, scales += 16) v128.store(at, f32x4.mul(v128.load(at), f32x4.mul(v128.load(scales), all)));
  for (; i < count; i++, at += 4, scales += 4) store<f32>(at, load<f32>(at) * (load<f32>(scales) * factor));
}

/** Adds a vector's products to four sums. Of integers each pair's is exact before it becomes a float; all of a row's would not fit an integer. */
@inline
function added<E>(query: v128, key: v128, sums: v128): v128 {
  if (isFloat<E>()) return madd(query, key, sums);
  return f32x4.add(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(query, key)), sums);
}

/** Added up as fourKeys and twoKeys do, so that it does not matter which of them a key falls to. Integers read on to a whole vector, times the query's zeros. */
@inline
function oneKey<E>(query: usize, key: usize, width: i32): f32 {
  let sums = f32x4.splat(0);
  for (const end = key + rowBytesOf<E>(width); key < end; key += 16, query += 16) sums = added<E>(v128.load(query), v128.load(key), sums);
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
  for (const end = key + rowBytes; key < end; key += 16, query += 16) {
    const q = v128.load(query);
    a = added<E>(q, v128.load(key), a);
    b = added<E>(q, v128.load(key + rowBytes), b);
    c = added<E>(q, v128.load(key + 2 * rowBytes), c);
    d = added<E>(q, v128.load(key + 3 * rowBytes), d);
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
  for (const end = key + rowBytes; key < end; key += 16, query += 16) {
    const k0 = v128.load(key);
    const k1 = v128.load(key + rowBytes);
    let q = v128.load(query);
    a0 = added<E>(q, k0, a0);
    a1 = added<E>(q, k1, a1);
    q = v128.load(query + next);
    b0 = added<E>(q, k0, b0);
    b1 = added<E>(q, k1, b1);
    if (count > 2) {
      q = v128.load(query + 2 * next);
      c0 = added<E>(q, k0, c0);
      c1 = added<E>(q, k1, c1);
    }
    if (count > 3) {
      q = v128.load(query + 3 * next);
      d0 = added<E>(q, k0, d0);
      d1 = added<E>(q, k1, d1);
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
    if (isInteger<E>()) for (let r = 0; r < count; r++) scaled(share + <usize>r * bytes, scalesOf<E>(table, position, pageBits, offset, width), 1, pageEnd - position);
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
