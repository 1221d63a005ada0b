// From the context vectors of a pass to scored tokens: each with how it stood in the prediction before it.

import type { Prediction, ScoredToken, TokenId, TokenScore } from "@tokenscope/core";
import { joined } from "./float-rows.ts";
import type { RecentLogits } from "./recent-logits.ts";
import type { Head } from "./runtime.ts";

/** The next ids of a sequence, and the prediction that its first id stands under; null at position 0. */
export interface ScoringPart {
  readonly ids: readonly TokenId[];
  readonly before: Prediction | null;
}

export interface ScoringParts {
  readonly head: Head;
  readonly recentLogits: RecentLogits;
}

/** The tokens of each part, from the context vectors [rows, C] of all parts one after another. */
export async function scoredParts(
  { head, recentLogits }: ScoringParts,
  parts: readonly ScoringPart[],
  contexts: Float32Array,
): Promise<readonly (readonly ScoredToken[])[]> {
  const firsts = await firstScores({ head, recentLogits }, parts);
  const targets = parts.flatMap(({ ids }) => [...ids.slice(1), ...(ids.length > 0 ? [0] : [])]); // the last has no target yet: its score is not read
  const rows = await head.rows(contexts, targets);
  let firstRow = 0;
  return parts.map(({ ids }, part) => {
    const own = rows.slice(firstRow, firstRow + ids.length);
    firstRow += ids.length;
    return ids.map((id, t): ScoredToken => {
      const row = own[t];
      if (row === undefined) throw new RangeError(`scoredParts: the head gave no row for id ${t}`);
      const score = t === 0 ? (firsts[part] ?? null) : (own[t - 1]?.targetScore ?? null);
      return { id, score, prediction: row.prediction };
    });
  });
}

/** A first id's score comes from the prediction before it, which an earlier pass made: from its candidates, or the logits that it was drawn from, or all others by one head run. */
async function firstScores(
  { head, recentLogits }: ScoringParts,
  parts: readonly ScoringPart[],
): Promise<readonly (TokenScore | null)[]> {
  const kept = parts.map(({ before, ids: [id] }) =>
    before === null || id === undefined ? null : knownScore(before, id, recentLogits),
  );
  const missing = parts.flatMap(({ before, ids: [id] }, part) =>
    kept[part] === null && before?.contextVector && id !== undefined
      ? [{ part, id, vector: before.contextVector }]
      : [],
  );
  if (missing.length === 0) return kept;
  const vectors = joined(missing.map(({ vector }) => vector));
  const rows = await head.rows(
    vectors,
    missing.map(({ id }) => id),
  );
  return kept.map((score, part) => {
    const row = missing.findIndex((each) => each.part === part);
    return row < 0 ? score : (rows[row]?.targetScore ?? null);
  });
}

function knownScore(before: Prediction, id: TokenId, recent: RecentLogits): TokenScore | null {
  const { contextVector, logZ } = before;
  const drawn = contextVector && recent.take(contextVector, id, logZ);
  return keptScore(before, id) ?? drawn;
}

/** A token's score where it is among the kept candidates, else null. */
function keptScore({ topIds, topLogprobsNats }: Prediction, id: TokenId): TokenScore | null {
  const logprobNats = topLogprobsNats[topIds.indexOf(id)];
  if (logprobNats === undefined) return null;
  return { logprobNats, rank: 1 + topLogprobsNats.indexOf(logprobNats) };
}
