// Where the rows of a pass stand: which columns each may look at, when several sequences with a common beginning run as one.
// Columns are the pool's P rows, then the pass's own T. A row sees the beginning, its own sequence's earlier rows and itself.

import type { KvCache, Stretch } from "./kv-cache.ts";

/** One sequence's rows in a pass. */
export interface LaidPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstPosition: number;
  readonly past: readonly Stretch[];
}

export interface PassLayout {
  readonly past: number; // P, rows of the pool
  readonly rows: number; // T
  readonly parts: readonly LaidPart[];
}

/** The layout of parts of these sizes behind caches of one pool. */
export function passLayout(
  past: number,
  parts: readonly { readonly cache: KvCache; readonly rows: number }[],
): PassLayout {
  let firstRow = 0;
  const laid = parts.map(({ cache, rows }): LaidPart => {
    const part = { firstRow, rows, firstPosition: cache.length, past: cache.stretches };
    firstRow += rows;
    return part;
  });
  return { past, rows: firstRow, parts: laid };
}

const HIDDEN = -1e9; // added to a score: far below any real one, and no NaN where a softmax subtracts it from itself

/** [T, S]: 0 where a row may look, at its own position and at most `window` - 1 before it, else far below zero. */
export function attentionMask(
  { past, rows, parts }: PassLayout,
  window = Number.POSITIVE_INFINITY,
): Float32Array {
  const columns = past + rows; // S
  const mask = new Float32Array(rows * columns).fill(HIDDEN);
  for (const part of parts) {
    for (let t = 0; t < part.rows; t += 1) {
      const from = Math.max(0, part.firstPosition + t + 1 - window); // the first position that is seen
      const row = (part.firstRow + t) * columns;
      for (const { row: column, position, count } of part.past) {
        const hidden = Math.min(count, Math.max(0, from - position));
        mask.fill(0, row + column + hidden, row + column + count);
      }
      const own = row + past + part.firstRow;
      mask.fill(0, own + Math.max(0, from - part.firstPosition), own + t + 1);
    }
  }
  return mask;
}
