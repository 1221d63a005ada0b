// One choice of an answer while it is written: from a job's tokens to text, with what is told of each token. Knows no JSON.

import {
  type Ending,
  type JobRun,
  type ScoredToken,
  stopWatch,
  type TextStream,
  type TokenId,
  textStream,
  type Vocabulary,
} from "@tokenscope/core";
import type { ReadyModel } from "./api-models.ts";
import { promptReports, type ReportWish, type TokenReport, tokenReport } from "./token-report.ts";

/** What is wanted of a choice. */
export interface ChoiceWish {
  readonly stops: readonly string[];
  readonly skipsSpecial: boolean; // leaves special tokens out of the text
  readonly echoes: boolean; // begins with the prompt
  readonly report: ReportWish | null; // of each token of the choice
  readonly promptReport: ReportWish | null; // of the prompt, beside the choice
}

/** Where a token's text begins, in code points of the choice's text. */
export interface PlacedReport extends TokenReport {
  readonly textOffset: number;
}

/** What a choice grows by. */
export interface ChoicePiece {
  readonly text: string;
  readonly reports: readonly PlacedReport[]; // empty where none are wanted
}

type FinishReason = "stop" | "length";

/** What is known of a choice at its end. */
export interface ChoiceEnd {
  readonly finishReason: FinishReason;
  readonly stopReason: string | null; // the stop text that ended it
  readonly writtenTokens: number;
  readonly sharedTokens: number; // of the prompt
  readonly promptReports: readonly TokenReport[] | null;
}

/** The pieces of a choice as they are written. Stops listening to its job, which ends it, where a stop text comes. */
export async function* choicePieces(
  run: JobRun,
  model: Pick<ReadyModel, "engine" | "tokenizer">,
  wish: ChoiceWish,
): AsyncGenerator<ChoicePiece, ChoiceEnd, void> {
  const { engine, tokenizer } = model;
  const text = choiceText(tokenizer.vocabulary, wish);
  const told = { writtenTokens: 0, sharedTokens: 0, promptReports: noReports() };
  try {
    for (;;) {
      const { done, value } = await run.next();
      if (done) {
        yield { text: text.end(), reports: [] };
        return { ...told, finishReason: finishReason(value), stopReason: null };
      }
      if (value.kind === "prompt") {
        told.sharedTokens = value.sharedTokens;
        if (wish.promptReport !== null) {
          told.promptReports = await promptReports(engine, value.tokens, wish.promptReport);
        }
        if (wish.echoes) yield* echo(value.tokens, { engine, text, wish });
        continue;
      }
      if (value.kind === "read") continue; // of jobs that are followed alone
      told.writtenTokens += 1;
      const textOffset = text.offset;
      const isEnd = tokenizer.endTokenIds.includes(value.id);
      const { shown, stop } = isEnd ? { shown: "", stop: null } : text.push(value.id);
      const token = { id: value.id, before: value.predictionBefore };
      const report = wish.report && (await tokenReport(engine, token, wish.report));
      yield { text: shown, reports: report ? [{ ...report, textOffset }] : [] };
      if (stop !== null) return { ...told, finishReason: "stop", stopReason: stop };
    }
  } finally {
    await run.return({ kind: "aborted" }); // also where the reader of the pieces goes away
  }
}

function noReports(): readonly TokenReport[] | null {
  return null;
}

function finishReason({ kind }: Ending): FinishReason {
  return kind === "end-token" ? "stop" : "length";
}

interface EchoParts extends Pick<ReadyModel, "engine"> {
  readonly text: ChoiceText;
  readonly wish: ChoiceWish;
}

const ECHOED = 64; // tokens of a piece: a client that does not read a stream has no more than one made for it

async function* echo(
  tokens: readonly ScoredToken[],
  { engine, text, wish }: EchoParts,
): AsyncGenerator<ChoicePiece, void, void> {
  for (let from = 0; from < tokens.length; from += ECHOED) {
    const part = tokens.slice(from, from + ECHOED);
    const offsets: number[] = [];
    const shown = part.map(({ id }) => {
      offsets.push(text.offset);
      return text.echo(id);
    });
    const before = tokens.slice(Math.max(0, from - 1), from); // whose prediction the first is scored under
    const all = wish.report ? await promptReports(engine, [...before, ...part], wish.report) : [];
    const reports = all.slice(before.length);
    yield {
      text: shown.join(""),
      reports: reports.map((report, i) => ({ ...report, textOffset: offsets[i] ?? 0 })),
    };
  }
}

/** The text of a choice, token by token. */
interface ChoiceText {
  readonly offset: number; // code points so far, those that are held back included
  echo(id: TokenId): string;
  push(id: TokenId): { readonly shown: string; readonly stop: string | null };
  end(): string;
}

function choiceText(
  vocabulary: Vocabulary,
  { stops, skipsSpecial }: Pick<ChoiceWish, "stops" | "skipsSpecial">,
): ChoiceText {
  const decoder: TextStream = textStream();
  const watch = stopWatch(stops);
  let offset = 0;
  const decoded = (id: TokenId): string => {
    const text = decoder.push(vocabulary.bytes(id));
    offset += codePoints(text);
    return text;
  };
  return {
    get offset() {
      return offset;
    },
    echo: decoded,
    push(id) {
      const isHidden = skipsSpecial && vocabulary.isSpecial(id);
      const { text, stop } = watch.push(isHidden ? "" : decoded(id));
      return { shown: text, stop };
    },
    end: () => {
      const { text, stop } = watch.push(decoder.end());
      return stop === null ? text + watch.end() : text;
    },
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}
