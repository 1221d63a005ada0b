// The JSON of PRODUCT.md's commands: shapes and builders, shared by the command line and the page. Full precision; bits only where the key says so.

import type { Origin } from "./document.ts";
import type { ModelIdentity, Prediction, TokenScore } from "./engine.ts";
import type { Ending, GeneratedStep } from "./generate.ts";
import { bytesHex, decodeTokens, pieceText } from "./piece.ts";
import type { ScoredRow, ScoredText } from "./score.ts";
import type { SamplingSettings } from "./settings.ts";
import { type Summary, scoreBits, summary } from "./summary.ts";
import { type TokenId, tokenId } from "./token.ts";
import type { Vocabulary } from "./tokenizer.ts";
import { bitsFromNats } from "./units.ts";

export interface CandidateJson {
  readonly id: number;
  readonly text: string | null; // null where the bytes are not whole UTF-8
  readonly logprobNats: number;
}

export interface PieceJson {
  readonly index: number;
  readonly id: number;
  readonly text: string | null;
  readonly bytesHex: string;
  readonly special: boolean;
}

export interface ScoredTokenJson extends PieceJson {
  readonly origin?: Origin;
  readonly logprobNats: number | null;
  readonly surprisalBits: number | null;
  readonly rank: number | null;
  readonly entropyBits: number | null; // of the distribution the token was drawn from, as top
  readonly top: readonly CandidateJson[];
}

/** What `score --json` prints, one object a text. */
export interface ScoreJson {
  readonly model: ModelIdentity;
  readonly conventions: {
    readonly firstToken: "unscored" | "after-start-token";
    readonly startTokenId: number | null;
    readonly windowTokens?: number; // of a text longer than the context, read in windows
    readonly stride?: number; // from one window's beginning to the next's
  };
  readonly tokens: readonly ScoredTokenJson[];
  readonly summary: Summary;
}

/** What `next --json` prints. */
export interface NextJson {
  readonly model: ModelIdentity;
  readonly context: { readonly ids: readonly number[] };
  readonly entropyBits: number;
  readonly top: readonly CandidateJson[];
  readonly restProbability: number;
  readonly named: readonly (CandidateJson & { readonly rank: number })[];
}

export interface GeneratedStepJson {
  readonly position: number;
  readonly top: readonly CandidateJson[];
  readonly restProbability: number;
  readonly draw: number | null;
  readonly id: number;
}

/** What `generate --json` prints; `text` leaves special tokens out, `ids` has them all. */
export interface GenerateJson {
  readonly model: ModelIdentity;
  readonly promptIds: readonly number[];
  readonly ids: readonly number[];
  readonly text: string;
  readonly finishReason: Ending["kind"];
  readonly seed: number;
  readonly settings: SamplingSettings;
  readonly steps?: readonly GeneratedStepJson[];
}

/** What `tokens --json` prints, one object a tokenizer. */
export interface TokensJson {
  readonly tokenizer: string;
  readonly tokens: readonly PieceJson[];
  readonly summary: {
    readonly tokens: number;
    readonly characters: number;
    readonly bytes: number;
    readonly charactersPerToken: number | null; // over all tokens; null where there is none
    readonly bytesPerToken: number | null;
  };
}

/** JSON of one scored text, with `top` candidates a token and the origins of its tokens where they are known. */
export function scoreJson(parts: {
  readonly model: ModelIdentity;
  readonly vocabulary: Vocabulary;
  readonly text: Pick<ScoredText, "rows" | "startTokenId" | "windows">;
  readonly top: number;
  readonly origins?: readonly Origin[];
}): ScoreJson {
  const { model, vocabulary, text, top, origins } = parts;
  const { rows, startTokenId, windows } = text;
  return {
    model,
    conventions: {
      firstToken: startTokenId === null ? "unscored" : "after-start-token",
      startTokenId,
      ...(windows && { windowTokens: windows.tokens, stride: windows.stride }),
    },
    tokens: rows.map((row) => {
      const origin = origins?.[row.index];
      return { ...scoredTokenJson(row, vocabulary, top), ...(origin && { origin }) };
    }),
    summary: summary(rows, vocabulary),
  };
}

