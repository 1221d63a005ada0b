// y = x W^T (+ b). A few positions take each eight rows of W once, as they lie there; many take eight rows at a time, decoded into a panel,
// so that a weight is decoded once for all of them. Most matrices are repacked (repacked.ts); the others lie in their file's own blocks.

import { dots } from "./dots";
import { decodeRow, rowBytes } from "./formats";
import { cutLimbs, limbsBytes, together } from "./limbs";
import { madd, sum4 } from "./simd";
import { runStart, take } from "./threads";
import { TOUCHED_BYTES, touch } from "./touch";
import { decodeRepacked, fillPanel, groupBytes, isRepacked, ROWS } from "./repacked";

const TILE = 4; // positions at a time: the sums of six and what they are made of are more than x86's 16 registers, and half as quick

/** A weight matrix, as the host has laid it down: five words. */
@inline
function typeOf(matrix: usize): i32 {
  return load<i32>(matrix);
}

@inline
function outOf(matrix: usize): i32 {
  return load<i32>(matrix, 4);
}

@inline
function widthOf(matrix: usize): i32 {
  return load<i32>(matrix, 8);
}

@inline
function blocksOf(matrix: usize): usize {
  return load<usize>(matrix, 12);
}

/** How many limbs of 16 bits x is cut into where the products are integers. */
@inline
function limbsOf(matrix: usize): i32 {
  return load<i32>(matrix, 16);
}

/** Bytes of eight rows. */
@inline
function groupBytesOf(matrix: usize): usize {
  const type = typeOf(matrix);
  const width = widthOf(matrix);
  return isRepacked(type) ? groupBytes(type, width) : <usize>ROWS * rowBytes(type, width);
}

@inline
function groupOf(matrix: usize, group: i32): usize {
  return blocksOf(matrix) + <usize>group * groupBytesOf(matrix);
}

/** A row of a matrix whose values lie at `values`, as floats at `out`. */
export function decodeRowOf(type: i32, values: usize, row: i32, width: i32, out: usize): void {
  if (isRepacked(type)) decodeRepacked(type, values + <usize>(row >> 3) * groupBytes(type, width), row & 7, width, out);
  else decodeRow(type, values + <usize>row * rowBytes(type, width), width, out);
}

/** Adds the result to what is at y. */
const ADDS = 1;

/** Positions up to which products that need no panel are quicker. */
function fewOf(matrix: usize): i32 {
  if (!isRepacked(typeOf(matrix))) return 3;
  return limbsOf(matrix) == 1 ? 16 : 4;
}

/** x [T, stride], y [T, yStride]; `bias` [out] or 0; scratch: 16 rows of the widest matrix, each thread its own. */
export function linear(x: usize, T: i32, xStride: i32, matrix: usize, y: usize, yStride: i32, bias: usize, flags: i32, scratch: usize, counter: usize): void {
  if (T <= fewOf(matrix)) fewPositions(x, T, xStride, matrix, y, yStride, bias, flags, scratch, counter);
  else manyPositions(x, T, xStride, matrix, y, yStride, bias, flags, scratch, counter);
}

function fewPositions(x: usize, T: i32, xStride: i32, matrix: usize, y: usize, yStride: i32, bias: usize, flags: i32, scratch: usize, counter: usize): void {
  const groups = (outOf(matrix) + ROWS - 1) >> 3;
  const isInteger = isRepacked(typeOf(matrix));
  let sums: usize = 0; // behind the limbs, once x is cut
  for (;;) {
    const run = take(counter);
    const first = runStart(run, groups);
    if (first >= groups) return;
    const end = runStart(run + 1, groups);
    if (isInteger && sums == 0) sums = cutPositions(x, T, xStride, matrix, scratch);
    for (let group = first; group < end; ) {
      const next = touchGroups(matrix, group, end);
      for (; group < next; group++) {
        if (isInteger) integerGroup(group, T, matrix, y, yStride, bias, flags, scratch, sums);
        else floatGroup(group, x, T, xStride, matrix, y, yStride, bias, flags, scratch);
      }
    }
  }
}

/** Asks memory for as many groups of rows as are touched at once, one at least, from `group` on; returns the group behind them. */
function touchGroups(matrix: usize, group: i32, end: i32): i32 {
  const bytes = groupBytesOf(matrix);
  const next = min(end, group + max(1, <i32>(TOUCHED_BYTES / bytes)));
  const rows = min(outOf(matrix), next << 3) - (group << 3);
  touch(groupOf(matrix, group), isRepacked(typeOf(matrix)) ? <usize>(next - group) * bytes : <usize>rows * (bytes >> 3));
  return next;
}

