// A program under construction: one instruction for each step of a pass, in the words that the kernel reads.

import { INSTRUCTION_WORDS, OPERATION } from "./layout.ts";

/** Rows of floats in the kernel's memory: `stride` floats from one row to the next. */
export interface Rows {
  readonly address: number;
  readonly stride: number;
}

/** A weight matrix [out, in] in the kernel's memory. */
export interface PlacedMatrix {
  readonly address: number; // of its descriptor: type, out, in, values, limbs
  readonly type: number; // KERNEL_TYPES or REPACKED_TYPES
  readonly out: number;
  readonly in: number;
  readonly values: number; // address
}

/** How a layer's attention is scored; a cap or a window of 0 is none. */
export interface Scoring {
  readonly shape: number; // address of H, K, D
  readonly rows: number; // address of the rows' tables and positions
  readonly layer: number;
  readonly scale: number;
  readonly cap: number;
  readonly window: number; // positions
}

export type Act = "silu" | "gelu";
const ACTS: readonly Act[] = ["silu", "gelu"];

const floatWord = new Float32Array(1);
const integerWord = new Int32Array(floatWord.buffer);

/** Float32 bits as an integer word. */
function bits(value: number): number {
  floatWord[0] = value;
  return integerWord[0] ?? 0;
}

/** Writes instructions over T rows. Each is followed by a barrier, unless `apart` says that the next one touches nothing of it. */
export class Program {
  readonly #words: number[] = [];
  readonly #T: number;

  constructor(T: number) {
    this.#T = T;
  }

  /** y (+)= x W^T + bias. */
  linear(
    x: Rows,
    matrix: PlacedMatrix,
    y: Rows,
    { bias = 0, adds = false, apart = false }: { bias?: number; adds?: boolean; apart?: boolean },
  ): void {
    const flags = adds ? 1 : 0;
    const operands = [x.address, this.#T, x.stride, matrix.address, y.address, y.stride];
    this.#add(OPERATION.linear, [...operands, bias, flags], apart);
  }

  /** Norms `heads` stretches of `width` in each row, into rows laid out alike. */
  rmsNorm(
    x: Rows,
    out: number,
    norm: { heads: number; width: number; weights: number; epsilon: number },
    apart = false,
  ): void {
    const operands = [x.address, this.#T, x.stride, norm.heads, norm.width, norm.weights];
    this.#add(OPERATION.rmsNorm, [...operands, bits(norm.epsilon), out], apart);
  }

  layerNorm(x: Rows, out: number, norm: { weights: number; bias: number; epsilon: number }): void {
    const operands = [x.address, this.#T, x.stride, norm.weights, norm.bias];
    this.#add(OPERATION.layerNorm, [...operands, bits(norm.epsilon), out]);
  }

  rotate(
    x: Rows,
    heads: { count: number; width: number },
    angles: { cosines: number; sines: number; isInterleaved: boolean },
    apart = false,
  ): void {
    const operands = [x.address, this.#T, x.stride, heads.count, heads.width];
    const { cosines, sines, isInterleaved } = angles;
    this.#add(OPERATION.rotate, [...operands, cosines, sines, isInterleaved ? 1 : 0], apart);
  }

  /** Writes the rows' keys and values to their pages. */
  keep(scoring: Scoring, keys: Rows, values: number): void {
    const { shape, rows, layer } = scoring;
    this.#add(OPERATION.keep, [shape, rows, this.#T, layer, keys.address, values, keys.stride]);
  }

  attend(scoring: Scoring, queries: Rows, out: number): void {
    const { shape, rows, layer, scale, cap, window } = scoring;
    const operands = [shape, rows, this.#T, layer, queries.address, queries.stride, out];
    this.#add(OPERATION.attend, [...operands, bits(scale), bits(cap), window]);
  }

  /** One row's attention in one head, from its query, to `out`. */
  show(
    scoring: Scoring,
    { row, head, query, out }: Record<"row" | "head" | "query" | "out", number>,
  ): void {
    const { shape, rows, layer, scale, cap, window } = scoring;
    const operands = [shape, rows, row, layer, head, query, out];
    this.#add(OPERATION.show, [...operands, bits(scale), bits(cap), window], true);
  }

  /** gates <- act(gates) * up, or act(gates) where up is 0. */
  gate(gates: number, up: number, count: number, act: Act): void {
    this.#add(OPERATION.gate, [gates, up, count, ACTS.indexOf(act)]);
  }

  add(to: number, from: number, count: number): void {
    this.#add(OPERATION.add, [to, from, count]);
  }

  /** x <- cap tanh(x / cap). */
  cap(x: number, count: number, cap: number): void {
    this.#add(OPERATION.cap, [x, count, bits(cap)]);
  }

  /** Sets `width` floats of each row to 0. */
  clear(x: Rows, width: number): void {
    this.#add(OPERATION.clear, [x.address, this.#T, x.stride, width]);
  }

  copy(from: number, to: number, bytes: number): void {
    this.#add(OPERATION.copy, [from, to, bytes]);
  }

  /** Logits [T, V] and a target each -> records. */
  records(
    logits: Rows,
    {
      vocabularySize,
      targets,
      kept,
      out,
    }: Record<"vocabularySize" | "targets" | "kept" | "out", number>,
  ): void {
    const operands = [logits.address, this.#T, vocabularySize, logits.stride, targets, kept, out];
    this.#add(OPERATION.records, operands);
  }

  /** All instructions so far. */
  instructions(): Int32Array {
    return Int32Array.from(this.#words);
  }

  #add(operation: number, operands: readonly number[], apart = false): void {
    const padding = INSTRUCTION_WORDS - 2 - operands.length;
    for (const word of [operation, ...operands]) this.#words.push(word | 0); // addresses from 2^31 on are negative words
    for (let i = 0; i < padding; i += 1) this.#words.push(0);
    this.#words.push(apart ? 1 : 0);
  }
}
