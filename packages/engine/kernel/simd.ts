// Four floats at a time: the few words that the other files are written in.

/** a * b + c, fused where the build has relaxed SIMD. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of the four lanes. */
@inline
export function sum4(a: v128): f32 {
  const pairs = f32x4.add(a, i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The sums of four vectors' lanes, each as sum4 adds them. */
@inline
export function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** The largest of the four lanes. */
@inline
export function max4(a: v128): f32 {
  return max(
    max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** Lanes 0 to 3 of 16 signed bytes as floats. */
@inline
export function floats0(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(q)));
}

@inline
export function floats4(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(i16x8.extend_low_i8x16_s(q)));
}

@inline
export function floats8(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_high_i8x16_s(q)));
}

@inline
export function floats12(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(i16x8.extend_high_i8x16_s(q)));
}

const LOG2_E: f32 = 1.44269504088896341;
const LN2_HIGH: f32 = 0.693359375; // 9 bits: its multiples are exact
const LN2_LOW: f32 = -2.12194440e-4;
const LOWEST: f32 = -87.3; // e^x would be denormal below: it is 0 here
const HIGHEST: f32 = 88.3;
const ROUNDS: f32 = 12_582_912; // 1.5 * 2^23: a float32 of this size has no fraction, and its last bits count

/** The nearest whole numbers, of up to 22 bits, as the last bits of each lane: the first ones are of no use. */
@inline
export function rounded4(x: v128): v128 {
  return f32x4.add(x, f32x4.splat(ROUNDS));
}

/** e^x, to 1 unit in the last place; NaN stays NaN: x = n ln 2 + r, then a polynomial of degree 5 in r (Cephes, expf). */
export function exp4(x: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(LOWEST)), f32x4.splat(HIGHEST));
  const counted = rounded4(f32x4.mul(bounded, f32x4.splat(LOG2_E)));
  const n = f32x4.sub(counted, f32x4.splat(ROUNDS)); // the nearest whole number, in two instructions
  let r = f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let y = madd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  y = madd(y, r, f32x4.splat(8.3334519073e-3));
  y = madd(y, r, f32x4.splat(4.1665795894e-2));
  y = madd(y, r, f32x4.splat(1.6666665459e-1));
  y = madd(y, r, f32x4.splat(5.0000001201e-1));
  y = f32x4.add(madd(y, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(counted, i32x4.splat(127)), 23); // 2^n: what n lies on is shifted out
  return v128.andnot(f32x4.mul(y, power), f32x4.lt(x, f32x4.splat(LOWEST)));
}

/** tanh x = 1 - 2 / (e^2x + 1). */
@inline
export function tanh4(x: v128): v128 {
  const power = exp4(f32x4.add(x, x));
  return f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(power, f32x4.splat(1))));
}