/** x in limbs, positions that go together after one another; returns the address behind them. */
function cutPositions(x: usize, T: i32, xStride: i32, matrix: usize, to: usize): usize {
  const width = widthOf(matrix);
  const count = limbsOf(matrix);
  for (let t = 0; t < T; ) {
    const positions = together(T - t);
    cutLimbs(x + ((<usize>t * xStride) << 2), xStride, positions, width, count, to);
    to += limbsBytes(width, positions, count);
    t += positions;
  }
  return to;
}

/** Eight rows of W times all positions. */
function integerGroup(group: i32, T: i32, matrix: usize, y: usize, yStride: i32, bias: usize, flags: i32, limbs: usize, sums: usize): void {
  const width = widthOf(matrix);
  const count = limbsOf(matrix);
  const values = groupOf(matrix, group);
  const row = group << 3;
  const columns = min(ROWS, outOf(matrix) - row);
  for (let t = 0; t < T; ) {
    const positions = together(T - t);
    dots(typeOf(matrix), values, limbs, positions, width, count, sums);
    for (let i = 0; i < positions; i++) {
      const from = sums + (<usize>i << 5);
      putGroup(from, y + ((<usize>(t + i) * yStride + row) << 2), columns, bias, row, flags);
    }
    limbs += limbsBytes(width, positions, count);
    t += positions;
  }
}

/** The sums of a group's rows, of which the matrix has `columns`. */
@inline
function putGroup(sums: usize, to: usize, columns: i32, bias: usize, row: i32, flags: i32): void {
  if (columns == ROWS) put8(to, v128.load(sums), v128.load(sums, 16), bias == 0 ? 0 : bias + (<usize>row << 2), flags);
  else for (let i = 0; i < columns; i++) put(load<f32>(sums + (<usize>i << 2)), to + (<usize>i << 2), bias, row + i, flags);
}

function floatGroup(group: i32, x: usize, T: i32, xStride: i32, matrix: usize, y: usize, yStride: i32, bias: usize, flags: i32, scratch: usize): void {
  const width = widthOf(matrix);
  const first = group << 3;
  const end = min(outOf(matrix), first + ROWS);
  for (let row = first; row < end; row++) {
    decodeRowOf(typeOf(matrix), blocksOf(matrix), row, width, scratch);
    for (let t = 0; t < T; t++) {
      put(dot(scratch, x + ((<usize>t * xStride) << 2), width), y + ((<usize>t * yStride + row) << 2), bias, row, flags);
    }
  }
}

@inline
function put(sum: f32, to: usize, bias: usize, row: i32, flags: i32): void {
  if (bias != 0) sum += load<f32>(bias + (<usize>row << 2));
  store<f32>(to, flags & ADDS ? load<f32>(to) + sum : sum);
}

/** The dot product of two rows of floats; a width that is no multiple of 4 has its last ones added singly. */
export function dot(a: usize, b: usize, width: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let i = 0;
  for (; i + 16 <= width; i += 16) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = madd(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = madd(v128.load(a, 48), v128.load(b, 48), s3);
    a += 64;
    b += 64;
  }
  let sum = sum4(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; i < width; i++) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

function manyPositions(x: usize, T: i32, xStride: i32, matrix: usize, y: usize, yStride: i32, bias: usize, flags: i32, scratch: usize, counter: usize): void {
  const out = outOf(matrix);
  const width = widthOf(matrix);
  const panel = scratch + <usize>ROWS * (<usize>width << 2);
  for (;;) {
    const group = take(counter);
    const first = group << 3;
    if (first >= out) return;
    const columns = min(ROWS, out - first);
    const values = groupOf(matrix, group);
    touch(values, <usize>columns * (groupBytesOf(matrix) >> 3));
    if (isRepacked(typeOf(matrix))) fillPanel(typeOf(matrix), values, width, panel);
    else turnRows(matrix, first, columns, scratch, panel);
    for (let t = 0; t < T; ) {
      const from = x + ((<usize>t * xStride) << 2);
      const to = y + ((<usize>t * yStride + first) << 2);
      const rows = columns < ROWS ? 1 : min(TILE, T - t);
      if (columns < ROWS) narrowTile(from, width, panel, to, columns, bias, first, flags);
      else if (rows == 4) tile(4, from, xStride, width, panel, to, yStride, bias, first, flags);
      else if (rows == 3) tile(3, from, xStride, width, panel, to, yStride, bias, first, flags);
      else if (rows == 2) tile(2, from, xStride, width, panel, to, yStride, bias, first, flags);
      else tile(1, from, xStride, width, panel, to, yStride, bias, first, flags);
      t += rows;
    }
  }
}

/** Eight rows of W, decoded and turned round: panel [width, 8]; columns beyond the last are 0. */
function turnRows(matrix: usize, first: i32, columns: i32, rows: usize, panel: usize): void {
  const width = widthOf(matrix);
  const stride = <usize>width << 2;
  for (let column = 0; column < ROWS; column++) {
    const row = rows + <usize>column * stride;
    if (column >= columns) memory.fill(row, 0, stride);
    else decodeRowOf(typeOf(matrix), blocksOf(matrix), first + column, width, row);
  }
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const at = rows + (<usize>i << 2);
    const to = panel + (<usize>i << 5);
    turn4(at, stride, to);
    turn4(at + 4 * stride, stride, to + 16);
  }
  for (; i < width; i++) {
    for (let column = 0; column < ROWS; column++) {
      const value = load<f32>(rows + <usize>column * stride + (<usize>i << 2));
      store<f32>(panel + (<usize>(i * ROWS + column) << 2), value);
    }
  }
}

