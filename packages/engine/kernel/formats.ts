// GGUF's tensor types: a row of blocks to floats (formats: ggml-quants.c; the readable oracle is src/gguf).

import { floats0, floats12, floats4, floats8, madd } from "./simd";

/** ggml's numbers of the types. */
export const F32 = 0;
export const F16 = 1;
export const Q4_0 = 2;
export const Q4_1 = 3;
export const Q5_0 = 6;
export const Q5_1 = 7;
export const Q8_0 = 8;
export const Q2_K = 10;
export const Q3_K = 11;
export const Q4_K = 12;
export const Q5_K = 13;
export const Q6_K = 14;
export const IQ4_NL = 20;
export const IQ4_XS = 23;
export const BF16 = 30;
export const MXFP4 = 39;

const HALVES: usize = 65_536; // the host's table of all half-precision numbers (src/wasm/layout.ts)

@inline
export function half(at: usize): f32 {
  return load<f32>(HALVES + ((<usize>load<u16>(at)) << 2));
}

/** Bytes of a row of this type. */
export function rowBytes(type: i32, width: i32): usize {
  const blocks = <usize>width >> 5;
  const superBlocks = <usize>width >> 8;
  switch (type) {
    case F32: return <usize>width << 2;
    case F16: case BF16: return <usize>width << 1;
    case Q4_0: case IQ4_NL: return blocks * 18;
    case Q4_1: return blocks * 20;
    case Q5_0: return blocks * 22;
    case Q5_1: return blocks * 24;
    case Q8_0: return blocks * 34;
    case Q2_K: return superBlocks * 84;
    case Q3_K: return superBlocks * 110;
    case Q4_K: return superBlocks * 144;
    case Q5_K: return superBlocks * 176;
    case Q6_K: return superBlocks * 210;
    case IQ4_XS: return superBlocks * 136;
    default: return blocks * 17; // MXFP4
  }
}

/** 16 signed bytes to floats: scale * q + offset. */
@inline
function put16(q: v128, scale: f32, offset: f32, out: usize): void {
  const s = f32x4.splat(scale);
  const o = f32x4.splat(offset);
  v128.store(out, madd(floats0(q), s, o));
  v128.store(out, madd(floats4(q), s, o), 16);
  v128.store(out, madd(floats8(q), s, o), 32);
  v128.store(out, madd(floats12(q), s, o), 48);
}

@inline
export function lowNibbles(q: v128): v128 {
  return v128.and(q, i8x16.splat(15));
}

@inline
export function highNibbles(q: v128): v128 {
  return v128.and(i16x8.shr_u(q, 4), i8x16.splat(15));
}

/** Bit `j` of 32 bits as byte `j` of two vectors: 16 where it is set. */
@inline
export function fifthBits(bits: u32, high: bool): v128 {
  const word = i16x8.splat(<i16>(high ? bits >> 16 : bits & 0xffff));
  const bytes = i8x16.shuffle(word, word, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const selected = v128.and(bytes, i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128));
  return v128.and(i8x16.ne(selected, i8x16.splat(0)), i8x16.splat(16));
}

/** A row of `width` weights as floats at `out`. */
export function decodeRow(type: i32, from: usize, width: i32, out: usize): void {
  const end = from + rowBytes(type, width);
  switch (type) {
    case F32: memory.copy(out, from, <usize>width << 2); return;
    case F16: for (; from < end; from += 2, out += 4) store<f32>(out, half(from)); return;
    case BF16: for (; from < end; from += 2, out += 4) store<u32>(out, <u32>load<u16>(from) << 16); return;
    case Q4_0: for (; from < end; from += 18, out += 128) q4_0(from, out); return;
    case Q4_1: for (; from < end; from += 20, out += 128) q4_1(from, out); return;
    case Q5_0: for (; from < end; from += 22, out += 128) q5_0(from, out); return;
    case Q5_1: for (; from < end; from += 24, out += 128) q5_1(from, out); return;
    case Q8_0: for (; from < end; from += 34, out += 128) q8_0(from, out); return;
    case Q2_K: for (; from < end; from += 84, out += 1024) q2_K(from, out); return;
    case Q3_K: for (; from < end; from += 110, out += 1024) q3_K(from, out); return;
    case Q4_K: for (; from < end; from += 144, out += 1024) q4_K(from, out); return;
    case Q5_K: for (; from < end; from += 176, out += 1024) q5_K(from, out); return;
    case Q6_K: for (; from < end; from += 210, out += 1024) q6_K(from, out); return;
    case IQ4_NL: for (; from < end; from += 18, out += 128) lookup32(half(from), v128.load(from, 2), LEVELS(), out); return;
    case IQ4_XS: for (; from < end; from += 136, out += 1024) iq4_XS(from, out); return;
    default: for (; from < end; from += 17, out += 128) lookup32(powerOfTwo(load<u8>(from)), v128.load(from, 1), FLOATS4(), out); // MXFP4
  }
}

