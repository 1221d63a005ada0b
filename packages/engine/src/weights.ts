// Weight matrices from the file's blocks to what the graph multiplies with: fp32 rows, or int8 rows with a scale each.

import { tensorOf } from "./architecture.ts";
import type { ByteSource } from "./byte-source.ts";
import { dequantize, dequantizeRow } from "./gguf/blocks.ts";
import { type Gguf, readTensor } from "./gguf/gguf.ts";

/** A weight matrix [out, in] in the file's own blocks; `row` writes one output's weights at `into[at...]`. */
export interface Matrix {
  readonly out: number;
  readonly in: number;
  row(output: number, into: Float32Array, at: number): void;
}

/** int8 weights: `values` [out, in], `scales` [out]; weight = value x its output's scale. */
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

/** A reader over one file. */
export function weightReader(source: ByteSource, gguf: Gguf): WeightReader {
  return {
    has: (name) => gguf.tensors.has(name),
    async vector(name) {
      const tensor = tensorOf(gguf, name);
      return dequantize(tensor.type, await readTensor(source, tensor));
    },
    async matrix(names) {
      const parts: Matrix[] = [];
      for (const name of names) parts.push(await tensorMatrix(source, gguf, name));
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

async function tensorMatrix(source: ByteSource, gguf: Gguf, name: string): Promise<Matrix> {
  const tensor = tensorOf(gguf, name);
  const [width = 0, out = 1] = tensor.dims;
  const blocks = await readTensor(source, tensor);
  return {
    out,
    in: width,
    row: (output, into, at) => dequantizeRow(tensor.type, { blocks, row: output, width }, into, at),
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

/** Each output's weights rounded to int8 by their largest. */
export function int8Rows(matrix: Matrix): Int8Matrix {
  const { out, in: width } = matrix;
  const values = new Int8Array(width * out);
  const scales = new Float32Array(out);
  const row = new Float32Array(width);
  for (let output = 0; output < out; output += 1) {
    matrix.row(output, row, 0);
    scales[output] = scaleRow(row);
    const to = output * width;
    // Half up; the numbers are above 0 where they are cut off, which is quicker than Math.floor
    for (let i = 0; i < width; i += 1) values[to + i] = (((row[i] ?? 0) + UP) | 0) - LIFT;
  }
  return { values, scales };
}

const LIFT = 128;
const UP = LIFT + 0.5;
/** Divides a row, in place, by the scale that it returns, so that its largest weight is 127. */
function scaleRow(row: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < row.length; i += 1) largest = Math.max(largest, Math.abs(row[i] ?? 0));
  const scale = largest / LARGEST_INT8 || 1; // a row of zeros stays zeros
  for (let i = 0; i < row.length; i += 1) row[i] = (row[i] ?? 0) / scale;
  return scale;
}
