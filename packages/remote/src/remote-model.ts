// A model behind an endpoint, and which ways to its numbers that endpoint has: each asked for once, when it is first needed.

import { UsageError } from "@tokenscope/core";
import {
  parseCompletion,
  parseDetokenized,
  parseModels,
  parseTokenized,
  parseTokenizerInfo,
  ShapeError,
} from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";

const NAMED = 8; // models in a sentence

/** How a text's tokens can be scored there: vLLM's prompt_logprobs over token ids, or OpenAI's echo over text. */
export type ScoringWay = "prompt-logprobs" | "echo";

export interface RemoteModel {
  readonly endpoint: Endpoint;
  readonly id: string;
  readonly contextLength: number | null; // positions; null where the server does not say
  /** The way to a text's logprobs, or null where there is none. */
  scoringWay(): Promise<ScoringWay | null>;
  /** Whether /tokenize answers as vLLM's does. */
  tokenizes(): Promise<boolean>;
  /** Ids of the special tokens, or null where the server does not tell (/tokenizer_info). */
  specialIds(): Promise<ReadonlySet<number> | null>;
  /** The token that the server's tokenizer puts before a text, or null; only where it tokenizes. */
  startTokenId(): Promise<number | null>;
}

/** Ids of the models that an endpoint lists. */
export async function listModels(
  endpoint: Endpoint,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const path = "/models";
  const { data } = parseModels(await endpoint.get(path, { signal }), { endpoint, path });
  return data.map(({ id }) => id);
}

/** The model with this id, or the only one that is listed; throws UsageError that names what there is. */
export async function openRemoteModel(
  endpoint: Endpoint,
  wanted: string | null,
  signal?: AbortSignal,
): Promise<RemoteModel> {
  const path = "/models";
  const { data } = parseModels(await endpoint.get(path, { signal }), { endpoint, path });
  const found = wanted === null ? data[0] : data.find(({ id }) => id === wanted);
  if (found === undefined || (wanted === null && data.length > 1)) {
    const names = data.slice(0, NAMED).map(({ id }) => id);
    const more = data.length > NAMED ? ` and ${data.length - NAMED} more` : "";
    const there = data.length === 0 ? "it lists none" : `it lists ${names.join(", ")}${more}`;
    const said = wanted === null ? "no model was named" : `there is no model "${wanted}"`;
    throw new UsageError(`at ${endpoint.baseUrl} ${said}: ${there}; name one by --model`);
  }
  const { id, max_model_len = null } = found;
  const tokenizes = once(() => answers(() => askTokens({ endpoint, id }, "a", signal)));
  return {
    endpoint,
    id,
    contextLength: max_model_len,
    tokenizes,
    scoringWay: once(() => findScoringWay({ endpoint, id, tokenizes }, signal)),
    specialIds: once(() => findSpecialIds({ endpoint, id }, signal)),
    startTokenId: once(() => findStartToken({ endpoint, id }, signal)),
  };
}

type Named = Pick<RemoteModel, "endpoint" | "id">;

/** Tokens of a text or a chat, by the server. */
export interface RemoteTokens {
  readonly ids: readonly number[];
  readonly strings: readonly string[] | null; // as the server writes each; null where it does not
}

