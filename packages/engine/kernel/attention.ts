// Attention over a cache that lies in pages: 64 positions of all layers each, shared by sequences that begin alike.
// A page holds, for each layer, keys and then values: [K, 64, D] each. A row's table names the pages of its sequence.

import { dot } from "./linear";
import { exp4, madd, max4, sum4 } from "./simd";
import { take } from "./threads";

const PAGE_BITS = 6;
const PAGE_POSITIONS = 1 << PAGE_BITS;
const TILE = 4; // rows of one sequence that take a key together
const HIDDEN: f32 = -1e30;

/** What the host tells of a model's attention: words in this order. */
@inline
function headsOf(shape: usize): i32 {
  return load<i32>(shape);
}

@inline
function keyHeadsOf(shape: usize): i32 {
  return load<i32>(shape, 4);
}

@inline
function widthOf(shape: usize): i32 {
  return load<i32>(shape, 8);
}

/** Rows [T] of the pass, two words each: the address of the sequence's table of pages, and the position. */
@inline
function tableOf(rows: usize, t: i32): usize {
  return load<usize>(rows + (<usize>t << 3));
}

@inline
function positionOf(rows: usize, t: i32): i32 {
  return load<i32>(rows + (<usize>t << 3), 4);
}

/** Where a page holds a layer's keys (part 0) or values (part 1) of a key/value head. */
@inline
function stretch(shape: usize, layer: i32, part: i32, head: i32): usize {
  return (<usize>((layer * 2 + part) * keyHeadsOf(shape) + head) * PAGE_POSITIONS * widthOf(shape)) << 2;
}

@inline
function pageOf(table: usize, position: i32): usize {
  return load<usize>(table + (<usize>(position >> PAGE_BITS) << 2));
}

/** Writes the rows' keys and values, [T, stride] each, to their pages. */
export function keep(shape: usize, rows: usize, T: i32, layer: i32, keys: usize, values: usize, stride: i32, counter: usize): void {
  const bytes = <usize>widthOf(shape) << 2;
  for (let t = take(counter); t < T; t = take(counter)) {
    const position = positionOf(rows, t);
    const at = pageOf(tableOf(rows, t), position) + <usize>(position & (PAGE_POSITIONS - 1)) * bytes;
    for (let head = 0; head < keyHeadsOf(shape); head++) {
      const from = (<usize>t * stride << 2) + <usize>head * bytes;
      memory.copy(at + stretch(shape, layer, 0, head), keys + from, bytes);
      memory.copy(at + stretch(shape, layer, 1, head), values + from, bytes);
    }
  }
}

/** Mixes the values for each row and head: queries [T, stride] -> out [T, H D]. Scratch: four rows of scores, each thread its own. */
export function attend(shape: usize, rows: usize, T: i32, layer: i32, queries: usize, stride: i32, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  const heads = headsOf(shape);
  const width = widthOf(shape);
  const groups = (T + TILE - 1) / TILE;
  const outStride = heads * width;
  for (let task = take(counter); task < groups * heads; task = take(counter)) {
    const group = groups - 1 - task / heads; // the longest first
    const head = task % heads;
    const first = group * TILE;
    const end = min(first + TILE, T);
    const query = queries + ((<usize>first * stride + <usize>(head * width)) << 2);
    const to = out + ((<usize>first * outStride + <usize>(head * width)) << 2);
    if (end - first == TILE && areNeighbours(rows, first)) {
      attendTile(TILE, shape, rows, first, layer, head, query, stride, to, outStride, scale, cap, window, scratch);
      continue;
    }
    for (let t = first; t < end; t++) {
      const step = <usize>(t - first) << 2;
      attendTile(1, shape, rows, t, layer, head, query + step * stride, stride, to + step * outStride, outStride, scale, cap, window, scratch);
    }
  }
}

