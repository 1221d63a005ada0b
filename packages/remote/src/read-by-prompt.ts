// A place read by a server that scores prompts of token ids: the text before it in the server's own tokens, and one token more, whose row is what it was drawn from.

import { type Reading, spokenText, TEXT_ROLE, UsageError } from "@tokenscope/core";
import { type AnsweredCandidate, nats, type PromptRow } from "./answers.ts";
import { widestList } from "./list-lengths.ts";
import type { ReadCandidate, ReadOptions, RemoteRead } from "./read-remotely.ts";
import { readingWays } from "./reading-ways.ts";
import { type RemoteModel, tokenizeChat, tokenizeRemotely } from "./remote-model.ts";
import { promptRows, rowCandidates } from "./score-remotely.ts";
import { namedBytes, toldBytes } from "./token-strings.ts";
import { wireMessage } from "./wire-message.ts";

/** Throws as readRemotely does. */
export async function readByPrompt(
  model: RemoteModel,
  reading: Reading,
  { top, signal }: ReadOptions,
): Promise<RemoteRead> {
  const isJoined = reading.role !== TEXT_ROLE && !(await readingWays(model).hasTemplate());
  const before = (isJoined ? spokenText(reading.messages) : "") + reading.before;
  const role = isJoined ? TEXT_ROLE : reading.role;
  const opening = await openingOf(model, { ...reading, role }, signal);
  const idsOf = async (text: string): Promise<readonly number[]> =>
    text === "" ? [] : (await tokenizeRemotely(model, text, { signal })).ids;
  const ids = await idsOf(before);
  const whole = reading.after === "" ? ids : await idsOf(before + reading.after);
  const isStraddled = ids.some((id, i) => whole[i] !== id);
  const nextId = isStraddled ? null : (whole[ids.length] ?? null);
  const context = [...opening, ...ids];
  const [any] = context;
  if (any === undefined) throw nothingBefore();
  const asked = [...context, nextId ?? any];
  const row = await widestList(async (width) => {
    const rows = await promptRows(model, asked, { top: width, signal });
    return { last: rows.at(-1) ?? null, width };
  }, top);
  const described = await describer(model);
  const own = nextId === null ? undefined : row.last?.[String(nextId)];
  return {
    way: isJoined ? "joined" : "ids",
    contextTokens: context.length,
    isStraddled,
    top: rowCandidates(row.last, row.width).map((each, i) => described(each, i + 1)),
    next: own === undefined ? null : described(comingToken(nextId, own), own.rank ?? null),
  };
}

function comingToken(
  id: number | null,
  { decoded_token, logprob }: PromptRow[string],
): AnsweredCandidate {
  const text = decoded_token ?? "";
  return { id, text, bytes: namedBytes(text), logprobNats: nats(logprob) };
}

/** Adds what a token's id and name tell. */
async function describer(model: RemoteModel) {
  const special = await model.specialIds();
  const isText = await readingWays(model).namesAreText();
  return (token: AnsweredCandidate, rank: number | null): ReadCandidate => {
    const isSpecial = token.id === null ? null : (special?.has(token.id) ?? null);
    const isTold = isText || isSpecial === true || token.bytes !== null;
    return { ...token, bytes: isTold ? toldBytes(token) : null, rank, isSpecial };
  };
}

/** What stands before the message at the place: finished messages and a reply's opening by the server's template, or its start token. */
async function openingOf(
  model: RemoteModel,
  { messages, role }: Reading,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  if (role === TEXT_ROLE) {
    const startTokenId = await model.startTokenId();
    return startTokenId === null ? [] : [startTokenId];
  }
  if (role === "assistant") {
    const chat = { messages: messages.map(wireMessage), addGenerationPrompt: true };
    return (await tokenizeChat(model, chat, signal)).ids;
  }
  throw new UsageError(
    `${model.endpoint.baseUrl} writes a ${role} message by its own template, inside which it cannot be asked; choose a place in a reply`,
  );
}

/** A place that has no context. */
export function nothingBefore(): UsageError {
  return new UsageError(
    "nothing stands before this place for the other model, so it predicts nothing here; choose a later place",
  );
}
