// PRODUCT.md's JSON of what a server told: the same keys, with null for what it did not tell.

import {
  boundarySplit,
  bytesHex,
  pieceText,
  RAW,
  type SamplingSettings,
  type Summary,
  summary,
  surprisalBits,
  type TextWordJson,
  type TokenId,
  textWords,
  tokenId,
  type Vocabulary,
  words,
} from "@tokenscope/core";
import type { AnsweredCandidate } from "./answers.ts";
import type { GeneratedPiece, RemoteEnding } from "./generate-remotely.ts";
import type { RemoteNext } from "./next-remotely.ts";
import type { RemoteModel } from "./remote-model.ts";
import type { RemoteText, RemoteToken } from "./score-remotely.ts";
import { readsAsMarker } from "./token-strings.ts";

/** A model as its server names it; what file it reads and how precisely it computes is not told. */
export interface RemoteIdentity {
  readonly id: string;
  readonly sha256: null;
  readonly architecture: null;
  readonly quantization: null;
  readonly precision: null;
  readonly backend: "openai";
  readonly baseUrl: string;
}

interface RemoteCandidateJson {
  readonly id: number | null;
  readonly text: string | null; // null where its bytes are not whole UTF-8
  readonly bytesHex?: string; // where the text is null
  readonly logprobNats: number;
}

interface RemotePieceJson {
  readonly index: number;
  readonly id: number | null;
  readonly text: string | null; // null where the bytes are not whole UTF-8, or not known
  readonly bytesHex: string | null; // null inside a run of tokens that a server shows as signs for half a character
  readonly special: boolean | null; // null where the server does not tell
}

interface RemoteTokenJson extends RemotePieceJson {
  readonly logprobNats: number | null;
  readonly surprisalBits: number | null;
  readonly rank: number | null;
  readonly entropyBits: null; // a list is no whole distribution
  readonly top: readonly RemoteCandidateJson[];
}

/** The figures of a text; those of bytes and characters are null where the server does not tell which of them are scored, or which are a marker's. */
export type RemoteSummary = Omit<Summary, Untold> & {
  readonly [Figure in Untold]: Summary[Figure] | null;
};
type Untold = "characters" | "bytes" | "scoredCharacters" | "scoredBytes";

/** What `score --json` prints of a text that a server scored. */
export interface RemoteScoreJson {
  readonly model: RemoteIdentity;
  readonly conventions: {
    readonly firstToken: "unscored" | "after-start-token";
    readonly startTokenId: number | null;
  };
  readonly tokens: readonly RemoteTokenJson[];
  readonly summary: RemoteSummary;
  readonly words?: readonly TextWordJson[];
  readonly context?: {
    readonly text: string;
    readonly ids: readonly (number | null)[];
    readonly straddlingIndex: number | null;
    readonly straddlingToken: RemotePieceJson | null;
  };
  readonly columns?: Readonly<Record<string, unknown>>;
}

/** What `next --json` prints of a server's list. */
export interface RemoteNextJson {
  readonly model: RemoteIdentity;
  readonly context: { readonly ids: readonly number[] | null };
  readonly entropyBits: null;
  readonly top: readonly RemoteCandidateJson[];
  readonly restProbability: number;
  readonly named: readonly (RemoteCandidateJson & { readonly rank: number | null })[];
}

/** A step that a server took; which draw it made is not told. */
export interface RemoteStepJson {
  readonly position: number | null;
  readonly top: readonly RemoteCandidateJson[];
  readonly restProbability: number;
  readonly draw: null;
  readonly id: number | null;
  readonly text: string | null;
  readonly bytesHex?: string; // where the text is null
  readonly logprobNats: number | null;
}

/** What `generate --json` prints of a server's continuation. */
export interface RemoteGenerateJson {
  readonly model: RemoteIdentity;
  readonly promptIds: readonly number[] | null;
  readonly ids: null;
  readonly text: string;
  readonly finishReason: RemoteEnding | "aborted";
  readonly seed: number;
  readonly settings: SamplingSettings;
  readonly steps?: readonly RemoteStepJson[];
}

/** A model's name in the JSON. */
export function remoteIdentity({
  endpoint,
  id,
}: Pick<RemoteModel, "endpoint" | "id">): RemoteIdentity {
  const untold = { sha256: null, architecture: null, quantization: null, precision: null } as const;
  return { id, ...untold, backend: "openai", baseUrl: endpoint.baseUrl };
}

/** JSON of a scored text; with a context, the tokens that begin at or after it. */
export function remoteScoreJson(
  model: RemoteModel,
  { kind, startTokenId, tokens }: RemoteText,
  options: {
    readonly context: string | null;
    readonly byWord: boolean;
    readonly columns: Readonly<Record<string, unknown>>;
  },
): RemoteScoreJson {
  const { context, byWord, columns } = options;
  const vocabulary = placeVocabulary(tokens);
  const rows = tokens.map(({ logprobNats }, i) => {
    return { id: place(i), score: logprobNats === null ? null : { logprobNats, rank: 0 } };
  });
  const split = splitOf(tokens, context);
  const { firstIndex, straddlingIndex } = split;
  const straddling = tokens[straddlingIndex ?? -1];
  return {
    model: remoteIdentity(model),
    conventions: {
      firstToken: startTokenId === null ? "unscored" : "after-start-token",
      startTokenId,
    },
    tokens: tokens.slice(firstIndex).map((token, i) => tokenJson(token, firstIndex + i)),
    summary: {
      ...summary(rows.slice(firstIndex), vocabulary),
      ...untoldFigures({ kind, tokens }, firstIndex),
    },
    ...(byWord && { words: textWords(words(rows, vocabulary), split) }),
    ...(context !== null && {
      context: {
        text: context,
        ids: tokens.slice(0, firstIndex).map(({ id }) => id),
        straddlingIndex,
        straddlingToken:
          straddling === undefined ? null : pieceJson(straddling, straddlingIndex ?? 0),
      },
    }),
    ...(Object.keys(columns).length > 0 && { columns }),
  };
}

