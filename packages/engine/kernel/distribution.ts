// From a row of logits to its record: what is kept of a distribution over V (core's Prediction and TokenScore).

import { exp4, madd, max4, sum4 } from "./simd";
import { take } from "./threads";

/** A record, at the address of each row: sum of e^(logit - highest) and of the same times the logit (f64), highest and target logit (f32), how many exceed the target's, then ids and logits of the kept. */
const EXPECTED: usize = 8;
const HIGHEST: usize = 16;
const TARGET: usize = 20;
const EXCEEDING: usize = 24;
const IDS: usize = 32;

const STRETCH: usize = 1_024; // bytes whose float32 sums are added up in float64

/** Rows [T, V] of logits and a target each -> records, `kept` candidates in the order of logit, then lower id. V is padded to whole vectors in memory. */
export function records(logits: usize, T: i32, V: i32, stride: i32, targets: usize, kept: i32, out: usize, counter: usize): void {
  const recordBytes = IDS + (<usize>kept << 3);
  for (let t = take(counter); t < T; t = take(counter)) {
    const row = logits + ((<usize>t * stride) << 2);
    const to = out + <usize>t * recordBytes;
    for (let i = V; i < stride; i++) store<f32>(row + (<usize>i << 2), -Infinity);
    const bytes = <usize>stride << 2;
    const highest = highestOf(row, bytes);
    store<f32>(to, highest, HIGHEST);
    mass(row, bytes, highest, to);
    const target = load<f32>(row + (<usize>load<i32>(targets + (<usize>t << 2)) << 2));
    store<f32>(to, target, TARGET);
    store<i32>(to, exceeding(row, bytes, target), EXCEEDING);
    keepHighest(row, V, kept, to + IDS);
  }
}

function highestOf(row: usize, bytes: usize): f32 {
  let highest = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) highest = f32x4.max(highest, v128.load(row + i));
  return max4(highest);
}

function mass(row: usize, bytes: usize, highest: f32, to: usize): void {
  const top = f32x4.splat(highest);
  let sum: f64 = 0;
  let expected: f64 = 0;
  for (let i: usize = 0; i < bytes; ) {
    const end = min(i + STRETCH, bytes);
    let e = f32x4.splat(0);
    let l = f32x4.splat(0);
    for (; i < end; i += 16) {
      const distance = f32x4.max(f32x4.sub(v128.load(row + i), top), f32x4.splat(-1e30)); // no -Infinity times 0
      const p = exp4(distance);
      e = f32x4.add(e, p);
      l = madd(p, distance, l);
    }
    sum += sum4(e);
    expected += sum4(l);
  }
  store<f64>(to, sum);
  store<f64>(to, expected, EXPECTED);
}

function exceeding(row: usize, bytes: usize, target: f32): i32 {
  const bound = f32x4.splat(target);
  let count = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) count = i32x4.sub(count, f32x4.gt(v128.load(row + i), bound));
  return i32x4.extract_lane(count, 0) + i32x4.extract_lane(count, 1) + i32x4.extract_lane(count, 2) + i32x4.extract_lane(count, 3);
}

/** Ids [kept] and, behind them, logits [kept] of the highest; of equals the lower ids, which come first. */
function keepHighest(row: usize, V: i32, kept: i32, ids: usize): void {
  const logits = ids + (<usize>kept << 2);
  let held = 0;
  let least: f32 = -Infinity;
  for (let id = 0; id < V; id += 4) {
    const four = v128.load(row + (<usize>id << 2));
    if (held == kept && !v128.any_true(f32x4.gt(four, f32x4.splat(least)))) continue;
    for (let i = id; i < min(id + 4, V); i++) {
      const logit = load<f32>(row + (<usize>i << 2));
      if (held == kept && !(logit > least)) continue;
      insert(ids, logits, held, kept, i, logit);
      if (held < kept) held += 1;
      least = load<f32>(logits + (<usize>(held - 1) << 2));
    }
  }
}

function insert(ids: usize, logits: usize, held: i32, kept: i32, id: i32, logit: f32): void {
  let place = min(held, kept - 1);
  for (; place > 0 && load<f32>(logits + (<usize>(place - 1) << 2)) < logit; place--) {
    const to = <usize>place << 2;
    store<f32>(logits + to, load<f32>(logits + to - 4));
    store<i32>(ids + to, load<i32>(ids + to - 4));
  }
  store<f32>(logits + (<usize>place << 2), logit);
  store<i32>(ids + (<usize>place << 2), id);
}