/** True where four rows are one sequence's positions, one after another. */
function areNeighbours(rows: usize, first: i32): bool {
  const table = tableOf(rows, first);
  const position = positionOf(rows, first);
  for (let r = 1; r < TILE; r++) {
    if (tableOf(rows, first + r) != table || positionOf(rows, first + r) != position + r) return false;
  }
  return true;
}

@inline
function attendTile(count: i32, shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, stride: i32, out: usize, outStride: i32, scale: f32, cap: f32, window: i32, scores: usize): void {
  const table = tableOf(rows, t);
  const position = positionOf(rows, t);
  const first = window == 0 ? 0 : max(0, position - window + 1);
  const end = position + count; // of what any row sees
  const length = (end - first + 3) & ~3;
  const bytes = <usize>length << 2;
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const width = widthOf(shape);
  scoreKeys(count, table, first, end, stretch(shape, layer, 0, keyHead), width, query, stride, scores, bytes);
  for (let r = 0; r < count; r++) {
    const from = window == 0 ? 0 : max(0, position + r - window + 1);
    shares(scores + <usize>r * bytes, first, length, from, position + r, scale, cap);
  }
  mixValues(count, table, first, end, stretch(shape, layer, 1, keyHead), width, out, outStride, scores, bytes);
}

/** Products of `count` queries with the keys of positions [first, end): scores [count, bytes]. */
@inline
function scoreKeys(count: i32, table: usize, first: i32, end: i32, offset: usize, width: i32, query: usize, stride: i32, scores: usize, bytes: usize): void {
  const rowBytes = <usize>width << 2;
  let position = first;
  while (position < end) {
    const pageEnd = min((position | (PAGE_POSITIONS - 1)) + 1, end);
    let key = pageOf(table, position) + offset + <usize>(position & (PAGE_POSITIONS - 1)) * rowBytes;
    let to = scores + (<usize>(position - first) << 2);
    if (count == 1) {
      for (; position + 4 <= pageEnd; position += 4) {
        fourKeys(query, key, rowBytes, to);
        key += 4 * rowBytes;
        to += 16;
      }
    }
    for (; position < pageEnd; position++) {
      if (count == 1) store<f32>(to, dot(key, query, width));
      else fourQueries(query, <usize>stride << 2, key, rowBytes, to, bytes);
      key += rowBytes;
      to += 4;
    }
  }
}

/** One query's products with four keys that lie one after another. */
@inline
function fourKeys(query: usize, key: usize, rowBytes: usize, to: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let i: usize = 0; i < rowBytes; i += 16) {
    const q = v128.load(query + i);
    a = madd(q, v128.load(key + i), a);
    b = madd(q, v128.load(key + rowBytes + i), b);
    c = madd(q, v128.load(key + 2 * rowBytes + i), c);
    d = madd(q, v128.load(key + 3 * rowBytes + i), d);
  }
  putSums(a, b, c, d, to, 4);
}

/** Four queries' products with one key. */
@inline
function fourQueries(query: usize, next: usize, key: usize, rowBytes: usize, to: usize, bytes: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let i: usize = 0; i < rowBytes; i += 16) {
    const k = v128.load(key + i);
    a = madd(k, v128.load(query + i), a);
    b = madd(k, v128.load(query + next + i), b);
    c = madd(k, v128.load(query + 2 * next + i), c);
    d = madd(k, v128.load(query + 3 * next + i), d);
  }
  putSums(a, b, c, d, to, bytes);
}

/** The sums of four vectors, `bytes` apart. */
@inline
function putSums(a: v128, b: v128, c: v128, d: v128, to: usize, bytes: usize): void {
  store<f32>(to, sum4(a));
  store<f32>(to + bytes, sum4(b));
  store<f32>(to + 2 * bytes, sum4(c));
  store<f32>(to + 3 * bytes, sum4(d));
}

