// POST /v1/chat/completions: messages, written by the model's own chat template, answered.

import { randomInt } from "node:crypto";
import type { Context } from "hono";
import { type AnswerShape, answerOf } from "./answers.ts";
import type { ApiModels, ReadyModel } from "./api-models.ts";
import type { ChoiceWish } from "./choice.ts";
import { checkStream } from "./completions.ts";
import { chatLogprobs, promptLogprobs } from "./logprobs-json.ts";
import { chatIds, checkPromptRoom } from "./prompts.ts";
import { RequestError } from "./request-error.ts";
import { type ChatBody, parseChat } from "./request-fields.ts";
import { jobsOf, MAX_SEED, namedIds, promptWish, stopsOf } from "./sampling-request.ts";
import { tokenNames } from "./token-names.ts";
import type { TokenReport } from "./token-report.ts";

/** Answers a body of /v1/chat/completions; throws RequestError and UsageError before anything runs. */
export async function answerChat(c: Context, json: unknown, models: ApiModels): Promise<Response> {
  const body = parseChat(json);
  checkTogether(body);
  const model = await models.ready(body.model);
  const promptIds = chatIds(body, model);
  const { contextLength } = model.engine;
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  checkPromptRoom(promptIds.length, maxTokens ?? 1, contextLength);
  const aborter = new AbortController();
  const maxTokensOf = (promptTokens: number) => maxTokens ?? contextLength - promptTokens;
  const asked = { body, prompts: [promptIds], maxTokensOf };
  const jobs = jobsOf({ ...asked, seed: randomInt(MAX_SEED), signal: aborter.signal }, model);
  const shape = chatShape(body, model);
  return answerOf(c, { model, body, jobs, wish: wishOf(body, model), shape, aborter });
}

function checkTogether(body: ChatBody): void {
  const { logprobs, top_logprobs, max_tokens, max_completion_tokens } = body;
  if (top_logprobs !== undefined && top_logprobs > 0 && !logprobs) {
    throw new RequestError(
      `top_logprobs is ${top_logprobs} and logprobs is not true; set logprobs to true as well`,
      { param: "top_logprobs" },
    );
  }
  const isTwice = max_tokens !== undefined && max_completion_tokens !== undefined;
  if (isTwice && max_tokens !== max_completion_tokens) {
    throw new RequestError(
      `max_tokens is ${max_tokens} and max_completion_tokens, its newer name, is ${max_completion_tokens}; give one of them`,
      { param: "max_tokens" },
    );
  }
  checkStream(body);
}

function wishOf(body: ChatBody, model: ReadyModel): ChoiceWish {
  const ids = namedIds(body, model);
  const isReported = body.logprobs || ids.length > 0;
  return {
    stops: stopsOf(body),
    skipsSpecial: body.skip_special_tokens ?? true,
    echoes: false,
    report: isReported ? { top: body.top_logprobs ?? 0, ids } : null,
    promptReport: promptWish(body, ids),
  };
}

function chatShape(body: ChatBody, { tokenizer }: ReadyModel): AnswerShape {
  const { vocabulary } = tokenizer;
  const name = tokenNames(vocabulary, body.return_tokens_as_token_ids ?? false);
  const isReported = body.logprobs || body.logprob_token_ids !== undefined;
  const logprobs = (reports: readonly TokenReport[]) =>
    isReported ? chatLogprobs(reports, name, vocabulary) : null;
  return {
    idPrefix: "chatcmpl",
    wholeObject: "chat.completion",
    chunkObject: "chat.completion.chunk",
    whole: (choices) => {
      const ofPrompt = choices[0]?.end.promptReports ?? null; // all choices have one prompt
      return {
        choices: choices.map(({ index, pieces, end }) => ({
          index,
          message: {
            role: "assistant",
            content: pieces.map(({ text }) => text).join(""),
            refusal: null,
          },
          logprobs: logprobs(pieces.flatMap(({ reports }) => reports)),
          finish_reason: end.finishReason,
          stop_reason: end.stopReason,
        })),
        ...(ofPrompt && { prompt_logprobs: promptLogprobs(ofPrompt, name) }),
      };
    },
    opening: (index) => ({
      index,
      delta: { role: "assistant", content: "" },
      logprobs: null,
      finish_reason: null,
    }),
    piece: (index, { text, reports }) => ({
      index,
      delta: { content: text },
      logprobs: logprobs(reports),
      finish_reason: null,
    }),
    closing: (index, { finishReason, stopReason }) => ({
      index,
      delta: {},
      logprobs: null,
      finish_reason: finishReason,
      stop_reason: stopReason,
    }),
  };
}