function q4_0(from: usize, out: usize): void {
  const d = half(from);
  const q = v128.load(from, 2);
  put16(lowNibbles(q), d, -8 * d, out);
  put16(highNibbles(q), d, -8 * d, out + 64);
}

function q4_1(from: usize, out: usize): void {
  const d = half(from);
  const m = half(from + 2);
  const q = v128.load(from, 4);
  put16(lowNibbles(q), d, m, out);
  put16(highNibbles(q), d, m, out + 64);
}

function q5_0(from: usize, out: usize): void {
  const d = half(from);
  const bits = load<u32>(from, 2);
  const q = v128.load(from, 6);
  put16(v128.or(lowNibbles(q), fifthBits(bits, false)), d, -16 * d, out);
  put16(v128.or(highNibbles(q), fifthBits(bits, true)), d, -16 * d, out + 64);
}

function q5_1(from: usize, out: usize): void {
  const d = half(from);
  const m = half(from + 2);
  const bits = load<u32>(from, 4);
  const q = v128.load(from, 8);
  put16(v128.or(lowNibbles(q), fifthBits(bits, false)), d, m, out);
  put16(v128.or(highNibbles(q), fifthBits(bits, true)), d, m, out + 64);
}

function q8_0(from: usize, out: usize): void {
  const d = half(from);
  put16(v128.load(from, 2), d, 0, out);
  put16(v128.load(from, 18), d, 0, out + 64);
}

/** 16 bytes of Q2_K's and Q3_K's low bits, for a part of 16 elements. */
@inline
function twoBits(at: usize, part: i32): v128 {
  const bytes = v128.load(at + <usize>(32 * (part >> 3) + 16 * (part & 1)));
  return v128.and(i16x8.shr_u(bytes, 2 * ((part >> 1) & 3)), i8x16.splat(3));
}

function q2_K(from: usize, out: usize): void {
  const d = half(from + 80);
  const dMin = half(from + 82);
  for (let part = 0; part < 16; part++) {
    const packed = <u32>load<u8>(from + part);
    put16(twoBits(from + 16, part), d * <f32>(packed & 15), -dMin * <f32>(packed >> 4), out);
    out += 64;
  }
}

/** The six-bit scale of a part in Q3_K's 12 bytes, around 32. */
function scale3(at: usize, part: i32): f32 {
  const low = (<u32>load<u8>(at + (part & 7)) >> (4 * (part >> 3))) & 15;
  const high = (<u32>load<u8>(at + 8 + (part & 3)) >> (2 * (part >> 2))) & 3;
  return <f32>(<i32>(low | (high << 4)) - 32);
}

function q3_K(from: usize, out: usize): void {
  const d = half(from + 108);
  for (let part = 0; part < 16; part++) {
    const mask = i8x16.splat(<i8>(<i32>1 << (part >> 1)));
    const isClear = i8x16.eq(v128.and(v128.load(from + <usize>(16 * (part & 1))), mask), i8x16.splat(0));
    const q = i8x16.sub(twoBits(from + 32, part), v128.and(isClear, i8x16.splat(4)));
    put16(q, d * scale3(from + 96, part), 0, out);
    out += 64;
  }
}

/** The six-bit scale `j` of Q4_K's and Q5_K's 12 bytes. */
export function scale6(at: usize, j: usize): f32 {
  if (j < 4) return <f32>(<u32>load<u8>(at + j) & 63);
  return <f32>((<u32>load<u8>(at + j + 4) & 15) | ((<u32>load<u8>(at + j - 4) >> 6) << 4));
}