const SCORED_UNTOLD = { scoredCharacters: null, scoredBytes: null, bitsPerByte: null };
const ALL_UNTOLD = { ...SCORED_UNTOLD, characters: null, bytes: null };

/** Figures that are null: all of bytes where a token may be a marker, those of scored bytes where a run of tokens that share theirs is scored in part. */
function untoldFigures({ kind, tokens }: Omit<RemoteText, "startTokenId">, first: number) {
  if (tokens.slice(first).some((token) => mayBeMarker(token, kind))) return ALL_UNTOLD;
  const isCounted = tokens.map(({ logprobNats }, i) => i >= first && logprobNats !== null);
  const isCut = tokens.some(
    ({ isKnown }, i) =>
      !isKnown && tokens[i - 1]?.isKnown === false && isCounted[i] !== isCounted[i - 1],
  );
  return isCut ? SCORED_UNTOLD : {};
}

/** Where the server does not tell, any token of a chat or of ids may be one; in a text, what reads so. */
function mayBeMarker({ isSpecial, bytes }: RemoteToken, kind: RemoteText["kind"]): boolean {
  if (isSpecial !== null) return false;
  return kind !== "text" || readsAsMarker((pieceText(bytes) ?? "").trim());
}

type Split = ReturnType<typeof boundarySplit>;

function splitOf(tokens: readonly RemoteToken[], context: string | null): Split {
  if (context === null) return { firstIndex: 0, straddlingIndex: null };
  const pieces = tokens.map(({ bytes }) => bytes);
  return boundarySplit(pieces, new TextEncoder().encode(context).length);
}

/** The tokens of one text as a vocabulary, each place an id: what the measures need to know of a model's. */
function placeVocabulary(tokens: readonly RemoteToken[]): Vocabulary {
  return {
    size: tokens.length,
    bytes(id) {
      const token = tokens[id];
      if (token === undefined) throw new RangeError(`placeVocabulary: no place ${id}`);
      return token.bytes;
    },
    isSpecial: (id) => tokens[id]?.isSpecial ?? false,
  };
}

function place(index: number): TokenId {
  return tokenId(index);
}

function tokenJson(token: RemoteToken, index: number): RemoteTokenJson {
  const { logprobNats, rank, top } = token;
  return {
    ...pieceJson(token, index),
    logprobNats,
    surprisalBits: logprobNats === null ? null : surprisalBits(logprobNats),
    rank,
    entropyBits: null,
    top: top.map(candidateJson),
  };
}

function pieceJson({ id, bytes, isKnown, isSpecial }: RemoteToken, index: number): RemotePieceJson {
  const text = isKnown ? pieceText(bytes) : null;
  return { index, id, text, bytesHex: isKnown ? bytesHex(bytes) : null, special: isSpecial };
}

function candidateJson({ id, text, bytes, logprobNats }: AnsweredCandidate): RemoteCandidateJson {
  return { id, ...shownText({ text, bytes }), logprobNats };
}

/** The text of a token, or its bytes where these are none. */
function shownText({ text, bytes }: Pick<AnsweredCandidate, "text" | "bytes">) {
  if (bytes === null) return { text };
  const whole = pieceText(bytes);
  return whole === null ? { text: whole, bytesHex: bytesHex(bytes) } : { text: whole };
}

/** JSON of the likeliest next tokens. */
export function remoteNextJson(
  model: RemoteModel,
  { ids, top, named }: RemoteNext,
): RemoteNextJson {
  return {
    model: remoteIdentity(model),
    context: { ids },
    entropyBits: null,
    top: top.map(candidateJson),
    restProbability: restOf(top),
    named: named.map((each) => ({ ...candidateJson(each), rank: each.rank })),
  };
}

/** JSON of a continuation; with `isTraced` the steps of every piece that came with its logprobs. */
export function remoteGenerateJson(
  model: RemoteModel,
  written: {
    readonly promptIds: readonly number[] | null;
    readonly pieces: readonly GeneratedPiece[];
    readonly ending: RemoteEnding | "aborted";
  },
  options: {
    readonly seed: number;
    readonly settings: SamplingSettings;
    readonly isTraced: boolean;
  },
): RemoteGenerateJson {
  const { promptIds, pieces, ending } = written;
  const { seed, settings, isTraced } = options;
  return {
    model: remoteIdentity(model),
    promptIds,
    ids: null,
    text: pieces.map(({ text }) => text).join(""),
    finishReason: ending,
    seed,
    settings: { ...RAW, ...settings },
    ...(isTraced && { steps: remoteSteps(pieces, promptIds) }),
  };
}

/** The steps of pieces with logprobs, from the position behind the prompt where its length is known. */
export function remoteSteps(
  pieces: readonly GeneratedPiece[],
  promptIds: readonly number[] | null,
): readonly RemoteStepJson[] {
  const tokens = pieces.flatMap((piece) => piece.tokens);
  return tokens.map(({ id, text, bytes, logprobNats, top }, i) => ({
    position: promptIds === null ? null : promptIds.length + i,
    top: top.map(candidateJson),
    restProbability: restOf(top),
    draw: null,
    id,
    ...shownText({ text, bytes }),
    logprobNats,
  }));
}

/** What the listed tokens leave, of all the vocabulary. */
function restOf(top: readonly AnsweredCandidate[]): number {
  return Math.max(0, 1 - top.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0));
}
