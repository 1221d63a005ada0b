// Weight matrices from the file's blocks to what the graph multiplies with: fp32 rows, or int8 rows with a scale each.

import { tensorOf } from "./architecture.ts";
import type { ByteSource } from "./byte-source.ts";
import { dequantize } from "./gguf/blocks.ts";
import { type Gguf, readTensor } from "./gguf/gguf.ts";

/** A weight matrix as the file has it. `values` is [out, in]. */
export interface Matrix {
  readonly out: number;
  readonly in: number;
  readonly values: Float32Array;
}

/** 8-bit weights for MatMulInteger: `values` [in, out] around INT8_ZERO, `scales` [out]; weight = (value - INT8_ZERO) x its output's scale. */
export interface Int8Matrix {
  readonly values: Uint8Array;
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
  const vector = async (name: string): Promise<Float32Array> => {
    const tensor = tensorOf(gguf, name);
    return dequantize(tensor.type, await readTensor(source, tensor));
  };
  return {
    vector,
    has: (name) => gguf.tensors.has(name),
    async matrix(names) {
      const tensors = names.map((name) => tensorOf(gguf, name));
      const width = tensors[0]?.dims[0] ?? 0;
      const out = tensors.reduce((rows, tensor) => rows + (tensor.dims[1] ?? 0), 0);
      const values = new Float32Array(out * width);
      let at = 0;
      for (const { name } of tensors) {
        const part = await vector(name);
        values.set(part, at);
        at += part.length;
      }
      return { out, in: width, values };
    },
  };
}

// Stored as uint8 around 128: on processors without int8 dot instructions ONNX Runtime's kernel for uint8 x int8 adds pairs
// in 16 bits and saturates (110,000 off in a sum over 576), while uint8 x uint8 is right everywhere and as fast.
export const INT8_ZERO = 128;
const LARGEST_INT8 = 127;

/** Rounds each output's row to int8 by its largest weight, and turns the matrix round for MatMulInteger. */
export function quantizeRows({ out, in: width, values }: Matrix): Int8Matrix {
  const rounded = new Uint8Array(out * width);
  const scales = new Float32Array(out);
  for (let row = 0; row < out; row += 1) {
    const from = row * width;
    let largest = 0;
    for (let i = 0; i < width; i += 1) {
      const size = Math.abs(values[from + i] ?? 0);
      if (size > largest) largest = size;
    }
    const scale = largest / LARGEST_INT8 || 1; // a row of zeros stays zeros
    scales[row] = scale;
    for (let i = 0, to = row; i < width; i += 1, to += out) {
      rounded[to] = Math.round((values[from + i] ?? 0) / scale) + INT8_ZERO;
    }
  }
  return { values: rounded, scales };
}
