// A model behind an endpoint, and which ways to its numbers that endpoint has: each asked for once, when it is first needed.

import { UsageError } from "@tokenscope/core";
import {
  type AnsweredCandidate,
  answeredTokens,
  parseCompletionAnswer,
  parseDetokenized,
  parseModels,
  parseTokenized,
  parseTokenizerInfo,
  ShapeError,
} from "./answers.ts";
import { type Completion, type EchoedColumns, echoBody, echoedColumns } from "./echo.ts";
import type { Asking, Endpoint } from "./endpoint.ts";

const NAMED = 8; // models in a sentence

/** How a text's tokens can be scored there: vLLM's prompt_logprobs over token ids, or OpenAI's echo over text. */
export type ScoringWay = "prompt-logprobs" | "echo";

/** `written`: tokens that an echo is asked to write behind a prompt; null where the server echoes no logprobs, or such as cannot be right. */
export interface EchoFound {
  readonly written: 0 | 1 | null;
  /** Whether its echo's numbers contradict what it lists for the same place when asked for the next token. */
  readonly isContradicted: boolean;
}

export interface RemoteModel {
  readonly endpoint: Endpoint;
  readonly id: string;
  readonly contextLength: number | null; // positions; null where the server does not say
  /** The way to a text's logprobs, or null where there is none. */
  scoringWay(): Promise<ScoringWay | null>;
  /** The fewest tokens that it writes behind a prompt whose prompt_logprobs are wanted (vLLM: 1), or null where it gives none. */
  leastWritten(): Promise<0 | 1 | null>;
  /** How a prompt is scored by echo there, or why not. */
  echo(): Promise<EchoFound>;
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
  const probed: Named = { endpoint: endpoint.probing, id };
  const tokenizes = once(() => answers(() => askTokens(probed, "a", signal)));
  const leastWritten = once(() => findLeastWritten({ ...probed, tokenizes }, signal));
  const echo = once(() => findEcho(probed, signal));
  return {
    endpoint,
    id,
    contextLength: max_model_len,
    tokenizes,
    leastWritten,
    echo,
    scoringWay: () => findScoringWay({ leastWritten, echo }),
    specialIds: once(() => findSpecialIds(probed, signal)),
    startTokenId: once(() => findStartToken({ endpoint, id }, signal)),
  };
}

/** A model by its server and name. */
export interface Named {
  readonly endpoint: Asking;
  readonly id: string;
}

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
  model: Pick<RemoteModel, "leastWritten" | "echo">,
): Promise<ScoringWay | null> {
  if ((await model.leastWritten()) !== null) return "prompt-logprobs";
  return (await model.echo()).written === null ? null : "echo";
}

async function findLeastWritten(
  model: Named & Pick<RemoteModel, "tokenizes">,
  signal: AbortSignal | undefined,
): Promise<0 | 1 | null> {
  if (!(await model.tokenizes())) return null;
  for (const least of [0, 1] as const) {
    if (await answers(() => checkPromptLogprobs(model, least, signal))) return least;
  }
  return null;
}

async function checkPromptLogprobs(
  model: Named,
  written: 0 | 1,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ids = await askTokens(model, "one two three", signal);
  const body = { prompt: ids, max_tokens: written, temperature: 0, prompt_logprobs: 0 };
  const { text, prompt_logprobs: rows } = await complete(model, body, signal);
  if (rows?.length !== ids.length) throw new UsageError("the answer has no prompt_logprobs");
  if (written === 0 && text !== "") throw new UsageError("max_tokens 0 is read as another number");
}

const PROBED = ["one two", " three"] as const;

/** One token behind the echo where the server takes that, since some read none as no end. */
async function findEcho(model: Named, signal: AbortSignal | undefined): Promise<EchoFound> {
  const prompt = PROBED.join("");
  for (const written of [1, 0] as const) {
    let columns: EchoedColumns | string = "";
    const isAnswered = await answers(async () => {
      const choice = await complete(model, echoBody(prompt, 0, written), signal);
      columns = echoedColumns(choice, { prompt, written });
    });
    if (!isAnswered || typeof columns === "string") continue;
    const isContradicted = await contradictsNext(model, columns, signal);
    return { written: isContradicted ? null : written, isContradicted };
  }
  return { written: null, isContradicted: false };
}

const SAME_NATS = 0.1; // a server may compute a prompt and a step in other ways
const LISTED = 5; // OpenAI's most

/** What an echo says of its last token, and of what else might have come, is what the list of the next token there has, or below all of that list. llama-cpp-python 0.3 tells what another place has. */
async function contradictsNext(
  model: Named,
  columns: EchoedColumns,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [context, last] = PROBED;
  const echoed = answeredTokens(columns).at(-1);
  if (echoed?.text !== last) return false; // another cut: there is nothing to compare
  const body = { prompt: context, max_tokens: 1, temperature: 1, top_p: 1, logprobs: LISTED };
  let listed: readonly AnsweredCandidate[] = [];
  await answers(async () => {
    const { logprobs } = await complete(model, body, signal);
    listed = answeredTokens(logprobs)[0]?.top.slice(0, LISTED) ?? [];
  }); // a server that lists fewer, or nothing, cannot be held to its word
  const least = listed.at(-1)?.logprobNats;
  if (least === undefined) return false;
  return [echoed, ...echoed.top].some(({ text, logprobNats }) => {
    if (logprobNats === null) return false;
    const same = listed.find((each) => each.text === text);
    if (same === undefined) return logprobNats > least + SAME_NATS;
    return Math.abs(same.logprobNats - logprobNats) > SAME_NATS;
  });
}

/** The first choice of a completion. */
export async function complete(
  model: Named,
  body: object,
  signal: AbortSignal | undefined,
): Promise<Completion> {
  const path = "/completions";
  const answer = await model.endpoint.post(path, { model: model.id, ...body }, { signal });
  const { choices, usage } = parseCompletionAnswer(answer, { endpoint: model.endpoint, path });
  const [choice] = choices;
  if (choice === undefined) throw new RangeError("complete: no choice"); // the schema has one
  return { ...choice, promptTokens: usage?.prompt_tokens ?? null };
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
