// The model's weights in the kernel's memory, as the file has them (exact) or as int8 rows (compact). Read tensor by tensor.

import { FormatError, type Precision } from "@tokenscope/core";
import { tensorOf } from "../architecture.ts";
import type { ByteSource } from "../byte-source.ts";
import { dequantize, dequantizeRow } from "../gguf/blocks.ts";
import { type Gguf, readTensor, type TensorInfo } from "../gguf/gguf.ts";
import { int8Rows } from "../weights.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { INT8_ROWS, KERNEL_TYPES } from "./layout.ts";
import type { PlacedMatrix } from "./program.ts";

/** Lays tensors down, each once however often it is asked for. */
export interface PlacedWeights {
  matrix(name: string): Promise<PlacedMatrix>;
  /** Address of a vector as float32. */
  vector(name: string): Promise<number>;
  has(name: string): boolean;
  isPlaced(name: string): boolean;
}

export interface WeightsOptions {
  readonly memory: KernelMemory;
  readonly source: ByteSource;
  readonly gguf: Gguf;
  readonly precision: Precision;
}

/** A placer over one file. */
export function placedWeights({ memory, source, gguf, precision }: WeightsOptions): PlacedWeights {
  const matrices = new Map<string, Promise<PlacedMatrix>>();
  const place = precision === "exact" ? placeBlocks : placeInt8Rows;
  return {
    has: (name) => gguf.tensors.has(name),
    isPlaced: (name) => matrices.has(name),
    matrix(name) {
      const placed = matrices.get(name) ?? place(memory, source, tensorOf(gguf, name));
      matrices.set(name, placed);
      return placed;
    },
    async vector(name) {
      const tensor = tensorOf(gguf, name);
      return memory.place(dequantize(tensor.type, await readTensor(source, tensor)));
    },
  };
}

/** Writes the four words that the kernel knows a matrix by. */
function described(memory: KernelMemory, matrix: Omit<PlacedMatrix, "address">): PlacedMatrix {
  const address = memory.allocate(16);
  memory.words(address, 4).set([matrix.type, matrix.out, matrix.in, matrix.values | 0]);
  return { address, ...matrix };
}

async function placeBlocks(
  memory: KernelMemory,
  source: ByteSource,
  tensor: TensorInfo,
): Promise<PlacedMatrix> {
  const [width = 0, out = 1] = tensor.dims;
  const type = KERNEL_TYPES.get(tensor.type.name);
  if (type === undefined) {
    throw new FormatError(
      `loadKernelEngine: tensor "${tensor.name}" (data from byte ${tensor.offset}) is ${tensor.type.name}, which the kernel cannot read; readable are ${[...KERNEL_TYPES.keys()].join(", ")}; fetch another quantisation of this model`,
    );
  }
  const values = memory.allocate(tensor.byteLength);
  memory.bytes(values, tensor.byteLength).set(await readTensor(source, tensor));
  return described(memory, { type, out, in: width, values, rowBytes: tensor.byteLength / out });
}

/** Int8 rows, then a scale for each. */
async function placeInt8Rows(
  memory: KernelMemory,
  source: ByteSource,
  tensor: TensorInfo,
): Promise<PlacedMatrix> {
  const [width = 0, out = 1] = tensor.dims;
  const blocks = await readTensor(source, tensor);
  const { values, scales } = int8Rows({
    out,
    in: width,
    row: (output, into, at) => dequantizeRow(tensor.type, { blocks, row: output, width }, into, at),
  });
  const address = memory.allocate(wholeWords(values.length) + scales.byteLength);
  const matrix = { type: INT8_ROWS, out, in: width, values: address, rowBytes: width };
  memory.bytes(address, values.length).set(values);
  memory.floats(scalesAddress(matrix), out).set(scales);
  return described(memory, matrix);
}

/** Where the scales of int8 rows lie: behind the rows, one float for each. */
export function scalesAddress({ values, out, in: width }: Omit<PlacedMatrix, "address">): number {
  return values + wholeWords(out * width);
}

function wholeWords(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