/** JSON of the distribution after a context, with the score of every named token. */
export function nextJson(parts: {
  readonly model: ModelIdentity;
  readonly vocabulary: Vocabulary;
  readonly contextIds: readonly TokenId[];
  readonly prediction: Prediction;
  readonly top: number;
  readonly named: readonly { readonly id: TokenId; readonly score: TokenScore }[];
}): NextJson {
  const { model, vocabulary, contextIds, prediction, top, named } = parts;
  return {
    model,
    context: { ids: contextIds },
    entropyBits: bitsFromNats(prediction.entropyNats),
    ...candidatesJson(prediction, vocabulary, top),
    named: named.map(({ id, score: { logprobNats, rank } }) => {
      return { id, text: pieceText(vocabulary.bytes(id)), logprobNats, rank };
    }),
  };
}

/** JSON of a generation; with `top` each step shows that many of the candidates it chose from. */
export function generateJson(parts: {
  readonly model: ModelIdentity;
  readonly vocabulary: Vocabulary;
  readonly promptIds: readonly TokenId[];
  readonly steps: readonly GeneratedStep[];
  readonly ending: Ending;
  readonly seed: number;
  readonly settings: SamplingSettings;
  readonly top?: number;
}): GenerateJson {
  const { model, vocabulary, promptIds, steps, ending, seed, settings, top } = parts;
  const ids = steps.map((step) => step.id);
  const written = ids.filter((id) => !vocabulary.isSpecial(id));
  return {
    model,
    promptIds,
    ids,
    text: decodeTokens(written.map((id) => vocabulary.bytes(id))),
    finishReason: ending.kind,
    seed,
    settings,
    ...(top !== undefined && {
      steps: steps.map(({ position, predictionBefore, draw, id }) => {
        return { position, ...candidatesJson(predictionBefore, vocabulary, top), draw, id };
      }),
    }),
  };
}

/** JSON of a text in one tokenizer. */
export function tokensJson(parts: {
  readonly tokenizer: string;
  readonly vocabulary: Vocabulary;
  readonly ids: readonly TokenId[];
}): TokensJson {
  const { tokenizer, vocabulary, ids } = parts;
  const rows = ids.map((id) => ({ id, score: null }));
  const { tokens, characters, bytes } = summary(rows, vocabulary);
  const perToken = (amount: number): number | null => (tokens === 0 ? null : amount / tokens);
  return {
    tokenizer,
    tokens: ids.map((id, index) => pieceJson({ id, index }, vocabulary)),
    summary: {
      tokens,
      characters,
      bytes,
      charactersPerToken: perToken(characters),
      bytesPerToken: perToken(bytes),
    },
  };
}

function scoredTokenJson(row: ScoredRow, vocabulary: Vocabulary, top: number): ScoredTokenJson {
  const { score, predictionBefore } = row;
  return {
    ...pieceJson(row, vocabulary),
    logprobNats: score?.logprobNats ?? null,
    surprisalBits: scoreBits(score),
    rank: score?.rank ?? null,
    entropyBits: predictionBefore && bitsFromNats(predictionBefore.entropyNats),
    top: predictionBefore ? candidatesJson(predictionBefore, vocabulary, top).top : [],
  };
}

/** A piece as every output has it. */
export function pieceJson(
  { id, index }: { readonly id: TokenId; readonly index: number },
  vocabulary: Vocabulary,
): PieceJson {
  const bytes = vocabulary.bytes(id);
  const special = vocabulary.isSpecial(id);
  return { index, id, text: pieceText(bytes), bytesHex: bytesHex(bytes), special };
}

function candidatesJson(
  { topIds, topLogprobsNats }: Prediction,
  vocabulary: Vocabulary,
  count: number,
): { readonly top: readonly CandidateJson[]; readonly restProbability: number } {
  const top = Array.from(topIds.subarray(0, count), (value, i) => {
    const id = tokenId(value);
    return { id, text: pieceText(vocabulary.bytes(id)), logprobNats: topLogprobsNats[i] ?? 0 };
  });
  const listed = top.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0);
  const restProbability = top.length >= vocabulary.size ? 0 : Math.max(0, 1 - listed);
  return { top, restProbability };
}
