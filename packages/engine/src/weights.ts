// Weight matrices from the file's blocks to what the graph multiplies with: fp32 rows, or int8 blocks with a scale each.

import type { Precision } from "@tokenscope/core";
import { tensorOf } from "./architecture.ts";
import type { ByteSource } from "./byte-source.ts";
import { dequantize, dequantizeRow } from "./gguf/blocks.ts";
import { type Gguf, readTensor, type TensorInfo } from "./gguf/gguf.ts";
import { isRoundable, roundRow } from "./gguf/rounded-row.ts";

/** A weight matrix [out, in] in the file's own blocks; `row` writes one output's weights at `into[at...]`. */
export interface Matrix {
  readonly out: number;
  readonly in: number;
  row(output: number, into: Float32Array, at: number): void;
}

/** int8 weights: `values` [out, in], `scales` [out, in / 32]; weight = value x its block's scale. */
export interface Int8Matrix {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/** Reads tensors one by one, so that the file is never in memory twice. */
export interface WeightReader {
  vector(name: string): Promise<Float32Array>;
  /** Tensors of one input width stacked along their outputs. */
  matrix(names: readonly string[]): Promise<Matrix>;
  has(name: string): boolean;
}

/** A reader over one file; in compact, matrices of more than 8 bits a weight are read as they come back from Q8_0. */
export function weightReader(source: ByteSource, gguf: Gguf, precision: Precision): WeightReader {
  return {
    has: (name) => gguf.tensors.has(name),
    async vector(name) {
      const tensor = tensorOf(gguf, name);
      return dequantize(tensor.type, await readTensor(source, tensor));
    },
    async matrix(names) {
      const parts: Matrix[] = [];
      for (const name of names)
        parts.push(await tensorMatrix(source, tensorOf(gguf, name), precision));
      return stacked(parts);
    },
  };
}

/** A reader that gives the same matrix to all who ask for it, and holds it as long as they do. */
export function readingOnce(weights: WeightReader): WeightReader {
  const matrices = new Map<string, Promise<Matrix>>();
  return {
    ...weights,
    matrix(names) {
      const key = names.join();
      const matrix = matrices.get(key) ?? weights.matrix(names);
      matrices.set(key, matrix);
      return matrix;
    },
  };
}

async function tensorMatrix(
  source: ByteSource,
  tensor: TensorInfo,
  precision: Precision,
): Promise<Matrix> {
  const [width = 0, out = 1] = tensor.dims;
  const blocks = await readTensor(source, tensor);
  const isRounded = precision === "compact" && isRoundable(tensor);
  return {
    out,
    in: width,
    row(output, into, at) {
      dequantizeRow(tensor.type, { blocks, row: output, width }, into, at);
      if (isRounded) roundRow(into.subarray(at, at + width));
    },
  };
}

function stacked(parts: readonly Matrix[]): Matrix {
  const out = parts.reduce((rows, part) => rows + part.out, 0);
  return {
    out,
    in: parts[0]?.in ?? 0,
    row(output, into, at) {
      let first = 0;
      for (const part of parts) {
        if (output < first + part.out) return part.row(output - first, into, at);
        first += part.out;
      }
      throw new RangeError(`matrix: no row ${output} of ${out}`);
    },
  };
}

/** All weights as float32 [out, in]. */
export function floatRows(matrix: Matrix): Float32Array {
  const values = new Float32Array(matrix.out * matrix.in);
  for (let output = 0; output < matrix.out; output += 1) {
    matrix.row(output, values, output * matrix.in);
  }
  return values;
}

const LARGEST_INT8 = 127;
/** Weights that share a scale; the last block of a row may have fewer. */
export const INT8_BLOCK = 32;

/** Each block's weights rounded to int8 by their largest. */
export function int8Blocks(matrix: Matrix): Int8Matrix {
  const { out, in: width } = matrix;
  const blocks = Math.ceil(width / INT8_BLOCK);
  const values = new Int8Array(width * out);
  const scales = new Float32Array(blocks * out);
  const row = new Float32Array(width);
  for (let output = 0; output < out; output += 1) {
    matrix.row(output, row, 0);
    for (let block = 0; block < blocks; block += 1) {
      const from = block * INT8_BLOCK;
      const to = Math.min(from + INT8_BLOCK, width);
      let largest = 0;
      for (let i = from; i < to; i += 1) largest = Math.max(largest, Math.abs(row[i] ?? 0));
      const scale = largest / LARGEST_INT8 || 1; // a block of zeros stays zeros
      scales[output * blocks + block] = scale;
      // Half up; the numbers are above 0 where they are cut off, which is quicker than Math.floor
      for (let i = from; i < to; i += 1) {
        values[output * width + i] = (((row[i] ?? 0) / scale + UP) | 0) - LIFT;
      }
    }
  }
  return { values, scales };
}

const LIFT = 128;
const UP = LIFT + 0.5;
