// The model's weights in the kernel's memory, as the file has them; compact rounds what takes more than 8 bits. Read tensor by tensor.

import { FormatError, type Precision } from "@tokenscope/core";
import { tensorOf } from "../architecture.ts";
import type { ByteSource } from "../byte-source.ts";
import { dequantize, dequantizeRow } from "../gguf/blocks.ts";
import { type Gguf, readTensor, type TensorInfo } from "../gguf/gguf.ts";
import { Q8_0 } from "../gguf/legacy-blocks.ts";
import { isRoundable, writeRoundedRow } from "../gguf/rounded-row.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { KERNEL_TYPES } from "./layout.ts";
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
  const place = async (tensor: TensorInfo): Promise<PlacedMatrix> => {
    const blocks = await readTensor(source, tensor);
    return precision === "compact" && isRoundable(tensor)
      ? placeRounded(memory, tensor, blocks)
      : placeBlocks(memory, tensor, { blocks, limbs: LIMBS[precision] });
  };
  return {
    has: (name) => gguf.tensors.has(name),
    isPlaced: (name) => matrices.has(name),
    matrix(name) {
      const placed = matrices.get(name) ?? place(tensorOf(gguf, name));
      matrices.set(name, placed);
      return placed;
    },
    async vector(name) {
      const tensor = tensorOf(gguf, name);
      return memory.place(dequantize(tensor.type, await readTensor(source, tensor)));
    },
  };
}

/** Limbs of 16 bits that the kernel cuts an input into: two hold more than a float32. */
const LIMBS: Readonly<Record<Precision, number>> = { exact: 2, compact: 1 };

/** Bytes that a file's weights take in the kernel's memory. */
export function weightBytes({ tensors }: Pick<Gguf, "tensors">, precision: Precision): number {
  let bytes = 0;
  for (const tensor of tensors.values()) bytes += placedBytes(tensor, precision);
  return bytes;
}

function placedBytes(tensor: TensorInfo, precision: Precision): number {
  const isRounded = precision === "compact" && isRoundable(tensor);
  if (!isRounded) return tensor.byteLength;
  const weights = tensor.dims.reduce((product, dim) => product * dim, 1);
  return (weights / Q8_0.blockElements) * Q8_0.blockBytes;
}

type Described = Omit<PlacedMatrix, "address">;

/** Writes the five words that the kernel knows a matrix by. */
function described(memory: KernelMemory, matrix: Described, limbs: number): PlacedMatrix {
  const address = memory.allocate(20);
  memory.words(address, 5).set([matrix.type, matrix.out, matrix.in, matrix.values | 0, limbs]);
  return { address, ...matrix };
}

function placeBlocks(
  memory: KernelMemory,
  tensor: TensorInfo,
  { blocks, limbs }: { readonly blocks: Uint8Array; readonly limbs: number },
): PlacedMatrix {
  const [width = 0, out = 1] = tensor.dims;
  const type = KERNEL_TYPES.get(tensor.type.name);
  if (type === undefined) {
    throw new FormatError(
      `loadKernelEngine: tensor "${tensor.name}" (data from byte ${tensor.offset}) is ${tensor.type.name}, which the kernel cannot read; readable are ${[...KERNEL_TYPES.keys()].join(", ")}; fetch another quantisation of this model`,
    );
  }
  const values = memory.allocate(blocks.length);
  memory.bytes(values, blocks.length).set(blocks);
  const rowBytes = blocks.length / out;
  return described(memory, { type, out, in: width, values, rowBytes }, limbs);
}

/** Weights of 16 or 32 bits as Q8_0's blocks. */
function placeRounded(memory: KernelMemory, tensor: TensorInfo, wide: Uint8Array): PlacedMatrix {
  const [width = 0, out = 1] = tensor.dims;
  const rowBytes = (width / Q8_0.blockElements) * Q8_0.blockBytes;
  const values = memory.allocate(out * rowBytes);
  const row = new Float32Array(width);
  for (let output = 0; output < out; output += 1) {
    dequantizeRow(tensor.type, { blocks: wide, row: output, width }, row, 0);
    writeRoundedRow(row, memory.bytes(values + output * rowBytes, rowBytes));
  }
  const type = KERNEL_TYPES.get(Q8_0.name) ?? 0;
  return described(memory, { type, out, in: width, values, rowBytes }, LIMBS.compact);
}
