// What a model on a server says at a place of a conversation: its likeliest next tokens, and what the token costs that comes next in its own reading.

import { boundarySplit, type Reading, spokenText, TEXT_ROLE, UsageError } from "@tokenscope/core";
import type { AnsweredCandidate } from "./answers.ts";
import { widestList } from "./list-lengths.ts";
import { listedAfterChat, listedAfterText } from "./next-remotely.ts";
import { nothingBefore, readByPrompt } from "./read-by-prompt.ts";
import { readingWays } from "./reading-ways.ts";
import type { RemoteModel } from "./remote-model.ts";
import { scoreRemotely } from "./score-remotely.ts";
import { toldBytes } from "./token-strings.ts";
import { wireMessage } from "./wire-message.ts";

/** A token of the list, or the one that came. */
export interface ReadCandidate extends AnsweredCandidate {
  readonly bytes: Uint8Array | null; // null where the server's name of it does not tell them
  readonly rank: number | null; // null where the server does not tell
  readonly isSpecial: boolean | null; // likewise
}

export interface RemoteRead {
  /**
   * How the text was given: as the server's own token ids; as the text that it is; a conversation as one text, for a model without a chat template;
   * as messages behind which a reply begins; or as messages of which the last is the reply so far.
   */
  readonly way: "ids" | "text" | "joined" | "chat" | "begun";
  readonly contextTokens: number | null; // null where the server does not tell
  /** Whether the server's tokenizer cuts the whole message elsewhere than at the place. */
  readonly isStraddled: boolean;
  readonly top: readonly ReadCandidate[];
  /** The token that comes next in its reading; null where nothing follows, it is straddled, or the server scores nothing given this way. */
  readonly next: ReadCandidate | null;
}

export interface ReadOptions {
  readonly top: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks for a place; throws UsageError where the server has no way to it, and as Endpoint.post does. */
export async function readRemotely(
  model: RemoteModel,
  reading: Reading,
  options: ReadOptions,
): Promise<RemoteRead> {
  if ((await model.scoringWay()) === "prompt-logprobs")
    return readByPrompt(model, reading, options);
  const ways = readingWays(model);
  if (reading.role === TEXT_ROLE) {
    if (!(await ways.continues())) throw chatsAlone(model, "in a plain text; choose another model");
    return readText(model, { ...reading, way: "text" }, options);
  }
  if (await ways.chats()) return readChat(model, reading, options);
  const before = spokenText(reading.messages) + reading.before;
  return readText(model, { before, after: reading.after, way: "joined" }, options);
}

interface PlainPlace extends Pick<Reading, "before" | "after"> {
  readonly way: "text" | "joined";
}

async function readText(
  model: RemoteModel,
  { before, after, way }: PlainPlace,
  { top, signal }: ReadOptions,
): Promise<RemoteRead> {
  if (before === "") throw nothingBefore();
  const input = { kind: "text", text: before } as const;
  const list = async (width: number) =>
    (await listedAfterText(model, input, { width, start: "auto", signal })).slice(0, width);
  const listed = listedOrThrow(await widestList(list, top), model);
  const coming = await echoedNext(model, { before, after }, signal);
  return { way, contextTokens: null, top: listed, ...coming };
}

const ECHO_TOP = 5; // OpenAI's most; what a rank is read from

/** The token that begins at the place, where the server echoes texts with their logprobs. */
async function echoedNext(
  model: RemoteModel,
  { before, after }: Pick<Reading, "before" | "after">,
  signal: AbortSignal | undefined,
): Promise<Pick<RemoteRead, "isStraddled" | "next">> {
  const untold = { isStraddled: false, next: null };
  if (after === "" || (await model.scoringWay()) !== "echo") return untold;
  const input = { kind: "text", text: before + after } as const;
  const { tokens } = await scoreRemotely(model, input, { start: "auto", top: ECHO_TOP, signal });
  const pieces = tokens.map(({ bytes }) => bytes);
  const { firstIndex, straddlingIndex } = boundarySplit(
    pieces,
    new TextEncoder().encode(before).length,
  );
  if (straddlingIndex !== null) return { isStraddled: true, next: null };
  const token = tokens[firstIndex];
  if (token === undefined || token.logprobNats === null || !token.isKnown) return untold;
  const { id, bytes, logprobNats, rank, isSpecial } = token;
  const text = new TextDecoder().decode(bytes);
  return { isStraddled: false, next: { id, text, bytes, logprobNats, rank, isSpecial } };
}

async function readChat(
  model: RemoteModel,
  { messages, role, before }: Reading,
  { top, signal }: ReadOptions,
): Promise<RemoteRead> {
  const ways = readingWays(model);
  if (role !== "assistant" || messages.length === 0) {
    const where = `inside a ${role} message; choose a place in a reply`;
    if (await ways.continues()) throw noPrompts(model, where);
    throw chatsAlone(model, where);
  }
  const isBegun = before !== "";
  const fields = isBegun ? await ways.prefill() : {};
  if (fields === null) {
    throw new UsageError(
      `${model.endpoint.baseUrl} gives no logprobs of a prompt and begins a reply anew rather than going on with one, so it can be asked only where a reply begins; choose the first token of a reply, or put vLLM or a Tokenscope server there`,
    );
  }
  const begun = isBegun ? [{ role, content: before }] : [];
  const chat = { messages: [...messages.map(wireMessage), ...begun], addGenerationPrompt: true };
  const list = async (width: number) =>
    (await listedAfterChat(model, chat, { width, start: "auto", signal, fields })).slice(0, width);
  const listed = listedOrThrow(await widestList(list, top), model);
  const way = isBegun ? "begun" : "chat";
  return { way, contextTokens: null, isStraddled: false, top: listed, next: null };
}

function listedOrThrow(
  listed: readonly AnsweredCandidate[],
  { endpoint, id }: RemoteModel,
): readonly ReadCandidate[] {
  if (listed.length === 0) {
    throw new UsageError(
      `${endpoint.baseUrl} gives no logprobs for "${id}", so it cannot stand beside this page's model; choose another one`,
    );
  }
  return listed.map((each, i) => ({
    ...each,
    bytes: toldBytes(each),
    rank: i + 1,
    isSpecial: null,
  }));
}

function chatsAlone({ endpoint }: RemoteModel, where: string): UsageError {
  return new UsageError(`${endpoint.baseUrl} takes chats alone, so it cannot be asked ${where}`);
}

function noPrompts({ endpoint }: RemoteModel, where: string): UsageError {
  return new UsageError(
    `${endpoint.baseUrl} gives no logprobs of a prompt, so it cannot be asked ${where}`,
  );
}
