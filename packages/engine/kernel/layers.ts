// What a layer does beside its products: norms, rotation, gates, sums. Rows are positions; each thread takes some of them.

import { dot } from "./linear";
import { exp4, madd, tanh4 } from "./simd";
import { take } from "./threads";

/** Norms each of `heads` stretches of `width` in each row of x into `out`, laid out alike: x / sqrt(mean(x^2) + epsilon) * weights. */
export function rmsNorm(x: usize, T: i32, stride: i32, heads: i32, width: i32, weights: usize, epsilon: f32, out: usize, counter: usize): void {
  for (let t = take(counter); t < T; t = take(counter)) {
    for (let head = 0; head < heads; head++) {
      const offset = (<usize>t * stride + <usize>(head * width)) << 2;
      const from = x + offset;
      const scale: f32 = 1 / sqrt<f32>(dot(from, from, width) / <f32>width + epsilon);
      scaled(from, 0, scale, weights, 0, width, out + offset);
    }
  }
}

/** (x - mean) / sqrt(variance + epsilon) * weights + bias, over each row. */
export function layerNorm(x: usize, T: i32, width: i32, weights: usize, bias: usize, epsilon: f32, out: usize, counter: usize): void {
  for (let t = take(counter); t < T; t = take(counter)) {
    const offset = (<usize>t * width) << 2;
    const from = x + offset;
    let sum: f64 = 0;
    for (let i = 0; i < width; i++) sum += load<f32>(from + (<usize>i << 2));
    const mean = <f32>(sum / width);
    let squares: f64 = 0;
    for (let i = 0; i < width; i++) {
      const distance = <f64>load<f32>(from + (<usize>i << 2)) - mean;
      squares += distance * distance;
    }
    scaled(from, mean, <f32>(1 / sqrt<f64>(squares / width + epsilon)), weights, bias, width, out + offset);
  }
}

/** (x - mean) * scale * weights (+ bias). */
function scaled(x: usize, mean: f32, scale: f32, weights: usize, bias: usize, width: i32, out: usize): void {
  let i: usize = 0;
  const bytes = <usize>width << 2;
  for (; i + 16 <= bytes; i += 16) {
    let y = f32x4.mul(f32x4.sub(v128.load(x + i), f32x4.splat(mean)), f32x4.splat(scale));
    y = f32x4.mul(y, v128.load(weights + i));
    v128.store(out + i, bias == 0 ? y : f32x4.add(y, v128.load(bias + i)));
  }
  for (; i < bytes; i += 4) {
    const y = (load<f32>(x + i) - mean) * scale * load<f32>(weights + i);
    store<f32>(out + i, bias == 0 ? y : y + load<f32>(bias + i));
  }
}

/** Rotates each head's pairs in place (Su et al., 2021), by the angles in cosines and sines [T, D/2]: neighbours, or an element of each half. */
export function rotate(x: usize, T: i32, stride: i32, heads: i32, width: i32, cosines: usize, sines: usize, isInterleaved: i32, counter: usize): void {
  const pairs = width >> 1;
  for (let t = take(counter); t < T; t = take(counter)) {
    for (let head = 0; head < heads; head++) {
      const at = x + ((<usize>t * stride + <usize>(head * width)) << 2);
      for (let i = 0; i < pairs; i++) {
        const first = at + (<usize>(isInterleaved ? 2 * i : i) << 2);
        const second = first + (isInterleaved ? 4 : <usize>pairs << 2);
        const angle = <usize>(t * pairs + i) << 2;
        const c = load<f32>(cosines + angle);
        const s = load<f32>(sines + angle);
        const a = load<f32>(first);
        const b = load<f32>(second);
        store<f32>(first, a * c - b * s);
        store<f32>(second, a * s + b * c);
      }
    }
  }
}

const CHUNK = 4_096; // floats that a thread takes at a time

/** gate <- act(gate) * up, or act(gate) alone where `up` is 0; both [count]. act is SiLU (0) or GELU by tanh (1). */
export function gate(gates: usize, up: usize, count: i32, act: i32, counter: usize): void {
  for (;;) {
    const first = take(counter) * CHUNK;
    if (first >= count) return;
    const end = min(first + CHUNK, count); // buffers are padded to whole vectors
    for (let i = <usize>first << 2; i < <usize>end << 2; i += 16) {
      const g = v128.load(gates + i);
      const opened = act == 0 ? silu4(g) : gelu4(g);
      v128.store(gates + i, up == 0 ? opened : f32x4.mul(opened, v128.load(up + i)));
    }
  }
}

@inline
function silu4(x: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

/** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
@inline
function gelu4(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  const inner = f32x4.mul(madd(cube, f32x4.splat(0.044715), x), f32x4.splat(0.7978845608));
  return f32x4.mul(f32x4.mul(x, f32x4.splat(0.5)), f32x4.add(f32x4.splat(1), tanh4(inner)));
}

/** to <- to + from, [count]. */
export function add(to: usize, from: usize, count: i32, counter: usize): void {
  for (;;) {
    const first = take(counter) * CHUNK;
    if (first >= count) return;
    const end = min(first + CHUNK, count);
    for (let i = <usize>first << 2; i < <usize>end << 2; i += 16) {
      v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
    }
  }
}

/** x <- cap tanh(x / cap), [count]. */
export function cap(x: usize, count: i32, cap: f32, counter: usize): void {
  for (;;) {
    const first = take(counter) * CHUNK;
    if (first >= count) return;
    const end = min(first + CHUNK, count);
    for (let i = <usize>first << 2; i < <usize>end << 2; i += 16) {
      v128.store(x + i, f32x4.mul(tanh4(f32x4.div(v128.load(x + i), f32x4.splat(cap))), f32x4.splat(cap)));
    }
  }
}

/** Sets `width` floats in each of T rows to 0: a head that is switched off. */
export function clear(x: usize, T: i32, stride: i32, width: i32, counter: usize): void {
  for (let t = take(counter); t < T; t = take(counter)) {
    memory.fill(x + ((<usize>t * stride) << 2), 0, <usize>width << 2);
  }
}

/** Copies bytes, once: a row that is shown, or put in another's place. */
export function copy(from: usize, to: usize, bytes: i32, counter: usize): void {
  if (take(counter) == 0) memory.copy(to, from, bytes);
}