/** And the six-bit minimum. */
export function minimum6(at: usize, j: usize): f32 {
  if (j < 4) return <f32>(<u32>load<u8>(at + j + 4) & 63);
  return <f32>((<u32>load<u8>(at + j + 4) >> 4) | ((<u32>load<u8>(at + j) >> 6) << 4));
}

function q4_K(from: usize, out: usize): void {
  const d = half(from);
  const dMin = half(from + 2);
  for (let j: usize = 0; j < 8; j++) {
    const scale = d * scale6(from + 4, j);
    const minimum = -dMin * minimum6(from + 4, j);
    const at = from + 16 + (j >> 1) * 32;
    const a = v128.load(at);
    const b = v128.load(at, 16);
    put16((j & 1) == 0 ? lowNibbles(a) : highNibbles(a), scale, minimum, out);
    put16((j & 1) == 0 ? lowNibbles(b) : highNibbles(b), scale, minimum, out + 64);
    out += 128;
  }
}

function q5_K(from: usize, out: usize): void {
  const d = half(from);
  const dMin = half(from + 2);
  for (let j: usize = 0; j < 8; j++) {
    const scale = d * scale6(from + 4, j);
    const minimum = -dMin * minimum6(from + 4, j);
    const mask = i8x16.splat(<i8>(<i32>1 << <i32>j));
    for (let h: usize = 0; h < 32; h += 16) {
      const q = v128.load(from + 48 + (j >> 1) * 32 + h);
      const isSet = i8x16.ne(v128.and(v128.load(from + 16 + h), mask), i8x16.splat(0));
      const nibbles = (j & 1) == 0 ? lowNibbles(q) : highNibbles(q);
      put16(v128.or(nibbles, v128.and(isSet, i8x16.splat(16))), scale, minimum, out);
      out += 64;
    }
  }
}

function q6_K(from: usize, out: usize): void {
  const d = half(from + 208);
  for (let block: usize = 0; block < 8; block++) {
    for (let h: usize = 0; h < 2; h++) {
      put16(sixBits(from, block, h), d * <f32>load<i8>(from + 192 + block * 2 + h), 0, out);
      out += 64;
    }
  }
}

/** Sixteen of Q6_K's integers: half `h` of the 32 columns of `block`. */
@inline
export function sixBits(from: usize, block: usize, h: usize): v128 {
  const n = block >> 2;
  const part = block & 3;
  const low = v128.load(from + n * 64 + (part & 1) * 32 + h * 16);
  const nibbles = part < 2 ? lowNibbles(low) : highNibbles(low);
  const high = v128.load(from + 128 + n * 32 + h * 16);
  const twoBits = v128.and(i16x8.shr_u(high, <i32>part << 1), i8x16.splat(3));
  return i8x16.sub(v128.or(nibbles, i8x16.shl(twoBits, 4)), i8x16.splat(32));
}

/** IQ4_NL's sixteen levels. */
@inline
function LEVELS(): v128 {
  return i8x16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
}

/** MXFP4's sixteen values, doubled. */
@inline
function FLOATS4(): v128 {
  return i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
}

@inline
function lookup32(scale: f32, q: v128, table: v128, out: usize): void {
  put16(i8x16.swizzle(table, lowNibbles(q)), scale, 0, out);
  put16(i8x16.swizzle(table, highNibbles(q)), scale, 0, out + 64);
}

/** 2^(exponent - 128): MXFP4's scale, halved because its values are doubled. */
function powerOfTwo(exponent: u32): f32 {
  return reinterpret<f32>(exponent < 2 ? 0x0020_0000 << exponent : (exponent - 1) << 23);
}

function iq4_XS(from: usize, out: usize): void {
  const d = half(from);
  const high = <u32>load<u16>(from, 2);
  for (let j: usize = 0; j < 8; j++) {
    const low = (<u32>load<u8>(from + 4 + (j >> 1)) >> <u32>((j & 1) << 2)) & 15;
    const scale = <i32>(low | (((high >> <u32>(j << 1)) & 3) << 4)) - 32;
    lookup32(d * <f32>scale, v128.load(from + 8 + j * 16), LEVELS(), out);
    out += 128;
  }
}
