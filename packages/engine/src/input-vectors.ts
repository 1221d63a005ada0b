// What enters the first layer: embedding rows, scaled, or with learned positions added, where the architecture has it so.

import type { TokenId } from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import { loadEmbeddings } from "./embeddings.ts";
import type { WeightReader } from "./weights.ts";

/** Rows [T, C] for T ids of which the first stands at position `first`. */
export type InputVectors = (ids: readonly TokenId[], first: number) => Float32Array;

/** The lookup for a model. */
export async function loadInputVectors(
  weights: WeightReader,
  { description, hiddenWidth: C }: ModelShape,
): Promise<InputVectors> {
  const embeddings = await loadEmbeddings(weights);
  if (description.positions === "learned") {
    const positions = await weights.matrix(["position_embd.weight"]);
    const row = new Float32Array(C);
    return (ids, first) => {
      const rows = embeddings(ids);
      for (const t of ids.keys()) {
        positions.row(first + t, row, 0);
        for (let i = 0; i < C; i += 1) rows[t * C + i] = (rows[t * C + i] ?? 0) + (row[i] ?? 0);
      }
      return rows;
    };
  }
  if (!description.isEmbeddingScaled) return embeddings;
  const scale = Math.sqrt(C);
  return (ids) => embeddings(ids).map((value) => value * scale);
}
