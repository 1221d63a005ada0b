// What servers answer, as far as it is read here: checked, and brought into one form. Shapes: OpenAI's API reference, vLLM's and llama.cpp's server documentation.

import { EngineError } from "@tokenscope/core";
import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";
import { namedBytes } from "./token-strings.ts";

/** An answer in another shape than the API's: a server that does not do what was asked, or none of this kind. */
export class ShapeError extends EngineError {}

const LEAST_NATS = -9_999; // how servers write minus infinity, which JSON does not know

/** A token with its logprob; the text is the server's own, which for half a character is no more than a sign for it. */
export interface AnsweredCandidate {
  readonly id: number | null; // null where the server names tokens by text alone
  readonly text: string;
  readonly bytes: Uint8Array | null;
  readonly logprobNats: number;
}

/** A token that came, with what it was chosen from, likeliest first. */
export interface AnsweredToken extends Omit<AnsweredCandidate, "logprobNats"> {
  readonly logprobNats: number | null; // null for a prompt's first token
  readonly top: readonly AnsweredCandidate[];
}

const columns = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
  text_offset: z.array(z.number()).nullish(),
});
const row = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
  id: z.int().nullish(), // llama.cpp's server
});
const rows = z.object({
  content: z.array(row.extend({ top_logprobs: z.array(row).nullish() })).nullish(),
});
const logprobs = z.union([columns, rows]).nullish();

const promptRow = z.record(
  z.string(),
  z.object({ logprob: z.number(), rank: z.int().nullish(), decoded_token: z.string().nullish() }),
);

/** A token of a prompt as vLLM reports it. */
export type PromptRow = z.infer<typeof promptRow>;

const completion = z.object({
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: z.string().nullish(),
        logprobs,
        prompt_logprobs: z.array(promptRow.nullable()).nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.int().nullish() }).nullish(),
});

const toolCall = z.object({
  index: z.int().nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
const toolCalls = z.array(toolCall).nullish();

/** A call of a tool, or in a stream a part of one: the arguments are JSON, or some letters of it. */
export type AnsweredToolCall = z.infer<typeof toolCall>;

const chat = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          tool_calls: z.array(z.unknown()).nullish(),
        }),
        finish_reason: z.string().nullish(),
        logprobs,
      }),
    )
    .min(1),
});

const chunk = z.object({
  choices: z.array(
    z.object({
      text: z.string().nullish(),
      delta: z.object({ content: z.string().nullish(), tool_calls: toolCalls }).nullish(),
      finish_reason: z.string().nullish(),
      logprobs,
    }),
  ),
});

const models = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      owned_by: z.string().nullish(),
      max_model_len: z.int().nullish(),
    }),
  ),
});

const tokenized = z.object({
  count: z.int(),
  tokens: z.array(z.int()),
  token_strs: z.array(z.string()).nullish(),
});
const tokenizerInfo = z.object({
  added_tokens_decoder: z.record(z.string(), z.object({ special: z.boolean().nullish() })),
});
const detokenized = z.object({ prompt: z.string() });

/** Parsers of each route's answer; they throw EngineError that names the server, the route and the place. */
export const parseCompletionAnswer = parserOf(completion);
/** Of /v1/chat/completions. */
export const parseChatAnswer = parserOf(chat);
/** Of an event of a stream, of either route. */
export const parseChunk = parserOf(chunk);
/** Of /v1/models. */
export const parseModels = parserOf(models);
/** Of /tokenize. */
export const parseTokenized = parserOf(tokenized);
/** Of /tokenizer_info. */
export const parseTokenizerInfo = parserOf(tokenizerInfo);
/** Of /detokenize. */
export const parseDetokenized = parserOf(detokenized);

interface Source {
  readonly endpoint: Pick<Endpoint, "baseUrl">;
  readonly path: string;
}

function parserOf<T>(schema: z.ZodType<T>): (answer: unknown, source: Source) => T {
  return (answer, { endpoint, path }) => {
    const { success, data, error } = schema.safeParse(answer);
    if (success) return data;
    const [issue] = error.issues;
    const place =
      issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    throw new ShapeError(
      `${endpoint.baseUrl}${path} answered what OpenAI's API does not${place}: ${issue?.message ?? "?"}; check the address and the server's version`,
    );
  };
}

/** The tokens of `logprobs`, in either shape; empty where the server gave none. */
export function answeredTokens(given: z.infer<typeof logprobs>): readonly AnsweredToken[] {
  if (given === null || given === undefined) return [];
  if ("tokens" in given) {
    return given.tokens.map((text, i) => ({
      id: null,
      text,
      bytes: namedBytes(text),
      logprobNats: natsOrNull(given.token_logprobs[i] ?? null),
      top: ordered(
        Object.entries(given.top_logprobs?.[i] ?? {}).map(([name, logprob]) => {
          return { id: null, text: name, bytes: namedBytes(name), logprobNats: nats(logprob) };
        }),
      ),
    }));
  }
  return (given.content ?? []).map((each) => ({
    ...candidate(each),
    top: ordered((each.top_logprobs ?? []).map(candidate)),
  }));
}

function candidate({ token, logprob, bytes, id }: z.infer<typeof row>): AnsweredCandidate {
  return {
    id: id ?? null,
    text: token,
    bytes: bytes ? Uint8Array.from(bytes) : namedBytes(token),
    logprobNats: nats(logprob),
  };
}

function ordered(candidates: readonly AnsweredCandidate[]): readonly AnsweredCandidate[] {
  return candidates.toSorted((a, b) => b.logprobNats - a.logprobNats);
}

/** A logprob, or minus infinity for the number that servers write in its place. */
export function nats(logprob: number): number {
  return logprob <= LEAST_NATS ? Number.NEGATIVE_INFINITY : logprob;
}

function natsOrNull(logprob: number | null): number | null {
  return logprob === null ? null : nats(logprob);
}