/** Softmax of one row's scores over positions [from, to], in place; 0 for the others. */
function shares(scores: usize, first: i32, length: i32, from: i32, to: i32, scale: f32, cap: f32): void {
  for (let i = first; i < from; i++) store<f32>(scores + (<usize>(i - first) << 2), HIDDEN);
  for (let i = to + 1; i < first + length; i++) store<f32>(scores + (<usize>(i - first) << 2), HIDDEN);
  const bytes = <usize>length << 2;
  let highest = f32x4.splat(HIDDEN);
  for (let i: usize = 0; i < bytes; i += 16) {
    let s = f32x4.mul(v128.load(scores + i), f32x4.splat(scale));
    if (cap != 0) s = bent(s, cap);
    v128.store(scores + i, s);
    highest = f32x4.max(highest, s);
  }
  const top = f32x4.splat(max4(highest));
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const e = exp4(f32x4.sub(v128.load(scores + i), top));
    v128.store(scores + i, e);
    sum = f32x4.add(sum, e);
  }
  const share = f32x4.splat(1 / sum4(sum));
  for (let i: usize = 0; i < bytes; i += 16) v128.store(scores + i, f32x4.mul(v128.load(scores + i), share));
}

/** cap tanh(s / cap); what is hidden stays so. */
@inline
function bent(s: v128, cap: f32): v128 {
  const power = exp4(f32x4.mul(s, f32x4.splat(2 / cap)));
  const tanh = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(power, f32x4.splat(1))));
  return v128.bitselect(s, f32x4.mul(tanh, f32x4.splat(cap)), f32x4.le(s, f32x4.splat(-1e20)));
}

/** Sums of the values of positions [first, end) by their shares: out [count, outStride]. Four sums at a time: of four rows, or of four stretches of one. */
@inline
function mixValues(count: i32, table: usize, first: i32, end: i32, offset: usize, width: i32, out: usize, outStride: i32, scores: usize, bytes: usize): void {
  const rowBytes = <usize>width << 2;
  const next = count == 1 ? <usize>16 : <usize>outStride << 2;
  const step = count == 1 ? <usize>64 : <usize>16;
  for (let i: usize = 0; i < rowBytes; i += step) {
    const rest = count == 1 ? rowBytes - i : <usize>64; // of a width that is no multiple of 16
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let position = first;
    while (position < end) {
      const pageEnd = min((position | (PAGE_POSITIONS - 1)) + 1, end);
      let value = pageOf(table, position) + offset + <usize>(position & (PAGE_POSITIONS - 1)) * rowBytes + i;
      let share = scores + (<usize>(position - first) << 2);
      for (; position < pageEnd; position++) {
        const v = v128.load(value);
        const s = v128.load32_splat(share);
        a = madd(v, s, a);
        if (count == 1) {
          b = madd(v128.load(value, 16), s, b);
          c = madd(v128.load(value, 32), s, c);
          d = madd(v128.load(value, 48), s, d);
        } else {
          b = madd(v, v128.load32_splat(share + bytes), b);
          c = madd(v, v128.load32_splat(share + 2 * bytes), c);
          d = madd(v, v128.load32_splat(share + 3 * bytes), d);
        }
        value += rowBytes;
        share += 4;
      }
    }
    v128.store(out + i, a);
    if (rest > 16) v128.store(out + next + i, b);
    if (rest > 32) v128.store(out + 2 * next + i, c);
    if (rest > 48) v128.store(out + 3 * next + i, d);
  }
}

/** One row's attention in one head, as it is shown: shares [position + 1] at `out`. `query` is that of the row and head. */
export function show(shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  if (take(counter) != 0) return;
  const position = positionOf(rows, t);
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const length = (position + 4) & ~3;
  scoreKeys(1, tableOf(rows, t), 0, position + 1, stretch(shape, layer, 0, keyHead), widthOf(shape), query, 0, scratch, <usize>length << 2);
  const from = window == 0 ? 0 : max(0, position - window + 1);
  shares(scratch, 0, length, from, position, scale, cap);
  memory.copy(out, scratch, <usize>(position + 1) << 2);
}
