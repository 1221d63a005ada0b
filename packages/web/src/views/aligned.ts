// Tokens of two paths side by side: each side's strip from a place on. Knows not why they part.

import type { ScoredToken, TokenNode, Vocabulary } from "@tokenscope/core";
import { type TokenView, tokenView } from "./token-view.ts";

/** A stretch of one side's path. */
export interface AlignedTokens {
  readonly tokens: readonly TokenView[];
  /** How many more follow those shown. */
  readonly more: number;
}

/** A path with its scores, in order. */
export interface ScoredPath {
  readonly nodes: readonly TokenNode[];
  readonly scoredAt: (position: number) => ScoredToken | undefined;
}

/** The tokens of a path from a position on, at most `shown` of them. */
export function alignedTokens(
  { nodes, scoredAt }: ScoredPath,
  range: { readonly from: number; readonly shown: number },
  vocabulary: Vocabulary,
): AlignedTokens {
  const { from, shown } = range;
  const tokens = nodes
    .slice(from, from + shown)
    .map((node, i) => tokenView(node, scoredAt(from + i), vocabulary));
  return { tokens, more: Math.max(0, nodes.length - from - shown) };
}

/** How many ids two lists begin with alike. Example: [1, 2, 3] and [1, 2, 4] -> 2. */
export function sameBeginning(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
