// A model that llama.cpp's gguf-split cut into several files: each is a GGUF file of its own, and says which one it is.

import { FormatError } from "@tokenscope/core";
import type { ByteSource } from "../byte-source.ts";
import { type Header, readHeader } from "./header.ts";
import { shown } from "./shown.ts";
import type { TensorInfo } from "./tensor-table.ts";

const COUNT = "split.count"; // 0 in a file that gguf-split put together again
const NUMBER = "split.no"; // from 0
const TENSORS = "split.tensors.count"; // of all shards together

/** The headers of all shards, in their order: a file that was not cut is its only one. Throws FormatError, with the shard and the byte in it, where one is damaged, missing or in another's place. */
export async function readHeaders(shards: readonly ByteSource[]): Promise<readonly Header[]> {
  const headers: Header[] = [];
  for (const [index, shard] of shards.entries()) {
    try {
      const header = await readHeader(shard);
      checkPlace(header, index, shards.length);
      headers.push(header);
    } catch (error) {
      throw shards.length === 1 ? error : inShard(error, index, shards.length);
    }
  }
  return headers;
}

/** The tensors of all shards by name, offsets through the shards; throws FormatError for one that is in two of them, and where some are missing. */
export function shardTensors(
  headers: readonly Header[],
  shards: readonly ByteSource[],
): ReadonlyMap<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  let start = 0;
  for (const [index, header] of headers.entries()) {
    for (const tensor of header.tensors) {
      if (tensors.has(tensor.name)) {
        throw new FormatError(
          `readGguf: tensor ${shown(tensor.name)} is in shard ${index + 1} (data from byte ${tensor.offset}) and in one before it; the files are not of one model, fetch them again`,
        );
      }
      tensors.set(tensor.name, { ...tensor, offset: start + tensor.offset });
    }
    start += shards[index]?.byteLength ?? 0;
  }
  checkTotal(headers, tensors.size);
  return tensors;
}

function checkPlace({ metadata, byteLength }: Header, index: number, count: number): void {
  const where = `in the metadata before byte ${byteLength}`;
  if ((metadata.get(COUNT) || 1) !== count) {
    throw new FormatError(
      `readGguf: ${COUNT} is ${shown(metadata.get(COUNT))} ${where} where ${count} ${count === 1 ? "file was" : "files were"} given; give all files of the model, in their order`,
    );
  }
  if ((metadata.get(NUMBER) ?? 0) !== index) {
    throw new FormatError(
      `readGguf: ${NUMBER} is ${shown(metadata.get(NUMBER))} ${where} where it must be ${index}; give all files of the model, in their order`,
    );
  }
}

function checkTotal(headers: readonly Header[], found: number): void {
  for (const [index, { metadata, byteLength }] of headers.entries()) {
    const total = metadata.get(TENSORS);
    if (total === found || (total === undefined && headers.length === 1)) continue;
    throw new FormatError(
      `readGguf: ${TENSORS} is ${shown(total)} in the metadata of shard ${index + 1} before byte ${byteLength} where ${found} tensors were found; the files are not of one model, fetch them again`,
    );
  }
}

function inShard(error: unknown, index: number, count: number): unknown {
  if (!(error instanceof FormatError)) return error;
  const message = `shard ${index + 1} of ${count}: ${error.message}`;
  return new FormatError(message, { cause: error });
}
