// Embedding rows, looked up and dequantised one by one from the file's own blocks: no table of V x C floats.

import type { TokenId } from "@tokenscope/core";
import type { WeightReader } from "./weights.ts";

/** Rows of ids, one after another: [T, C]. */
export type EmbeddingLookup = (ids: readonly TokenId[]) => Float32Array;

/** A lookup that keeps only the embedding tensor's raw blocks. */
export async function loadEmbeddings(weights: WeightReader): Promise<EmbeddingLookup> {
  const matrix = await weights.matrix(["token_embd.weight"]);
  return (ids) => {
    const rows = new Float32Array(ids.length * matrix.in);
    for (const [t, id] of ids.entries()) matrix.row(id, rows, t * matrix.in);
    return rows;
  };
}
