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

/** The name people know a file by: the tensor type that holds most of its weights. Example: SmolLM2's file -> "Q4_1". */
export function quantizationName({ tensors }: Gguf): string {
  const elements = new Map<string, number>();
  for (const { type, dims, name } of tensors.values()) {
    if (dims.length < 2 || name.startsWith("token_embd")) continue;
    const count = dims.reduce((product, dim) => product * dim, 1);
    elements.set(type.name, (elements.get(type.name) ?? 0) + count);
  }
  const [most] = [...elements].toSorted((a, b) => b[1] - a[1]);
  return most?.[0] ?? "F32";
}
