// Attention over a cache that lies in pages (cache.ts): which queries meet a past together, on which thread, and the shares that they give it.

import { headsOf, isShort, keyHeadsOf, pageBitsOf, positionOf, stretch, tableOf, widthOf } from "./cache";
import { mixValues, roundedBytes, roundQueries, scoreKeys } from "./past";
import { exp4, madd, max4, sum4 } from "./simd";
import { runStart, take, threadCount } from "./threads";

const TILE = 4; // queries that take a key together, at most
const HIDDEN: f32 = -1e30;
const LEAST_PART = 64; // positions that a part of one row's past has at least
const MOST_PARTS = 8; // as src/wasm/layout.ts has it, and the bytes that follow
const COUNTER_BYTES: usize = 16; // before a group's parts
const SUMS_BYTES: usize = 8; // of a query: its highest score, then the sum of e^(score - highest)

/** Room for the parts of one row's past: for each group of heads a counter, then its parts' mixtures. */
@inline
function partsOf(shape: usize): usize {
  return load<usize>(shape, 20);
}

/**
 * Mixes the values for each row and head: queries [T, stride] -> out [T, H D]. Scratch, each thread its own: four queries that are rounded, their sums, their rows of scores.
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
  const partBytes = <usize>count * (headBytes + SUMS_BYTES);
  const groupBytes = COUNTER_BYTES + MOST_PARTS * partBytes;
  const pieces = groups * parts;
  for (;;) {
    const run = take(counter);
    let piece = runStart(run, pieces);
    if (piece >= pieces) return;
    const last = runStart(run + 1, pieces);
    while (piece < last) {
      const group = piece / parts;
      const head = group * count;
      const done = partsOf(shape) + <usize>group * groupBytes;
      const query = queries + <usize>head * headBytes;
      const stop = min(last, (group + 1) * parts);
      const ready = stop - piece;
      roundQueries<E>(count, query, headBytes, widthOf(shape), scratch);
      for (; piece < stop; piece++) {
        const from = end - past + (piece % parts) * length;
        const to = min(from + length, end);
        const part = done + COUNTER_BYTES + <usize>(piece % parts) * partBytes;
        // A constant count is a loop of its own in each of these.
        if (count == 1) meetPart<E>(1, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
        else if (count == 2) meetPart<E>(2, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
        else if (count == 3) meetPart<E>(3, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
        else meetPart<E>(4, shape, rows, layer, head, query, from, to, part, scale, cap, scratch);
      }
      if (atomic.add<i32>(done, ready) + ready < parts) continue;
      atomic.store<i32>(done, 0);
      for (let h = 0; h < count; h++) {
        mixParts(done + COUNTER_BYTES + <usize>h * headBytes, done + COUNTER_BYTES + <usize>count * headBytes + <usize>h * SUMS_BYTES, parts, partBytes, headBytes, out + <usize>(head + h) * headBytes);
      }
    }
  }
}

/** A part of one row's past in `count` heads: sums of its values by e^(score - highest) [count, D], then what `weigh` tells of each. */
@inline
function meetPart<E>(count: i32, shape: usize, rows: usize, layer: i32, head: i32, query: usize, from: i32, to: i32, part: usize, scale: f32, cap: f32, scratch: usize): void {
  const table = tableOf(rows, 0);
  const width = widthOf(shape);
  const headBytes = <usize>width << 2;
  const length = (to - from + 3) & ~3;
  const bytes = <usize>length << 2;
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const scores = scratch + roundedBytes<E>(count, width);
  scoreKeys<E>(count, table, pageBitsOf(shape), from, to, stretch<E>(shape, layer, 0, keyHead), width, query, headBytes, scratch, scores, bytes);
  for (let h = 0; h < count; h++) {
    weigh(scores + <usize>h * bytes, from, length, from, to - 1, scale, cap, part + <usize>count * headBytes + <usize>h * SUMS_BYTES);
  }
  mixValues<E>(count, table, pageBitsOf(shape), from, to, stretch<E>(shape, layer, 1, keyHead), width, part, headBytes, scores, bytes);
}

/** One head's parts, `next` bytes apart, as one: what each has by its own highest score counts by the highest of all. */
function mixParts(mixtures: usize, sums: usize, parts: i32, next: usize, headBytes: usize, out: usize): void {
  let highest = HIDDEN;
  for (let p = 0; p < parts; p++) highest = max(highest, load<f32>(sums + <usize>p * next));
  memory.fill(out, 0, headBytes);
  let total: f32 = 0;
  for (let p = 0; p < parts; p++) {
    const at = <usize>p * next;
    const weight = f32x4.extract_lane(exp4(f32x4.splat(load<f32>(sums + at) - highest)), 0);
    total += weight * load<f32>(sums + at, 4);
    for (let i: usize = 0; i < headBytes; i += 16) {
      v128.store(out + i, madd(v128.load(mixtures + at + i), f32x4.splat(weight), v128.load(out + i)));
    }
  }
  divide(out, headBytes, total);
}

