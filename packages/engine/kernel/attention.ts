// Attention over a cache that lies in pages: P positions (a power of 2) of all layers each, shared by sequences that begin alike.
// A page holds, for each layer, keys and then values: of each of K heads a stretch [P, D]. A row's table names the pages of its sequence.
// Elements (E below) are floats, or in compact integers of 16 bits, behind which the stretch has a scale for each position: a long
// past takes as long as it takes to read it.

import { exp4, madd, max4, sum4, sums4 } from "./simd";
import { take, threadCount } from "./threads";
import { touch } from "./touch";

const TILE = 4; // queries that take a key together, at most
const HIDDEN: f32 = -1e30;
const LARGEST: f32 = 32_767; // of an element of 16 bits
const SCALE_BYTES: usize = 4;
const LEAST_PART = 64; // positions that a part of one row's past has at least
const MOST_PARTS = 16; // as src/wasm/decoder-buffers.ts has it

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

@inline
function pageBitsOf(shape: usize): i32 {
  return load<i32>(shape, 12);
}

@inline
function isShort(shape: usize): bool {
  return load<i32>(shape, 16) != 0;
}

/** Room for the parts of one row's past: for each group of heads a counter, then its parts' mixtures. */
@inline
function partsOf(shape: usize): usize {
  return load<usize>(shape, 20);
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

/** Bytes of a position's row of one head. */
@inline
function rowBytesOf<E>(width: i32): usize {
  return <usize>width * sizeof<E>();
}

/** Where a page holds a layer's keys (part 0) or values (part 1) of a key/value head. */
@inline
function stretch<E>(shape: usize, layer: i32, part: i32, head: i32): usize {
  const bytes = rowBytesOf<E>(widthOf(shape)) + (isInteger<E>() ? SCALE_BYTES : 0);
  return (<usize>((layer * 2 + part) * keyHeadsOf(shape) + head) * bytes) << pageBitsOf(shape);
}

/** Four elements from the `i`-th on, as floats; integers yet without their position's scale. */
@inline
function four<E>(row: usize, i: usize): v128 {
  if (isInteger<E>()) return f32x4.convert_i32x4_s(v128.load_ext<i16>(row + (i << 1)));
  return v128.load(row + (i << 2));
}

/** Where a position's row of `rowBytes` lies, less the offset of its stretch. */
@inline
function placeOf(table: usize, position: i32, pageBits: i32, rowBytes: usize): usize {
  const page = load<usize>(table + (<usize>(position >> pageBits) << 2));
  return page + <usize>(position & ((1 << pageBits) - 1)) * rowBytes;
}

/** The position after the last one in the page of `position`, or `end` where that comes first. */
@inline
function pageEndOf(position: i32, pageBits: i32, end: i32): i32 {
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

/**
 * Mixes the values for each row and head: queries [T, stride] -> out [T, H D]. Scratch: four rows of scores, each thread its own.
 * A key is read once for all that meet it together: four rows of a sequence, or a row's heads that share it.
 */
export function attend(shape: usize, rows: usize, T: i32, layer: i32, queries: usize, stride: i32, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  if (isShort(shape)) attendAs<i16>(shape, rows, T, layer, queries, stride, out, scale, cap, window, scratch, counter);
  else attendAs<f32>(shape, rows, T, layer, queries, stride, out, scale, cap, window, scratch, counter);
}

function attendAs<E>(shape: usize, rows: usize, T: i32, layer: i32, queries: usize, stride: i32, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  if (T == 1 && pastOf(positionOf(rows, 0), window) > LEAST_PART) {
    attendInParts<E>(shape, rows, layer, queries, out, scale, cap, window, scratch, counter);
    return;
  }
  const heads = headsOf(shape);
  const together = headsTogether(shape);
  const groups = (T + TILE - 1) / TILE;
  const tasks = groups * (heads / together);
  const whole = tasks - (tasks % threadCount()); // what is left is taken a head at a time, so that no thread waits for long
  const pieces = whole + (tasks - whole) * together;
  for (let piece = take(counter); piece < pieces; piece = take(counter)) {
    const isWhole = piece < whole;
    const firstHead = isWhole ? piece * together : whole * together + (piece - whole);
    const group = groups - 1 - firstHead / heads; // the longest first
    const first = group * TILE;
    attendRows<E>(isWhole ? together : 1, shape, rows, first, min(first + TILE, T), layer, firstHead % heads, queries, stride, out, scale, cap, window, scratch);
  }
}

/** How many positions one at `position` sees. */
@inline
function pastOf(position: i32, window: i32): i32 {
  return window == 0 ? position + 1 : min(position + 1, window);
}

/**
 * One row, whose few groups of heads would not go round among the threads: each group's past is cut into parts, whose length follows from
 * the past's alone, so that any number of threads adds up the same. Who brings a group's last part mixes the parts.
 */
function attendInParts<E>(shape: usize, rows: usize, layer: i32, queries: usize, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  const count = headsTogether(shape);
  const groups = headsOf(shape) / count;
  const headBytes = <usize>widthOf(shape) << 2;
  const end = positionOf(rows, 0) + 1;
  const past = pastOf(end - 1, window);
  let length = LEAST_PART;
  while (length * MOST_PARTS < past) length <<= 1;
  const parts = (past + length - 1) / length;
  const partBytes = <usize>count * (headBytes + 8);
  const groupBytes = 16 + MOST_PARTS * partBytes;
  for (let piece = take(counter); piece < groups * parts; piece = take(counter)) {
    const group = piece / parts;
    const from = end - past + (piece % parts) * length;
    const head = group * count;
    const done = partsOf(shape) + <usize>group * groupBytes;
    const part = done + 16 + <usize>(piece % parts) * partBytes;
    const query = queries + <usize>head * headBytes;
    const to = min(from + length, end);
    if (count == 1) meetPart<E>(1, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
    else if (count == 2) meetPart<E>(2, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
    else if (count == 3) meetPart<E>(3, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
    else meetPart<E>(4, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
    if (atomic.add<i32>(done, 1) + 1 < parts) continue;
    atomic.store<i32>(done, 0);
    for (let h = 0; h < count; h++) {
      mixParts(done + 16 + <usize>h * headBytes, done + 16 + <usize>count * headBytes + (<usize>h << 3), parts, partBytes, headBytes, out + <usize>(head + h) * headBytes);
    }
  }
}

/** A part of one row's past in `count` heads: their mixtures of its values [count, D], then each one's highest score and the sum of e^(score - highest). */
@inline
function meetPart<E>(count: i32, shape: usize, rows: usize, layer: i32, head: i32, query: usize, from: i32, to: i32, part: usize, scale: f32, cap: f32, scores: usize): void {
  const table = tableOf(rows, 0);
  const width = widthOf(shape);
  const headBytes = <usize>width << 2;
  const length = (to - from + 3) & ~3;
  const bytes = <usize>length << 2;
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  scoreKeys<E>(count, table, pageBitsOf(shape), from, to, stretch<E>(shape, layer, 0, keyHead), width, query, headBytes, scores, bytes);
  for (let h = 0; h < count; h++) {
    shares(scores + <usize>h * bytes, from, length, from, to - 1, scale, cap, part + <usize>count * headBytes + (<usize>h << 3));
  }
  mixValues<E>(count, table, pageBitsOf(shape), from, to, stretch<E>(shape, layer, 1, keyHead), width, part, headBytes, scores, bytes);
}

/** One head's parts, `next` bytes apart, as one: each counts as the sum of its e^score. */
function mixParts(mixtures: usize, sums: usize, parts: i32, next: usize, headBytes: usize, out: usize): void {
  let highest = HIDDEN;
  for (let p = 0; p < parts; p++) highest = max(highest, load<f32>(sums + <usize>p * next));
  memory.fill(out, 0, headBytes);
  let total: f32 = 0;
  for (let p = 0; p < parts; p++) {
    const at = <usize>p * next;
    const weight = f32x4.extract_lane(exp4(f32x4.splat(load<f32>(sums + at) - highest)), 0) * load<f32>(sums + at, 4);
    total += weight;
    for (let i: usize = 0; i < headBytes; i += 16) {
      v128.store(out + i, madd(v128.load(mixtures + at + i), f32x4.splat(weight), v128.load(out + i)));
    }
  }
  const share = f32x4.splat(1 / total);
  for (let i: usize = 0; i < headBytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(out + i), share));
}

/** How many heads of one key/value head are taken together: 1 to 4, a divisor of their number. */
function headsTogether(shape: usize): i32 {
  const shared = headsOf(shape) / keyHeadsOf(shape);
  for (let count = TILE; count > 1; count--) if (shared % count == 0) return count;
  return 1;
}

/** Rows [first, end) of at most four, in `count` heads from `head` on. */
function attendRows<E>(count: i32, shape: usize, rows: usize, first: i32, end: i32, layer: i32, head: i32, queries: usize, stride: i32, out: usize, scale: f32, cap: f32, window: i32, scratch: usize): void {
  const outStride = headsOf(shape) * widthOf(shape);
  const rowBytes = <usize>stride << 2;
  const outBytes = <usize>outStride << 2;
  const headBytes = <usize>widthOf(shape) << 2;
  const query = queries + <usize>first * rowBytes + <usize>head * headBytes;
  const to = out + <usize>first * outBytes + <usize>head * headBytes;
  if (end - first == TILE && areNeighbours(rows, first)) {
    for (let h = 0; h < count; h++) {
      const step = <usize>h * headBytes;
      meet<E>(TILE, true, shape, rows, first, layer, head + h, query + step, rowBytes, to + step, outBytes, scale, cap, window, scratch);
    }
    return;
  }
  for (let t = first; t < end; t++) {
    const q = query + <usize>(t - first) * rowBytes;
    const o = to + <usize>(t - first) * outBytes;
    if (count == 1) meet<E>(1, false, shape, rows, t, layer, head, q, headBytes, o, headBytes, scale, cap, window, scratch);
    else if (count == 2) meet<E>(2, false, shape, rows, t, layer, head, q, headBytes, o, headBytes, scale, cap, window, scratch);
    else if (count == 3) meet<E>(3, false, shape, rows, t, layer, head, q, headBytes, o, headBytes, scale, cap, window, scratch);
    else meet<E>(4, false, shape, rows, t, layer, head, q, headBytes, o, headBytes, scale, cap, window, scratch);
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

/** `count` queries, `next` bytes apart, over one sequence's keys: of neighbouring rows (`areRows`), or of one row's heads. */
@inline
function meet<E>(count: i32, areRows: bool, shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, next: usize, out: usize, outNext: usize, scale: f32, cap: f32, window: i32, scores: usize): void {
  const table = tableOf(rows, t);
  const position = positionOf(rows, t);
  const first = window == 0 ? 0 : max(0, position - window + 1);
  const end = position + (areRows ? count : 1); // of what any of them sees
  const length = (end - first + 3) & ~3;
  const bytes = <usize>length << 2;
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const width = widthOf(shape);
  scoreKeys<E>(count, table, pageBitsOf(shape), first, end, stretch<E>(shape, layer, 0, keyHead), width, query, next, scores, bytes);
  for (let r = 0; r < count; r++) {
    const last = areRows ? position + r : position;
    const from = window == 0 ? 0 : max(0, last - window + 1);
    shares(scores + <usize>r * bytes, first, length, from, last, scale, cap, 0);
  }
  mixValues<E>(count, table, pageBitsOf(shape), first, end, stretch<E>(shape, layer, 1, keyHead), width, out, outNext, scores, bytes);
}

/** Products of `count` queries, `next` bytes apart, with the keys of positions [first, end): scores [count, bytes]. */
@inline
function scoreKeys<E>(count: i32, table: usize, pageBits: i32, first: i32, end: i32, offset: usize, width: i32, query: usize, next: usize, scores: usize, bytes: usize): void {
  const rowBytes = rowBytesOf<E>(width);
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
    if (isInteger<E>()) for (let r = 0; r < count; r++) scaled(start + <usize>r * bytes, scalesOf<E>(table, from, pageBits, offset, width), pageEnd - from);
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

/** Added up as fourKeys and twoKeys do, so that it does not matter which of them a key falls to. */
@inline
function oneKey<E>(query: usize, key: usize, width: i32): f32 {
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>width; i += 4) sum = madd(v128.load(query + (i << 2)), four<E>(key, i), sum);
  return sum4(sum);
}

/** One query's products with four keys that lie one after another. */
@inline
function fourKeys<E>(query: usize, key: usize, width: i32, to: usize): void {
  const rowBytes = rowBytesOf<E>(width);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let i: usize = 0; i < <usize>width; i += 4) {
    const q = v128.load(query + (i << 2));
    a = madd(q, four<E>(key, i), a);
    b = madd(q, four<E>(key + rowBytes, i), b);
    c = madd(q, four<E>(key + 2 * rowBytes, i), c);
    d = madd(q, four<E>(key + 3 * rowBytes, i), d);
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
  for (let i: usize = 0; i < <usize>width; i += 4) {
    const k0 = four<E>(key, i);
    const k1 = four<E>(key + rowBytes, i);
    const at = query + (i << 2);
    let q = v128.load(at);
    a0 = madd(k0, q, a0);
    a1 = madd(k1, q, a1);
    q = v128.load(at + next);
    b0 = madd(k0, q, b0);
    b1 = madd(k1, q, b1);
    if (count > 2) {
      q = v128.load(at + 2 * next);
      c0 = madd(k0, q, c0);
      c1 = madd(k1, q, c1);
    }
    if (count > 3) {
      q = v128.load(at + 3 * next);
      d0 = madd(k0, q, d0);
      d1 = madd(k1, q, d1);
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

/** Softmax of one row's scores over positions [from, to], in place; 0 for the others. At `told`, unless it is 0: the highest score, and the sum of e^(score - highest). */
function shares(scores: usize, first: i32, length: i32, from: i32, to: i32, scale: f32, cap: f32, told: usize): void {
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
  const total = sum4(sum);
  if (told != 0) {
    store<f32>(told, f32x4.extract_lane(top, 0));
    store<f32>(told, total, 4);
  }
  const share = f32x4.splat(1 / total);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(scores + i, f32x4.mul(v128.load(scores + i), share));
}

/** cap tanh(s / cap); what is hidden stays so. */
@inline
function bent(s: v128, cap: f32): v128 {
  const power = exp4(f32x4.mul(s, f32x4.splat(2 / cap)));
  const tanh = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(power, f32x4.splat(1))));
  return v128.bitselect(s, f32x4.mul(tanh, f32x4.splat(cap)), f32x4.le(s, f32x4.splat(-1e20)));
}

/** Sums of the values of positions [first, end) by `count` rows of shares: to `out`, `next` bytes apart. Page by page, so that a page is read once. */
@inline
function mixValues<E>(count: i32, table: usize, pageBits: i32, first: i32, end: i32, offset: usize, width: i32, out: usize, next: usize, scores: usize, bytes: usize): void {
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

/** One row's attention in one head, as it is shown: shares [position + 1] at `out`. `query` is that of the row and head. */
export function show(shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  if (take(counter) != 0) return;
  const position = positionOf(rows, t);
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const length = (position + 4) & ~3;
  const bytes = <usize>length << 2;
  if (isShort(shape)) scoreKeys<i16>(1, tableOf(rows, t), pageBitsOf(shape), 0, position + 1, stretch<i16>(shape, layer, 0, keyHead), widthOf(shape), query, 0, scratch, bytes);
  else scoreKeys<f32>(1, tableOf(rows, t), pageBitsOf(shape), 0, position + 1, stretch<f32>(shape, layer, 0, keyHead), widthOf(shape), query, 0, scratch, bytes);
  const from = window == 0 ? 0 : max(0, position - window + 1);
  shares(scratch, 0, length, from, position, scale, cap, 0);
  memory.copy(out, scratch, <usize>(position + 1) << 2);
}
