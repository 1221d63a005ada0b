// What `score --json` prints of a text that the local engine scored: PRODUCT.md's object, and what belongs to this input alone.

import {
  type PieceJson,
  pieceJson,
  type ScoredRow,
  type ScoredText,
  type ScoreJson,
  scoreJson,
  type TextWordJson,
  textWords,
  words,
} from "@tokenscope/core";
import type { OpenModel } from "./open-model.ts";
import type { ScoreTask } from "./score-input.ts";

/** A text that was scored. */
export interface Scored {
  readonly task: ScoreTask;
  readonly text: Pick<ScoredText, "rows" | "startTokenId" | "windows">; // its rows are those that count
  readonly joinedRows: readonly ScoredRow[]; // of the context and the text
}

/** PRODUCT.md's object with words where they were asked for, the context and the other columns. */
export type ScoreLineJson = ScoreJson & {
  readonly words?: readonly TextWordJson[];
  readonly context?: {
    readonly text: string;
    readonly ids: readonly number[];
    readonly straddlingIndex: number | null;
    readonly straddlingToken: PieceJson | null;
  };
  readonly columns?: Readonly<Record<string, unknown>>;
};

/** One line of `score --json`. */
export function scoreLineJson(
  scored: Scored,
  options: { readonly model: OpenModel; readonly top: number; readonly byWord: boolean },
): ScoreLineJson {
  const { task, text, joinedRows } = scored;
  const { model, top, byWord } = options;
  const { context, columns, origins } = task;
  const { vocabulary } = model.tokenizer;
  const straddling = joinedRows[context?.split.straddlingIndex ?? -1];
  return {
    ...scoreJson({
      model: model.identity,
      vocabulary,
      text,
      top,
      ...(origins && { origins }),
    }),
    ...(byWord && { words: textWords(words(joinedRows, vocabulary), context?.split ?? null) }),
    ...(context && {
      context: {
        text: context.text,
        ids: task.ids.slice(0, context.split.firstIndex),
        straddlingIndex: context.split.straddlingIndex,
        straddlingToken: straddling === undefined ? null : pieceJson(straddling, vocabulary),
      },
    }),
    ...(Object.keys(columns).length > 0 && { columns }),
  };
}
