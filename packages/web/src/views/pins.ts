// Pinned tokens along the path: how probable each would have been at every place. Nothing is run: see core's token-logprob.ts.

import {
  type HeadRow,
  type PieceSegment,
  type Prediction,
  pieceGlyphs,
  pieceName,
  type TokenId,
  tokenLogprobNats,
  type Vocabulary,
} from "@tokenscope/core";
import { type DocumentPath, lastPosition, type Scores } from "./path.ts";

/** One pinned token at every position, "next" included. */
export interface PinLine {
  readonly id: TokenId;
  readonly segments: readonly PieceSegment[];
  readonly name: string; // for a screen reader
  /** Natural logarithm of its probability by position; null at position 0 and where nothing is known. */
  readonly logprobsNats: readonly (number | null)[];
  /** Positions at which it is the token that came. */
  readonly cameAt: ReadonlySet<number>;
}

export interface PinInputs {
  readonly ids: readonly TokenId[];
  readonly rows: ReadonlyMap<TokenId, HeadRow>;
  readonly vocabulary: Vocabulary;
}

/** The lines of the pinned tokens over a path. */
export function pinLines(
  path: DocumentPath,
  scores: Scores,
  { ids, rows, vocabulary }: PinInputs,
): readonly PinLine[] {
  const places = path.ids.length === 0 ? 0 : lastPosition(path) + 1;
  return ids.map((id) => {
    const row = rows.get(id);
    const bytes = vocabulary.bytes(id);
    const logprobsNats = Array.from({ length: places }, (_, position) => {
      const before = path.ids[position - 1];
      const prediction = before === undefined ? undefined : scores.get(before)?.prediction;
      return prediction === undefined ? null : logprobAt(prediction, id, row);
    });
    const came = path.nodes.flatMap((node, position) => (node.id === id ? [position] : []));
    return {
      id,
      segments: pieceGlyphs(bytes),
      name: pieceName(bytes),
      logprobsNats,
      cameAt: new Set(came),
    };
  });
}

const known = new WeakMap<HeadRow, WeakMap<Prediction, number | null>>();

/** As the list of candidates has it where it is listed, so that both say the same; else by its row of the head. */
function logprobAt(prediction: Prediction, id: TokenId, row: HeadRow | undefined): number | null {
  const listed = prediction.topIds.indexOf(id);
  if (listed >= 0) return prediction.topLogprobsNats[listed] ?? null;
  if (row === undefined) return null;
  const ofRow = known.get(row) ?? new WeakMap<Prediction, number | null>();
  known.set(row, ofRow);
  const before = ofRow.get(prediction);
  if (before !== undefined) return before;
  const logprobNats = tokenLogprobNats(prediction, row);
  ofRow.set(prediction, logprobNats);
  return logprobNats;
}
