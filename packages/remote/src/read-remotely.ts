// What a model on a server says at a place of a conversation: its likeliest next tokens, and what the token costs that comes next in its own reading.

import { type ChatMessage, type Reading, TEXT_ROLE, UsageError } from "@tokenscope/core";
import { type AnsweredCandidate, nats } from "./answers.ts";
import { listedAfterChat, listedAfterText } from "./next-remotely.ts";
import { isRefusal, type RemoteModel, tokenizeChat, tokenizeRemotely } from "./remote-model.ts";
import { promptRows, rowCandidates } from "./score-remotely.ts";
import { namedBytes } from "./token-strings.ts";

/** A token of the list, or the one that came. */
export interface ReadCandidate extends AnsweredCandidate {
  readonly rank: number | null; // null where the server does not tell
  readonly isSpecial: boolean | null; // likewise
}

export interface RemoteRead {
  /** How the text was given: as the server's own token ids, as a text, or as messages behind which a reply begins. */
  readonly way: "ids" | "text" | "chat";
  readonly contextTokens: number | null; // null where the server does not tell
  /** Whether the server's tokenizer cuts the whole message elsewhere than at the place. */
  readonly isStraddled: boolean;
  readonly top: readonly ReadCandidate[];
  /** The token that comes next in its reading; null where nothing follows, it is straddled, or the server scores no prompts. */
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
  const { role, before } = reading;
  const { signal } = options;
  const asked = { start: "auto" as const, signal };
  if (role === TEXT_ROLE) {
    if (before === "") throw nothingBefore();
    const list = (width: number) =>
      listedAfterText(model, { kind: "text", text: before }, { ...asked, width });
    return listRead("text", await longest(list, options.top), model);
  }
  if (role !== "assistant" || before !== "") {
    throw new UsageError(
      `${model.endpoint.baseUrl} gives no logprobs of a prompt, so it can be asked only where a reply begins; choose the first token of a reply, or put vLLM or a Tokenscope server there`,
    );
  }
  const chat = { messages: reading.messages.map(wireMessage), addGenerationPrompt: true };
  const list = (width: number) => listedAfterChat(model, chat, { ...asked, width });
  return listRead("chat", await longest(list, options.top), model);
}

/** The text before the place in the server's tokens, and one more, whose row is what it was drawn from. */
async function readByPrompt(
  model: RemoteModel,
  reading: Reading,
  { top, signal }: ReadOptions,
): Promise<RemoteRead> {
  const { before, after } = reading;
  const opening = await openingOf(model, reading, signal);
  const ids = before === "" ? [] : (await tokenizeRemotely(model, before, { signal })).ids;
  const whole =
    after === "" ? ids : (await tokenizeRemotely(model, before + after, { signal })).ids;
  const isStraddled = ids.some((id, i) => whole[i] !== id);
  const nextId = isStraddled ? null : (whole[ids.length] ?? null);
  const context = [...opening, ...ids];
  const [any] = context;
  if (any === undefined) throw nothingBefore();
  const row = (await promptRows(model, [...context, nextId ?? any], { top, signal })).at(-1);
  const special = await model.specialIds();
  const isSpecial = (id: number | null): boolean | null =>
    id === null ? null : (special?.has(id) ?? null);
  const own = nextId === null ? undefined : row?.[String(nextId)];
  const text = own?.decoded_token ?? "";
  return {
    way: "ids",
    contextTokens: context.length,
    isStraddled,
    top: rowCandidates(row ?? null, top).map((each, i) => {
      return { ...each, rank: i + 1, isSpecial: isSpecial(each.id) };
    }),
    next:
      own === undefined
        ? null
        : {
            id: nextId,
            text,
            bytes: namedBytes(text),
            logprobNats: nats(own.logprob),
            rank: own.rank ?? null,
            isSpecial: isSpecial(nextId),
          },
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

/** The list of the widest kind that the server gives: OpenAI's completions list 5 at most. */
async function longest(
  list: (width: number) => Promise<readonly AnsweredCandidate[]>,
  top: number,
): Promise<readonly AnsweredCandidate[]> {
  try {
    return (await list(top)).slice(0, top);
  } catch (error) {
    if (!isRefusal(error) || top <= NARROW) throw error;
    return (await list(NARROW)).slice(0, NARROW);
  }
}

const NARROW = 5;

function listRead(
  way: RemoteRead["way"],
  listed: readonly AnsweredCandidate[],
  { endpoint, id }: RemoteModel,
): RemoteRead {
  if (listed.length === 0) {
    throw new UsageError(
      `${endpoint.baseUrl} gives no logprobs for "${id}", so it cannot stand beside this page's model; choose another one`,
    );
  }
  const top = listed.map((each, i) => ({ ...each, rank: i + 1, isSpecial: null }));
  return { way, contextTokens: null, isStraddled: false, top, next: null };
}

/** A message as OpenAI's API has it. */
export function wireMessage({ role, content, toolCalls, toolCallId }: ChatMessage) {
  return {
    role,
    content,
    ...(toolCalls && {
      tool_calls: toolCalls.map(({ id, name, arguments: given }) => {
        return { id, type: "function", function: { name, arguments: JSON.stringify(given) } };
      }),
    }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
}

function nothingBefore(): UsageError {
  return new UsageError(
    "nothing stands before this place for the other model, so it predicts nothing here; choose a later place",
  );
}
