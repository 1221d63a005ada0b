// Tokens of a path with their scores, as core's measures take them.

import type { ScoredId, TokenNode } from "@tokenscope/core";
import type { DocumentPath, Scores } from "./path.ts";

/** A token with its score, its node and its position's bits still unsummed. */
export interface ScoredNodeRow extends ScoredId {
  readonly node: TokenNode;
}

/** The rows of positions [start, end); a token without a score has null. */
export function scoredRows(
  path: DocumentPath,
  scores: Scores,
  range: { readonly start: number; readonly end: number },
): readonly ScoredNodeRow[] {
  return path.nodes.slice(range.start, range.end).map((node, i) => {
    const id = path.ids[range.start + i];
    const scored = id === undefined ? undefined : scores.get(id);
    return { id: node.id, score: scored?.score ?? null, node };
  });
}