/** Four rows of four -> four columns of the panel. */
@inline
function turn4(at: usize, stride: usize, to: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + stride);
  const c = v128.load(at + 2 * stride);
  const d = v128.load(at + 3 * stride);
  const ab = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const AB = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  const cd = i8x16.shuffle(c, d, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const CD = i8x16.shuffle(c, d, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  v128.store(to, i8x16.shuffle(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  v128.store(to, i8x16.shuffle(ab, cd, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31), 32);
  v128.store(to, i8x16.shuffle(AB, CD, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), 64);
  v128.store(to, i8x16.shuffle(AB, CD, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31), 96);
}

/** `rows` positions times eight columns, all sums in registers. `rows` is a constant wherever this is called, so each call is its own loop. */
@inline
function tile(rows: i32, x: usize, xStride: i32, width: i32, panel: usize, y: usize, yStride: i32, bias: usize, first: i32, flags: i32): void {
  const stride = <usize>xStride << 2;
  const zero = f32x4.splat(0);
  let a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
  const end = panel + (<usize>width << 5);
  for (; panel < end; panel += 32, x += 4) {
    const w0 = v128.load(panel);
    const w1 = v128.load(panel, 16);
    const a = v128.load32_splat(x);
    a0 = madd(w0, a, a0);
    a1 = madd(w1, a, a1);
    if (rows >= 2) {
      const b = v128.load32_splat(x + stride);
      b0 = madd(w0, b, b0);
      b1 = madd(w1, b, b1);
    }
    if (rows >= 3) {
      const c = v128.load32_splat(x + 2 * stride);
      c0 = madd(w0, c, c0);
      c1 = madd(w1, c, c1);
    }
    if (rows >= 4) {
      const d = v128.load32_splat(x + 3 * stride);
      d0 = madd(w0, d, d0);
      d1 = madd(w1, d, d1);
    }
  }
  const next = <usize>yStride << 2;
  const at = bias == 0 ? <usize>0 : bias + (<usize>first << 2);
  put8(y, a0, a1, at, flags);
  if (rows >= 2) put8(y + next, b0, b1, at, flags);
  if (rows >= 3) put8(y + 2 * next, c0, c1, at, flags);
  if (rows >= 4) put8(y + 3 * next, d0, d1, at, flags);
}

@inline
function put8(to: usize, low: v128, high: v128, bias: usize, flags: i32): void {
  let a = low;
  let b = high;
  if (bias != 0) {
    a = f32x4.add(a, v128.load(bias));
    b = f32x4.add(b, v128.load(bias, 16));
  }
  if (flags & ADDS) {
    a = f32x4.add(a, v128.load(to));
    b = f32x4.add(b, v128.load(to, 16));
  }
  v128.store(to, a);
  v128.store(to, b, 16);
}

/** One position times the last columns of a matrix whose outputs are no multiple of eight. */
function narrowTile(x: usize, width: i32, panel: usize, y: usize, columns: i32, bias: usize, first: i32, flags: i32): void {
  for (let column = 0; column < columns; column++) {
    let sum: f32 = bias == 0 ? 0 : load<f32>(bias + (<usize>(first + column) << 2));
    for (let i = 0; i < width; i++) {
      sum += load<f32>(x + (<usize>i << 2)) * load<f32>(panel + (<usize>(i * ROWS + column) << 2));
    }
    const to = y + (<usize>column << 2);
    store<f32>(to, flags & ADDS ? load<f32>(to) + sum : sum);
  }
}
