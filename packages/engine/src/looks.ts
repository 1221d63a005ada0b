// From what a caller asks of a sequence's inside to what a pass is asked for, and back: positions become rows.

import type {
  AppendOptions,
  AttentionRow,
  Inside,
  Inspection,
  ScoredToken,
} from "@tokenscope/core";
import type { Look, PassResult } from "./runtime.ts";

/** The positions of one pass. */
export interface PassPositions {
  readonly first: number;
  readonly count: number;
}

/** The look of a pass over these positions; `heads` is H. */
export function lookAt(
  { inspect, patches = [] }: AppendOptions,
  { first, count }: PassPositions,
  heads: number,
): Look {
  const isHere = (position: number) => position >= first && position < first + count;
  const positions = inspect === undefined ? [] : [...new Set(inspect.positions)].filter(isHere);
  const rows = positions.sort((a, b) => a - b).map((position) => position - first);
  const attention = attentionOf(inspect, heads);
  return {
    residualRows: inspect?.residuals ? rows : [],
    attentionRows: attention.length > 0 ? rows : [],
    attention,
    patches: patches.filter((patch) => patch.kind === "head-off" || isHere(patch.position)),
  };
}

/** Each layer once, and each of its heads once, in order. */
function attentionOf(inspect: Inspection | undefined, heads: number): Look["attention"] {
  const wanted = new Map<number, Set<number>>();
  const all = Array.from({ length: heads }, (_, head) => head);
  for (const { layer, heads: named = all } of inspect?.attention ?? []) {
    wanted.set(layer, new Set([...(wanted.get(layer) ?? []), ...named]));
  }
  return [...wanted]
    .map(([layer, named]) => ({ layer, heads: [...named].sort((a, b) => a - b) }))
    .sort((a, b) => a.layer - b.layer);
}

/** The tokens of a pass, those that were asked for with their inside. */
export function withInsides(
  tokens: readonly ScoredToken[],
  { inspect }: AppendOptions,
  {
    first,
    look,
    result,
  }: { readonly first: number; readonly look: Look; readonly result: PassResult },
): readonly ScoredToken[] {
  if (inspect === undefined) return tokens;
  return tokens.map((token, row) => {
    if (!inspect.positions.includes(first + row)) return token;
    const inside: Inside = {
      residuals: result.residuals[look.residualRows.indexOf(row)] ?? [],
      attention: attentionRows(look, result.attention[look.attentionRows.indexOf(row)] ?? []),
    };
    return { ...token, inside };
  });
}

function attentionRows(
  { attention }: Look,
  weights: readonly Float32Array[],
): readonly AttentionRow[] {
  const heads = attention.flatMap(({ layer, heads }) => heads.map((head) => ({ layer, head })));
  return weights.map((row, i) => {
    const head = heads[i];
    if (head === undefined) throw new RangeError(`attentionRows: ${i} was not asked for`);
    return { ...head, weights: row };
  });
}
