// The model's weights in the kernel's memory: repacked where the kernel has products in integers for their type and there is room,
// else as the file has them; compact rounds what takes more than 8 bits. Read tensor by tensor.

import { FormatError, type Precision } from "@tokenscope/core";
import { tensorOf } from "../architecture.ts";
import type { ByteSource } from "../byte-source.ts";
import { dequantize, dequantizeRow } from "../gguf/blocks.ts";
import { type Gguf, readTensor, type TensorInfo } from "../gguf/gguf.ts";
import { Q8_0 } from "../gguf/legacy-blocks.ts";
import { isRoundable, writeRoundedRow } from "../gguf/rounded-row.ts";
import { GrowingRoom, type KernelMemory } from "./kernel-memory.ts";
import type { Kernel } from "./kernel-threads.ts";
import {
  KERNEL_TYPES,
  MOST_WEIGHT_BYTES,
  REPACKED_8,
  REPACKED_COLUMNS,
  REPACKED_ROWS,
  REPACKED_TYPES,
  type RepackedType,
} from "./layout.ts";
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
  readonly kernel: Kernel;
  readonly source: ByteSource;
  readonly gguf: Gguf;
  readonly precision: Precision;
}

/** A placer over one file. */
export function placedWeights(options: WeightsOptions): PlacedWeights {
  const { memory, source, gguf, precision } = options;
  const matrices = new Map<string, Promise<PlacedMatrix>>();
  const placing = {
    memory,
    kernel: options.kernel,
    staged: new GrowingRoom(memory),
    repacks: fitsRepacked(gguf, precision),
    limbs: LIMBS[precision],
  };
  const place = async (tensor: TensorInfo): Promise<PlacedMatrix> => {
    const blocks = await readTensor(source, tensor);
    return precision === "compact" && isRoundable(tensor)
      ? placeRounded(placing, tensor, blocks)
      : placeBlocks(placing, tensor, blocks);
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
export function weightBytes(gguf: Pick<Gguf, "tensors">, precision: Precision): number {
  return bytesOf(gguf, precision, fitsRepacked(gguf, precision));
}

/** Repacked rows take more room than the file's: a model that then has none keeps its blocks, and is slower. */
function fitsRepacked(gguf: Pick<Gguf, "tensors">, precision: Precision): boolean {
  return bytesOf(gguf, precision, true) <= MOST_WEIGHT_BYTES;
}

function bytesOf({ tensors }: Pick<Gguf, "tensors">, precision: Precision, repacks: boolean) {
  let bytes = 0;
  for (const tensor of tensors.values()) {
    const isRounded = precision === "compact" && isRoundable(tensor);
    const [width = 0, out] = tensor.dims;
    if (out === undefined) {
      bytes += width * Float32Array.BYTES_PER_ELEMENT; // a vector
      continue;
    }
    const repacked = isRounded
      ? REPACKED_8
      : repacks
        ? REPACKED_TYPES.get(tensor.type.name)
        : undefined;
    bytes += repacked === undefined ? tensor.byteLength : repackedBytes(repacked, width, out);
  }
  return bytes;
}

function repackedBytes({ blockBytes }: RepackedType, width: number, out: number): number {
  return Math.ceil(out / REPACKED_ROWS) * (width / REPACKED_COLUMNS) * blockBytes;
}

interface Placing {
  readonly memory: KernelMemory;
  readonly kernel: Kernel;
  readonly staged: GrowingRoom; // rows on their way into groups
  readonly repacks: boolean; // else a quantised matrix stays in its file's blocks
  readonly limbs: number;
}

/** Writes the five words that the kernel knows a matrix by. */
function described(
  { memory, limbs }: Placing,
  matrix: Omit<PlacedMatrix, "address">,
): PlacedMatrix {
  const address = memory.allocate(20);
  memory.words(address, 5).set([matrix.type, matrix.out, matrix.in, matrix.values | 0, limbs]);
  return { address, ...matrix };
}

function placeBlocks(placing: Placing, tensor: TensorInfo, blocks: Uint8Array): PlacedMatrix {
  const [width = 0, out = 1] = tensor.dims;
  const type = KERNEL_TYPES.get(tensor.type.name);
  if (type === undefined) {
    throw new FormatError(
      `loadKernelEngine: tensor "${tensor.name}" (data from byte ${tensor.offset}) is ${tensor.type.name}, which the kernel cannot read; readable are ${[...KERNEL_TYPES.keys()].join(", ")}; fetch another quantisation of this model`,
    );
  }
  const repacked = placing.repacks ? REPACKED_TYPES.get(tensor.type.name) : undefined;
  if (repacked !== undefined) {
    const rowBytes = blocks.length / out;
    const matrix = { out, width, rowBytes, type, repacked };
    return repackRows(placing, matrix, (first, rows) =>
      rows.set(blocks.subarray(first * rowBytes, first * rowBytes + rows.length)),
    );
  }
  const { memory } = placing;
  const values = memory.allocate(blocks.length);
  memory.bytes(values, blocks.length).set(blocks);
  return described(placing, { type, out, in: width, values });
}

/** Weights of 16 or 32 bits as Q8_0's blocks, repacked. */
function placeRounded(placing: Placing, tensor: TensorInfo, wide: Uint8Array): PlacedMatrix {
  const [width = 0, out = 1] = tensor.dims;
  const rowBytes = (width / Q8_0.blockElements) * Q8_0.blockBytes;
  const row = new Float32Array(width);
  const matrix = {
    out,
    width,
    rowBytes,
    type: KERNEL_TYPES.get(Q8_0.name) ?? 0,
    repacked: REPACKED_8,
  };
  return repackRows(placing, matrix, (first, rows) => {
    for (let at = 0; at < rows.length; at += rowBytes) {
      dequantizeRow(tensor.type, { blocks: wide, row: first + at / rowBytes, width }, row, 0);
      writeRoundedRow(row, rows.subarray(at, at + rowBytes));
    }
  });
}

const STAGED_BYTES = 1 << 18; // of rows that are repacked in one call

interface RowsToRepack {
  readonly out: number;
  readonly width: number;
  readonly rowBytes: number; // in the file's blocks
  readonly type: number;
  readonly repacked: RepackedType;
}

/** Lays a matrix down repacked; `write` puts the blocks of rows, from `first` on, where the kernel reads them. */
function repackRows(
  placing: Placing,
  { out, width, rowBytes, type, repacked }: RowsToRepack,
  write: (first: number, rows: Uint8Array) => void,
): PlacedMatrix {
  const { memory, kernel, staged } = placing;
  const values = memory.allocate(repackedBytes(repacked, width, out));
  const most = Math.max(1, Math.floor(STAGED_BYTES / rowBytes / REPACKED_ROWS)) * REPACKED_ROWS;
  for (let first = 0; first < out; first += most) {
    const rows = Math.min(most, out - first);
    const from = staged.address(rows * rowBytes);
    write(first, memory.bytes(from, rows * rowBytes));
    kernel.repack({ type, from, width, rows }, values + repackedBytes(repacked, width, first));
  }
  return described(placing, { type: repacked.type, out, in: width, values });
}
