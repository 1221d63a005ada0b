// What attention weights say: means over heads and layers, and where a head looks. Knows no engine.

/** Shares of one row of attention; they sum to 1. */
export interface AttentionMass {
  readonly first: number; // on position 0
  readonly self: number; // on the position that looks
  readonly previous: number; // on the one before it
  readonly elsewhere: number;
}

/** The mean of rows of one length; RangeError where there is none. Example: (1, 0) and (0, 1) -> (0.5, 0.5). */
export function meanAttention(rows: readonly Float32Array[]): Float64Array {
  const [first] = rows;
  if (first === undefined) throw new RangeError("meanAttention: there is no row to take a mean of");
  const mean = new Float64Array(first.length);
  for (const row of rows) {
    for (const [position, weight] of row.entries()) {
      mean[position] = (mean[position] ?? 0) + weight / rows.length;
    }
  }
  return mean;
}

/** Where a row's mass lies; its last entry is the position that looks. A position that is two of these at once counts as the first position, then as itself. Example: (0.5, 0.3, 0.2) -> first 0.5, previous 0.3, self 0.2. */
export function attentionMass(weights: ArrayLike<number>): AttentionMass {
  const last = weights.length - 1;
  let elsewhere = 0;
  for (let i = 1; i < last - 1; i += 1) elsewhere += weights[i] ?? 0;
  const first = weights[0] ?? 0;
  const self = last > 0 ? (weights[last] ?? 0) : 0;
  const previous = last > 1 ? (weights[last - 1] ?? 0) : 0;
  return { first, self, previous, elsewhere };
}
