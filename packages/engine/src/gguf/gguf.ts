// Reading a GGUF file: its header at once, its tensors one by one, later.

import type { ByteSource } from "../byte-source.ts";
import type { GgufValue } from "./metadata.ts";
import { readHeaders, shardTensors } from "./shards.ts";
import type { TensorInfo } from "./tensor-table.ts";

export type { GgufValue } from "./metadata.ts";
export type { TensorInfo } from "./tensor-table.ts";

export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** The header of a GGUF file, or of all its shards as one (`shardedSource`); throws FormatError with the byte offset for anything that is not one, is cut short, contradicts itself, or holds a tensor type that is not readable here. */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  const shards = source.shards ?? [source];
  const headers = await readHeaders(shards);
  const tensors = shardTensors(headers, shards);
  return { metadata: headers[0]?.metadata ?? new Map(), tensors };
}

/** A tensor's raw blocks. */
export function readTensor(source: ByteSource, tensor: TensorInfo): Promise<Uint8Array> {
  return source.read(tensor.offset, tensor.byteLength);
}
