// A text's tokens with their logprobs from a server that can score a prompt.

import { UsageError } from "@tokenscope/core";
import { type AlignedPiece, alignPieces } from "./align.ts";
import { type AnsweredCandidate, answeredTokens, nats, type PromptRow } from "./answers.ts";
import { echoBody, echoedColumns, echoTop } from "./echo.ts";
import {
  complete,
  detokenizeRemotely,
  type RemoteModel,
  tokenizeChat,
  tokenizeRemotely,
} from "./remote-model.ts";
import { namedBytes, stringsBytes } from "./token-strings.ts";

/** A chat as the server's own template takes it. */
export interface RemoteChat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools?: readonly unknown[];
  readonly addGenerationPrompt: boolean;
}

/** What to score: a text, token ids, or a chat. */
export type RemoteInput =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "ids"; readonly ids: readonly number[] }
  | { readonly kind: "chat"; readonly chat: RemoteChat };

/** What stands before the input: as the server's tokenizer has it (nothing before ids and chats), nothing, or this token. */
export type RemoteStart = "auto" | "none" | number;

export interface RemoteOptions {
  readonly start: RemoteStart;
  readonly top?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A token of a scored text. */
export interface RemoteToken extends AlignedPiece {
  readonly id: number | null; // null where the server names tokens by text alone
  readonly isSpecial: boolean | null; // null where the server does not tell
  readonly logprobNats: number | null; // null where nothing stands before it
  readonly rank: number | null; // null where the server does not say and the list does not show
  readonly top: readonly AnsweredCandidate[];
}

/** A scored text; its pieces together are its bytes. */
export interface RemoteText {
  readonly kind: RemoteInput["kind"];
  readonly startTokenId: number | null;
  readonly tokens: readonly RemoteToken[];
}

/** Scores an input; throws UsageError where the server has no way to it, and as Endpoint.post does. */
export async function scoreRemotely(
  model: RemoteModel,
  input: RemoteInput,
  options: RemoteOptions,
): Promise<RemoteText> {
  const way = await model.scoringWay();
  if (way === null) throw await noScoring(model);
  if (way === "echo") return scoreByEcho(model, input, options);
  const { text, ids, strings, startTokenId } = await remotePrompt(model, input, options);
  const all = startTokenId === null ? ids : [startTokenId, ...ids];
  const { kind } = input;
  if (ids.length === 0) return { kind, startTokenId, tokens: [] };
  const special = await model.specialIds();
  const rows = await promptRows(model, all, options);
  const own = rows.slice(all.length - ids.length);
  const names = own.map((row, i) => row?.[String(ids[i])]?.decoded_token ?? null);
  return {
    kind,
    startTokenId,
    tokens: piecesOf(text, { strings, names }).map((piece, i) => {
      const id = ids[i] ?? 0;
      const isSpecial = special?.has(id) ?? null;
      return { ...piece, id, isSpecial, ...rowScore(own[i] ?? null, id, options.top ?? 0) };
    }),
  };
}

/** The tokenizer's own strings tell every byte; what else the server calls the tokens is laid along the text. */
function piecesOf(
  text: string,
  {
    strings,
    names,
  }: { readonly strings: readonly string[] | null; readonly names: readonly (string | null)[] },
): readonly AlignedPiece[] {
  const told = strings === null ? null : stringsBytes(text, strings);
  return told?.map((bytes) => ({ bytes, isKnown: true })) ?? alignPieces(text, names);
}

/** An input as the server's tokens, with its text. */
export interface RemotePrompt {
  readonly text: string;
  readonly ids: readonly number[];
  readonly strings: readonly string[] | null; // as the server writes each token; null where it does not
  readonly startTokenId: number | null;
}

/** Ids of an input, by the server's tokenizer or template; throws as Endpoint.post does. */
export async function remotePrompt(
  model: RemoteModel,
  input: RemoteInput,
  { start, signal }: RemoteOptions,
): Promise<RemotePrompt> {
  const named = typeof start === "number" ? start : null;
  if (input.kind === "text") {
    const tokens = await tokenizeRemotely(model, input.text, { signal });
    const startTokenId = start === "auto" ? await model.startTokenId() : named;
    return { text: input.text, ...tokens, startTokenId };
  }
  const tokens =
    input.kind === "ids"
      ? { ids: input.ids, strings: null }
      : await tokenizeChat(model, input.chat, signal);
  const text = await detokenizeRemotely(model, tokens.ids, signal);
  return { text, ...tokens, startTokenId: named };
}

/** vLLM's rows of a prompt's tokens: for each null or its logprob and rank beside the likeliest `top`. Throws UsageError where the prompt and what the server writes behind it are longer than its context. */
export async function promptRows(
  model: RemoteModel,
  ids: readonly number[],
  { top = 0, signal }: Pick<RemoteOptions, "top" | "signal">,
): Promise<readonly (PromptRow | null)[]> {
  const written = (await model.leastWritten()) ?? 1;
  checkPromptFits(model, ids.length, written);
  const body = { prompt: ids, max_tokens: written, temperature: 0, prompt_logprobs: top };
  const { prompt_logprobs: rows } = await complete(model, body, signal);
  if (rows?.length === ids.length) return rows;
  throw new UsageError(
    `${model.endpoint.baseUrl} gave prompt_logprobs of ${rows?.length ?? 0} tokens for a prompt of ${ids.length}; see the server's version`,
  );
}

/** What only a server that writes on refuses is said here; the rest it says itself. */
function checkPromptFits(
  { endpoint, contextLength }: RemoteModel,
  promptTokens: number,
  written: number,
): void {
  if (contextLength === null || written === 0 || promptTokens < contextLength) return;
  throw new UsageError(
    `${endpoint.baseUrl} was to be asked with ${promptTokens} tokens and takes at most ${contextLength - written}, since it writes a token behind every prompt within its context of ${contextLength}; shorten the text, or use a Tokenscope server or --engine local, which write none`,
  );
}

/** A token's own logprob and rank in its row, and the row's likeliest `top`. */
function rowScore(row: PromptRow | null, id: number, top: number) {
  const own = row?.[String(id)];
  return {
    logprobNats: own === undefined ? null : nats(own.logprob),
    rank: own?.rank ?? null,
    top: rowCandidates(row, top),
  };
}

/** The likeliest `top` of a row: a token that came from further down is in the row too. */
export function rowCandidates(row: PromptRow | null, top: number): readonly AnsweredCandidate[] {
  return Object.entries(row ?? {})
    .map(([id, { logprob, decoded_token }]) => {
      const text = decoded_token ?? "";
      return { id: Number(id), text, bytes: namedBytes(text), logprobNats: nats(logprob) };
    })
    .toSorted((a, b) => b.logprobNats - a.logprobNats || a.id - b.id)
    .slice(0, top);
}

async function scoreByEcho(
  model: RemoteModel,
  input: RemoteInput,
  { start, top = 0, signal }: RemoteOptions,
): Promise<RemoteText> {
  if (input.kind !== "text" || start !== "auto") {
    const what = input.kind === "text" ? "no start token" : "no token ids or chats";
    throw new UsageError(
      `${model.endpoint.baseUrl} scores texts by echo and takes ${what}; give a text with --start-token auto, or use a server with /tokenize and prompt_logprobs, such as vLLM`,
    );
  }
  const { written } = await model.echo();
  if (written === null) throw await noScoring(model);
  const choice = await complete(model, echoBody(input.text, top, written), signal);
  const columns = echoedColumns(choice, { prompt: input.text, written });
  if (typeof columns === "string") throw noEcho(model, columns);
  const tokens = answeredTokens(columns);
  const asked = echoTop(top);
  const pieces = alignPieces(
    input.text,
    tokens.map(({ text }) => text),
  );
  checkEnd(model, tokens.at(-1)?.text ?? "", pieces.at(-1));
  return {
    kind: input.kind,
    startTokenId: null,
    tokens: tokens.map(({ logprobNats, top: candidates }, i) => {
      const { bytes = new Uint8Array(), isKnown = false } = pieces[i] ?? {};
      const rank =
        logprobNats === null ? null : listedRank(logprobNats, candidates.slice(0, asked));
      const piece = { bytes, isKnown, id: null, isSpecial: null };
      return { ...piece, logprobNats, rank, top: candidates.slice(0, top) };
    }),
  };
}

/** No text is left for a token that the server wrote itself. Half characters have no bytes where the run's first has them all; offsets tell nothing, since servers count them in letters of names such as "bytes:\\xe7". */
function checkEnd(model: RemoteModel, name: string, last: AlignedPiece | undefined): void {
  if (!last?.isKnown || last.bytes.length > 0) return;
  throw noEcho(model, `gave a token behind the text's end, ${JSON.stringify(name)}`);
}

/** Of this text alone: a corpus goes on with the next. */
function noEcho({ endpoint, id }: RemoteModel, what: string): UsageError {
  return new UsageError(
    `${endpoint.baseUrl} ${what}, so a text cannot be scored by "${id}" there; see the server's version, or use vLLM`,
  );
}

/** The rank that the likeliest tokens show, without the one that a server adds behind as many as were asked for; null for a token that may stand behind them. Example: -1 in [-0.5, -1] -> 2. */
function listedRank(logprobNats: number, candidates: readonly AnsweredCandidate[]): number | null {
  const least = candidates.at(-1)?.logprobNats ?? 0;
  if (logprobNats < least) return null;
  return 1 + candidates.filter((each) => each.logprobNats > logprobNats).length;
}

/** What a command says where a server cannot score a text. */
export async function noScoring({ endpoint, id, echo }: RemoteModel): Promise<UsageError> {
  if ((await echo()).isContradicted) {
    return new UsageError(
      `${endpoint.baseUrl} echoes logprobs for "${id}" that contradict what it lists as the next token at the same place, so they are of no use; use vLLM or a Tokenscope server, or score with --engine local`,
    );
  }
  return new UsageError(
    `${endpoint.baseUrl} gives no logprobs of a prompt for "${id}" (neither prompt_logprobs with /tokenize nor echo), so a text cannot be scored there; use vLLM or a Tokenscope server, or score with --engine local`,
  );
}
