// The distribution of the next token, as far as a server shows it.

import { UsageError } from "@tokenscope/core";
import { type AnsweredCandidate, answeredTokens, nats, parseChatAnswer } from "./answers.ts";
import { complete, type Named, type RemoteModel, tokenizeRemotely } from "./remote-model.ts";
import {
  promptRows,
  type RemoteChat,
  type RemoteInput,
  type RemoteOptions,
  type RemoteStart,
  remotePrompt,
  rowCandidates,
} from "./score-remotely.ts";

/** A token that was asked for by name. */
export interface NamedCandidate extends AnsweredCandidate {
  readonly rank: number | null;
}

/** The likeliest next tokens; the server tells no more of the distribution. */
export interface RemoteNext {
  readonly ids: readonly number[] | null; // of the context, with its start token; null where the server takes texts alone
  readonly top: readonly AnsweredCandidate[];
  readonly named: readonly NamedCandidate[];
}

export interface NextOptions extends RemoteOptions {
  readonly top: number;
  readonly named: readonly string[]; // each one token's text
}

/** Asks for the next token's distribution: with ids and ranks where the server scores prompts, else from the list beside a token that it writes. Throws UsageError where neither is there. */
export async function nextRemotely(
  model: RemoteModel,
  input: RemoteInput,
  options: NextOptions,
): Promise<RemoteNext> {
  const way = await model.scoringWay();
  if (way === "prompt-logprobs") return nextByPrompt(model, input, options);
  const { top, named, start, signal } = options;
  const width = Math.max(1, top);
  const listed =
    input.kind === "chat"
      ? await listedAfterChat(model, input.chat, { width, start, signal })
      : await listedAfterText(model, input, { width, start, signal });
  if (listed.length === 0) throw noLogprobs(model);
  return {
    ids: null,
    top: listed.slice(0, top),
    named: named.map((text) => namedIn(listed, { text, width }, model)),
  };
}

/** One more token behind the context: its row is the distribution that it was drawn from, whichever token it is. */
async function nextByPrompt(
  model: RemoteModel,
  input: RemoteInput,
  options: NextOptions,
): Promise<RemoteNext> {
  const { top, signal } = options;
  const { ids, startTokenId } = await remotePrompt(model, input, options);
  const context = startTokenId === null ? ids : [startTokenId, ...ids];
  const [any] = context;
  if (any === undefined) {
    throw new UsageError("the text is empty, and a prediction needs at least 1 token; give a text");
  }
  const rows = await promptRows(model, [...context, any], { top, signal });
  const named: NamedCandidate[] = [];
  for (const text of options.named) named.push(await namedAfter(model, { context, text, signal }));
  return { ids: context, top: rowCandidates(rows.at(-1) ?? null, top), named };
}

