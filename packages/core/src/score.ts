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

/** How a text was read that is longer than the context: windows of so many tokens, `stride` apart. */
export interface Windows {
  readonly tokens: number; // of the text in each; the start token stands before it
  readonly stride: number;
}

export interface ScoredText {
  readonly startTokenId: TokenId | null; // stands before the text and is none of its rows
  readonly windows?: Windows; // absent where the text was read at once
  readonly rows: readonly ScoredRow[];
  readonly predictionAfter: Prediction | null; // of what would come next; null where nothing was run
}

export interface ScoreOptions {
  readonly startTokenId?: TokenId | null;
  /** Reads a text that is longer than the context in windows so many tokens apart. */
  readonly stride?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (scoredTokens: number, tokens: number) => void;
}

type ScoringEngine = Pick<Engine, "openSequence" | "vocabularySize" | "contextLength">;

/**
 * Scores ids in a sequence of their own; throws UsageError for an id outside the vocabulary or a text longer than the context, the signal's reason when aborted.
 * With a stride no text is too long: windows as long as the context begin that many tokens apart, each after the start token, and a token is
 * scored in the first window that holds it. All but the first window's have at least the window's length less the stride before them
 * (the convention of "Perplexity of fixed-length models", Hugging Face).
 */
export async function scoreIds(
  engine: ScoringEngine,
  ids: readonly TokenId[],
  options: ScoreOptions = {},
): Promise<ScoredText> {
  const { startTokenId = null, stride } = options;
  const room = engine.contextLength - (startTokenId === null ? 0 : 1);
  if (stride === undefined || ids.length <= room) return scoreAtOnce(engine, ids, options);
  if (!Number.isInteger(stride) || stride < 1 || stride > room) {
    throw new UsageError(
      `the stride is ${stride} and a window of this model holds ${room} tokens; give a whole number from 1 to ${room}`,
    );
  }
  return scoreWindows(engine, ids, { ...options, windows: { tokens: room, stride } });
}

async function scoreWindows(
  engine: ScoringEngine,
  ids: readonly TokenId[],
  { windows, onProgress, ...options }: ScoreOptions & { readonly windows: Windows },
): Promise<ScoredText> {
  const rows: ScoredRow[] = [];
  let predictionAfter: Prediction | null = null;
  for (let from = 0; rows.length < ids.length; from += windows.stride) {
    const window = ids.slice(from, from + windows.tokens);
    const scored = await scoreAtOnce(engine, window, options);
    for (const row of scored.rows.slice(rows.length - from)) {
      rows.push({ ...row, index: from + row.index });
    }
    predictionAfter = scored.predictionAfter;
    onProgress?.(rows.length, ids.length);
  }
  return { startTokenId: options.startTokenId ?? null, windows, rows, predictionAfter };
}

async function scoreAtOnce(
  engine: ScoringEngine,
  ids: readonly TokenId[],
  options: ScoreOptions,
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