/** Divides a row of floats by their weights' total. */
@inline
function divide(row: usize, bytes: usize, total: f32): void {
  const share = f32x4.splat(1 / total);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(row + i, f32x4.mul(v128.load(row + i), share));
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

/** `count` queries, `next` bytes apart, over one sequence's keys: of neighbouring rows (`areRows`), or of one row's heads. What a neighbour does not see counts 0, so that a NaN in it shows. */
@inline
function meet<E>(count: i32, areRows: bool, shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, next: usize, out: usize, outNext: usize, scale: f32, cap: f32, window: i32, scratch: usize): void {
  const table = tableOf(rows, t);
  const position = positionOf(rows, t);
  const first = window == 0 ? 0 : max(0, position - window + 1);
  const end = position + (areRows ? count : 1); // of what any of them sees
  const length = (end - first + 3) & ~3;
  const bytes = <usize>length << 2;
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const width = widthOf(shape);
  const sums = scratch + roundedBytes<E>(count, width);
  const scores = sums + TILE * SUMS_BYTES;
  roundQueries<E>(count, query, next, width, scratch);
  scoreKeys<E>(count, table, pageBitsOf(shape), first, end, stretch<E>(shape, layer, 0, keyHead), width, query, next, scratch, scores, bytes);
  for (let r = 0; r < count; r++) {
    const last = areRows ? position + r : position;
    const from = window == 0 ? 0 : max(0, last - window + 1);
    weigh(scores + <usize>r * bytes, first, length, from, last, scale, cap, sums + <usize>r * SUMS_BYTES);
  }
  mixValues<E>(count, table, pageBitsOf(shape), first, end, stretch<E>(shape, layer, 1, keyHead), width, out, outNext, scores, bytes);
  for (let r = 0; r < count; r++) divide(out + <usize>r * outNext, <usize>width << 2, load<f32>(sums + <usize>r * SUMS_BYTES, 4));
}

/** One row's scores over positions [from, to] to e^(score - highest), in place, and 0 for the others; at `sums` the highest and the total. */
function weigh(scores: usize, first: i32, length: i32, from: i32, to: i32, scale: f32, cap: f32, sums: usize): void {
  for (let i = first; i < from; i++) store<f32>(scores + (<usize>(i - first) << 2), HIDDEN);
  for (let i = to + 1; i < first + length; i++) store<f32>(scores + (<usize>(i - first) << 2), HIDDEN);
  const bytes = <usize>length << 2;
  if (cap != 0) {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(scores + i, bent(f32x4.mul(v128.load(scores + i), f32x4.splat(scale)), cap));
    scale = 1;
  }
  let highest = f32x4.splat(HIDDEN);
  for (let i: usize = 0; i < bytes; i += 16) highest = f32x4.max(highest, v128.load(scores + i));
  const top = max4(highest);
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const e = exp4(f32x4.mul(f32x4.sub(v128.load(scores + i), f32x4.splat(top)), f32x4.splat(scale)));
    v128.store(scores + i, e);
    total = f32x4.add(total, e);
  }
  store<f32>(sums, top * scale);
  store<f32>(sums, sum4(total), 4);
}

/** cap tanh(s / cap); what is hidden stays so. */
@inline
function bent(s: v128, cap: f32): v128 {
  const power = exp4(f32x4.mul(s, f32x4.splat(2 / cap)));
  const tanh = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(power, f32x4.splat(1))));
  return v128.bitselect(s, f32x4.mul(tanh, f32x4.splat(cap)), f32x4.le(s, f32x4.splat(-1e20)));
}

/** One row's attention in one head, as it is shown: shares [position + 1] at `out`. `query` is that of the row and head. */
export function show(shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, out: usize, scale: f32, cap: f32, window: i32, scratch: usize, counter: usize): void {
  if (take(counter) != 0) return;
  if (isShort(shape)) showAs<i16>(shape, rows, t, layer, head, query, out, scale, cap, window, scratch);
  else showAs<f32>(shape, rows, t, layer, head, query, out, scale, cap, window, scratch);
}

@inline
function showAs<E>(shape: usize, rows: usize, t: i32, layer: i32, head: i32, query: usize, out: usize, scale: f32, cap: f32, window: i32, scratch: usize): void {
  const position = positionOf(rows, t);
  const keyHead = head / (headsOf(shape) / keyHeadsOf(shape));
  const width = widthOf(shape);
  const length = (position + 4) & ~3;
  const sums = scratch + roundedBytes<E>(1, width);
  const scores = sums + TILE * SUMS_BYTES;
  roundQueries<E>(1, query, 0, width, scratch);
  scoreKeys<E>(1, tableOf(rows, t), pageBitsOf(shape), 0, position + 1, stretch<E>(shape, layer, 0, keyHead), width, query, 0, scratch, scores, <usize>length << 2);
  const from = window == 0 ? 0 : max(0, position - window + 1);
  weigh(scores, 0, length, from, position, scale, cap, sums);
  divide(scores, <usize>length << 2, load<f32>(sums, 4));
  memory.copy(out, scores, <usize>(position + 1) << 2);
}
