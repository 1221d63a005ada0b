// A model file as if its matrices had been stored with fewer bits a weight: what the same model is at 4 or at 3. Nothing is written; rows are rounded when they are read.

import { UsageError } from "@tokenscope/core";
import type { ByteSource } from "../byte-source.ts";
import { dequantizeRow } from "./blocks.ts";
import type { Gguf } from "./gguf.ts";
import { Q8_0 } from "./legacy-blocks.ts";
import { writeRoundedRow } from "./rounded-row.ts";
import type { TensorInfo } from "./tensor-table.ts";

/** Bits of a weight, without the scale that 32 of them share in 16 more. */
const LEAST_BITS = 2;
const MOST_BITS = 8;

interface RoundedTensor {
  readonly file: TensorInfo;
  readonly rounded: TensorInfo;
}

export interface RoundedFile {
  readonly source: ByteSource;
  readonly gguf: Gguf;
}

/**
 * The file with each matrix whose rows are whole blocks of 32 rounded to nearest, symmetrically: value = scale x q, q from -(2^(bits-1) - 1)
 * to 2^(bits-1) - 1, the scale in half precision so that the block's largest weight is the largest q. Vectors stay. `bits` from 2 to 8.
 */
export function roundedFile({ source, gguf }: RoundedFile, bits: number): RoundedFile {
  if (!Number.isInteger(bits) || bits < LEAST_BITS || bits > MOST_BITS) {
    throw new UsageError(
      `${bits} bits a weight cannot be had; give a whole number from ${LEAST_BITS} to ${MOST_BITS}`,
    );
  }
  let end = source.byteLength; // rounded tensors lie behind the file, in offsets that it does not have
  const tensors = new Map(gguf.tensors);
  const rounded: RoundedTensor[] = [];
  for (const tensor of gguf.tensors.values()) {
    const [width = 0, out = 0, ...more] = tensor.dims;
    if (tensor.dims.length !== 2 || more.length > 0 || width % Q8_0.blockElements !== 0) continue;
    const byteLength = out * rowBytesOf(width);
    const info = { ...tensor, type: Q8_0, offset: end, byteLength };
    tensors.set(tensor.name, info);
    rounded.push({ file: tensor, rounded: info });
    end += byteLength;
  }
  const largest = 2 ** (bits - 1) - 1;
  return {
    gguf: { ...gguf, tensors },
    source: {
      byteLength: end,
      async read(offset, length) {
        if (offset + length <= source.byteLength) return source.read(offset, length);
        const tensor = rounded.find(({ rounded: { offset: from, byteLength } }) => {
          return offset >= from && offset + length <= from + byteLength;
        });
        if (tensor !== undefined) return readRounded(source, tensor, { offset, length, largest });
        throw new RangeError(`roundedFile: bytes ${offset} to ${offset + length} are in no tensor`);
      },
    },
  };
}

function rowBytesOf(width: number): number {
  return (width / Q8_0.blockElements) * Q8_0.blockBytes;
}

interface ReadRange {
  readonly offset: number;
  readonly length: number;
  readonly largest: number;
}

async function readRounded(
  source: ByteSource,
  { file, rounded }: RoundedTensor,
  { offset, length, largest }: ReadRange,
): Promise<Uint8Array> {
  const [width = 0, out = 1] = file.dims;
  const rowBytes = rowBytesOf(width);
  const from = offset - rounded.offset;
  const first = Math.floor(from / rowBytes);
  const count = Math.ceil((from + length) / rowBytes) - first;
  const fileRowBytes = file.byteLength / out;
  const blocks = await source.read(file.offset + first * fileRowBytes, count * fileRowBytes);
  const rows = new Uint8Array(count * rowBytes);
  const row = new Float32Array(width);
  for (let i = 0; i < count; i += 1) {
    dequantizeRow(file.type, { blocks, row: i, width }, row, 0);
    writeRoundedRow(row, rows.subarray(i * rowBytes, (i + 1) * rowBytes), largest);
  }
  return rows.slice(from - first * rowBytes, from - first * rowBytes + length);
}