async function namedAfter(
  model: RemoteModel,
  asked: {
    readonly context: readonly number[];
    readonly text: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<NamedCandidate> {
  const { context, text, signal } = asked;
  const { ids } = await tokenizeRemotely(model, text, { signal });
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0) {
    throw new UsageError(
      `--token ${JSON.stringify(text)} is ${id === undefined ? "no token" : `${more.length + 1} tokens`} of this model; give one token, such as " cat" with its leading space`,
    );
  }
  const rows = await promptRows(model, [...context, id], { top: 0, signal });
  const own = rows.at(-1)?.[String(id)];
  if (own === undefined) throw noLogprobs(model);
  return { id, text, bytes: null, logprobNats: nats(own.logprob), rank: own.rank ?? null };
}

interface ListRequest {
  readonly width: number;
  readonly start: RemoteStart;
  readonly signal: AbortSignal | undefined;
  readonly fields?: object; // of the request, beside its own
}

/** Throws UsageError where something is to stand before an input that this server takes as it is. */
export function checkStart(
  { endpoint }: RemoteModel,
  { start }: Pick<RemoteOptions, "start">,
  why: string,
): void {
  if (start === "auto") return;
  throw new UsageError(
    `${endpoint.baseUrl} ${why}, so nothing can be put before a text there; leave --start-token auto`,
  );
}

/** Throws UsageError for what /chat/completions cannot be asked for: its template decides what a chat begins and ends with. */
export function checkChat(
  model: RemoteModel,
  { addGenerationPrompt }: RemoteChat,
  options: Pick<RemoteOptions, "start">,
): void {
  checkStart(model, options, "writes a chat by its own template");
  if (addGenerationPrompt) return;
  throw new UsageError(
    `${model.endpoint.baseUrl} begins a reply behind every chat; leave "addGenerationPrompt" true, or use --engine local`,
  );
}

/** At temperature 1 and without filters: servers that show what is left after them then show the raw distribution. */
export async function listedAfterText(
  model: RemoteModel,
  input: Exclude<RemoteInput, { kind: "chat" }>,
  { width, start, signal }: ListRequest,
): Promise<readonly AnsweredCandidate[]> {
  checkStart(model, { start }, "gives no prompt_logprobs");
  const prompt = input.kind === "text" ? input.text : input.ids;
  const body = { prompt, max_tokens: 1, temperature: 1, top_p: 1, logprobs: width };
  const { logprobs } = await complete(model, body, signal);
  return answeredTokens(logprobs)[0]?.top ?? [];
}

export async function listedAfterChat(
  model: RemoteModel,
  chat: RemoteChat,
  { width, start, signal, fields }: ListRequest,
): Promise<readonly AnsweredCandidate[]> {
  checkChat(model, chat, { start });
  const { messages, tools } = chat;
  const body = { messages, ...(tools && { tools }), max_tokens: 1, temperature: 1, top_p: 1 };
  const wanted = { ...body, ...fields, logprobs: true, top_logprobs: width };
  const { logprobs, message } = await completeChat(model, wanted, signal);
  const [first] = answeredTokens(logprobs);
  if (first !== undefined || !message.tool_calls?.length) return first?.top ?? [];
  throw new UsageError(
    `${model.endpoint.baseUrl} answered with a tool call, of whose tokens it gives no logprobs; leave out "tools", or use --engine local`,
  );
}

/** The first choice of a chat completion; the newer name of max_tokens where a server insists on it. */
export async function completeChat(
  model: Named,
  body: { readonly max_tokens: number } & Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
) {
  const { endpoint, id } = model;
  const path = "/chat/completions";
  const post = (fields: object) => endpoint.post(path, { model: id, ...fields }, { signal });
  const answer = await post(body).catch((error: unknown) => {
    if (!insistsOnNewName(error)) throw error;
    return post(withNewName(body));
  });
  const [choice] = parseChatAnswer(answer, { endpoint, path }).choices;
  if (choice === undefined) throw new RangeError("completeChat: no choice"); // the schema has one
  return choice;
}

/** Whether a server refuses max_tokens for max_completion_tokens, as OpenAI's newer models do. */
export function insistsOnNewName(error: unknown): boolean {
  return error instanceof UsageError && error.message.includes("max_completion_tokens");
}

/** The same request with the newer name. */
export function withNewName({
  max_tokens,
  ...body
}: { readonly max_tokens: number } & Readonly<Record<string, unknown>>): object {
  return { ...body, max_completion_tokens: max_tokens };
}

/** The rank is told within the likeliest `width`: behind them a server adds the token that it drew, from wherever it stands. */
function namedIn(
  listed: readonly AnsweredCandidate[],
  { text, width }: { readonly text: string; readonly width: number },
  { endpoint }: RemoteModel,
): NamedCandidate {
  const at = listed.findIndex((each) => each.text === text);
  const found = listed[at];
  if (found !== undefined) return { ...found, rank: at < width ? at + 1 : null };
  throw new UsageError(
    `--token ${JSON.stringify(text)} is not among the ${listed.length} tokens that ${endpoint.baseUrl} lists; raise --top, or use a server with prompt_logprobs, such as vLLM, or --engine local`,
  );
}

function noLogprobs({ endpoint, id }: RemoteModel): UsageError {
  return new UsageError(
    `${endpoint.baseUrl} gives no logprobs for "${id}", so there is no distribution to show; use another server or model, or --engine local`,
  );
}
