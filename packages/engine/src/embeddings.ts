// Embedding rows, looked up and dequantised one by one from the file's own blocks: no table of V x C floats.

import type { TokenId } from "@tokenscope/core";
import { tensorOf } from "./architecture.ts";
import type { ByteSource } from "./byte-source.ts";
import { type Gguf, readTensor } from "./gguf/gguf.ts";

/** Rows of ids, one after another: [T, C]. */
export type EmbeddingLookup = (ids: readonly TokenId[]) => Float32Array;

/** A lookup that keeps only the embedding tensor's raw blocks. */
export async function loadEmbeddings(source: ByteSource, gguf: Gguf): Promise<EmbeddingLookup> {
  const tensor = tensorOf(gguf, "token_embd.weight");
  const raw = (await readTensor(source, tensor)).slice(); // a copy of its own, so that the file's buffer can go
  const width = tensor.dims[0] ?? 0; // C
  const { blockElements, blockBytes, dequantizeBlock } = tensor.type;
  const rowBytes = (width / blockElements) * blockBytes;
  return (ids) => {
    const rows = new Float32Array(ids.length * width);
    for (const [t, id] of ids.entries()) {
      for (let at = 0; at < width; at += blockElements) {
        const from = id * rowBytes + (at / blockElements) * blockBytes;
        dequantizeBlock(raw, from, rows, t * width + at);
      }
    }
    return rows;
  };
}
