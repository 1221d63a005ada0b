// Scoring a text: every token with the distribution it was drawn from. Knows ids and no text.

import type { Engine, Prediction, ScoredToken, TokenScore } from "./engine.ts";
import { UsageError } from "./errors.ts";
import type { TokenId } from "./token.ts";

/** A token of a text. Invariant: score and predictionBefore are null together, where nothing stands before the token. */
export interface ScoredRow {
  readonly index: number;
  readonly id: TokenId;
  readonly score: TokenScore | null;
  readonly predictionBefore: Prediction | null;
}

export interface ScoredText {
  readonly startTokenId: TokenId | null; // stands before the text and is none of its rows
  readonly rows: readonly ScoredRow[];
  readonly predictionAfter: Prediction | null; // of what would come next; null where nothing was run
}

export interface ScoreOptions {
  readonly startTokenId?: TokenId | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (scoredTokens: number, tokens: number) => void;
}

/** Scores ids in a sequence of their own; throws UsageError for an id outside the vocabulary or a text longer than the context, the signal's reason when aborted. */
export async function scoreIds(
  engine: Pick<Engine, "openSequence" | "vocabularySize" | "contextLength">,
  ids: readonly TokenId[],
  options: ScoreOptions = {},
): Promise<ScoredText> {
  const { startTokenId = null, signal, onProgress } = options;
  const all = startTokenId === null ? ids : [startTokenId, ...ids];
  checkIds(all, engine);
  const sequence = engine.openSequence();
  try {
    for await (const _chunk of sequence.append(all, signal ? { signal } : {})) {
      onProgress?.(sequence.tokens.length, all.length);
    }
    return { startTokenId, ...textRows(sequence.tokens, startTokenId === null ? 0 : 1) };
  } finally {
    sequence.close();
  }
}

/** Rows of already scored tokens, of which the first `skipped` stand before the text. */
export function textRows(
  tokens: readonly ScoredToken[],
  skipped = 0,
): Pick<ScoredText, "rows" | "predictionAfter"> {
  const rows = tokens.slice(skipped).map(({ id, score }, index) => ({
    index,
    id,
    score,
    predictionBefore: tokens[index + skipped - 1]?.prediction ?? null,
  }));
  return { rows, predictionAfter: tokens.at(-1)?.prediction ?? null };
}

function checkIds(
  ids: readonly TokenId[],
  { vocabularySize, contextLength }: Pick<Engine, "vocabularySize" | "contextLength">,
): void {
  const unknown = ids.find((id) => id >= vocabularySize);
  if (unknown !== undefined) {
    throw new UsageError(
      `token id ${unknown} is not in this model's vocabulary of ${vocabularySize}; give ids from 0 to ${vocabularySize - 1}`,
    );
  }
  if (ids.length > contextLength) {
    throw new UsageError(
      `the text has ${ids.length} tokens and the model's context holds ${contextLength}; shorten it to at most ${contextLength} tokens`,
    );
  }
}