/** Tokens of a text by the server's tokenizer, without a start token unless asked for; a special token written in the text is read as one by most servers. */
export async function tokenizeRemotely(
  model: Named,
  text: string,
  options: { readonly withStart?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<RemoteTokens> {
  const { withStart = false, signal } = options;
  const body = { model: model.id, prompt: text, add_special_tokens: withStart };
  return postTokenize(model, body, signal);
}

/** Tokens of a chat by the server's template. */
export async function tokenizeChat(
  model: Named,
  chat: {
    readonly messages: readonly object[];
    readonly tools?: readonly unknown[];
    readonly addGenerationPrompt: boolean;
  },
  signal?: AbortSignal,
): Promise<RemoteTokens> {
  const { messages, tools, addGenerationPrompt } = chat;
  const wanted = { messages, add_generation_prompt: addGenerationPrompt, ...(tools && { tools }) };
  return postTokenize(model, { model: model.id, ...wanted }, signal);
}

/** The text of token ids, special ones as they are written. */
export async function detokenizeRemotely(
  { endpoint, id }: Named,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<string> {
  const path = "/detokenize";
  const answer = await endpoint.post(path, { model: id, tokens: ids }, { atRoot: true, signal });
  return parseDetokenized(answer, { endpoint, path }).prompt;
}

async function postTokenize(
  { endpoint }: Named,
  body: object,
  signal: AbortSignal | undefined,
): Promise<RemoteTokens> {
  const path = "/tokenize";
  const wanted = { ...body, return_token_strs: true };
  const answer = await endpoint.post(path, wanted, { atRoot: true, signal });
  const { tokens: ids, token_strs: strings } = parseTokenized(answer, { endpoint, path });
  return { ids, strings: strings?.length === ids.length ? strings : null };
}

async function askTokens(
  model: Named,
  text: string,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  return (await tokenizeRemotely(model, text, { signal })).ids;
}

/** vLLM tells with --enable-tokenizer-info-endpoint, and a Tokenscope server always. */
async function findSpecialIds(
  { endpoint, id }: Named,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<number> | null> {
  const path = `/tokenizer_info?model=${encodeURIComponent(id)}`;
  let told: ReturnType<typeof parseTokenizerInfo> | undefined;
  const ask = async (): Promise<void> => {
    const answer = await endpoint.get(path, { atRoot: true, signal });
    told = parseTokenizerInfo(answer, { endpoint, path });
  };
  if (!(await answers(ask)) || told === undefined) return null;
  const added = Object.entries(told.added_tokens_decoder);
  return new Set(added.flatMap(([each, { special }]) => (special ? Number(each) : [])));
}

async function findScoringWay(
  model: Named & Pick<RemoteModel, "tokenizes">,
  signal: AbortSignal | undefined,
): Promise<ScoringWay | null> {
  if ((await model.tokenizes()) && (await answers(() => checkPromptLogprobs(model, signal)))) {
    return "prompt-logprobs";
  }
  return (await answers(() => checkEcho(model, signal))) ? "echo" : null;
}

async function checkPromptLogprobs(model: Named, signal: AbortSignal | undefined): Promise<void> {
  const ids = await askTokens(model, "one two three", signal);
  const body = { prompt: ids, max_tokens: 1, temperature: 0, prompt_logprobs: 0 };
  const { prompt_logprobs: rows } = await complete(model, body, signal);
  if (rows?.length !== ids.length) throw new UsageError("the answer has no prompt_logprobs");
}

async function checkEcho(model: Named, signal: AbortSignal | undefined): Promise<void> {
  const prompt = "one two three";
  const { text, logprobs } = await complete(model, echoBody(prompt, 0), signal);
  const isEchoed = isEcho(text, prompt); // a server that writes on, whatever max_tokens says, would have its own words scored
  const isScored = logprobs && "tokens" in logprobs && logprobs.token_logprobs.length > 1;
  if (!isEchoed || !isScored) throw new UsageError("the answer echoes no logprobs");
}

/** A request that scores a prompt by OpenAI's echo, and writes nothing. */
export function echoBody(prompt: string, top: number): object {
  return { prompt, max_tokens: 0, temperature: 0, echo: true, logprobs: echoTop(top) };
}

/** Whether an echoed text is the prompt; some tokenizers put a space before a text. */
export function isEcho(text: string, prompt: string): boolean {
  return text.trimStart() === prompt.trimStart();
}

/** Candidates that an echo is asked for: without any, no logprobs come. */
export function echoTop(top: number): number {
  return Math.max(1, top);
}

/** The first choice of a completion. */
export async function complete(model: Named, body: object, signal: AbortSignal | undefined) {
  const path = "/completions";
  const answer = await model.endpoint.post(path, { model: model.id, ...body }, { signal });
  const [choice] = parseCompletion(answer, { endpoint: model.endpoint, path }).choices;
  if (choice === undefined) throw new RangeError("complete: no choice"); // the schema has one
  return choice;
}

async function findStartToken(
  model: Named,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const plain = await askTokens(model, "a", signal);
  const { ids: withStart } = await tokenizeRemotely(model, "a", { withStart: true, signal });
  return withStart.length > plain.length ? (withStart[0] ?? null) : null;
}

/** A request that is made once, whoever asks; one that failed is made again. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null;
  return () => {
    asked ??= ask().catch((error: unknown) => {
      asked = null;
      throw error;
    });
    return asked;
  };
}

/** Whether the server does this: false where it refuses, or answers in another shape. What fails for other reasons is thrown. */
export async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** Whether a server does not do what was asked. A key that is missing is no missing ability. */
export function isRefusal(error: unknown): error is Error {
  if (error instanceof ShapeError) return true;
  return error instanceof UsageError && ![401, 403].includes(error.httpStatus);
}
