// What `score --json` prints of a text that the local engine scored: PRODUCT.md's object, and what belongs to this input alone.

import {
  bytesHex,
  type PieceJson,
  pieceText,
  type ScoredRow,
  type ScoredText,
  type ScoreJson,
  scoreJson,
  type Vocabulary,
  type Word,
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

/** A word of a text; one that straddles begins in the context, and its bits are null. */
export interface WordJson {
  readonly text: string;
  readonly first: number;
  readonly last: number;
  readonly surprisalBits: number | null;
  readonly straddles: boolean;
}

/** PRODUCT.md's object with words where they were asked for, the context and the other columns. */
export type ScoreLineJson = ScoreJson & {
  readonly words?: readonly WordJson[];
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
    ...(byWord && { words: wordsOf(scored, vocabulary).map(wordJson) }),
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

function pieceJson({ index, id }: ScoredRow, vocabulary: Vocabulary): PieceJson {
  const bytes = vocabulary.bytes(id);
  const special = vocabulary.isSpecial(id);
  return { index, id, text: pieceText(bytes), bytesHex: bytesHex(bytes), special };
}

type TextWord = Word & Pick<WordJson, "straddles">;

function wordJson({ text, first, last, bits, straddles }: TextWord): WordJson {
  return { text, first, last, surprisalBits: bits, straddles };
}

/** Words that reach into the text, cut from it and its context as one string: a word that begins in the context is whole here and has no bits, since a part of a word is no word. */
function wordsOf({ task, joinedRows }: Scored, vocabulary: Vocabulary): readonly TextWord[] {
  const { firstIndex = 0, straddlingIndex = null } = task.context?.split ?? {};
  return words(joinedRows, vocabulary)
    .filter(({ last }) => last >= (straddlingIndex ?? firstIndex))
    .map((word) => {
      const straddles = word.first < firstIndex;
      return { ...word, straddles, bits: straddles ? null : word.bits };
    });
}
