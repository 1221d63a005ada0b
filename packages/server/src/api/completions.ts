// POST /v1/completions: a text, or token ids, continued.

import { randomInt } from "node:crypto";
import type { Context } from "hono";
import { type AnswerShape, answerOf } from "./answers.ts";
import type { ApiModels, ReadyModel } from "./api-models.ts";
import type { ChoiceWish, PlacedReport } from "./choice.ts";
import { completionLogprobs, promptLogprobs } from "./logprobs-json.ts";
import { checkPromptRoom, parsePrompts, promptIds } from "./prompts.ts";
import { RequestError } from "./request-error.ts";
import { type CompletionBody, parseCompletion } from "./request-fields.ts";
import { jobsOf, MAX_SEED, namedIds, promptWish, stopsOf } from "./sampling-request.ts";
import { type TokenName, tokenNames } from "./token-names.ts";
import type { TokenReport } from "./token-report.ts";

const DEFAULT_MAX_TOKENS = 16; // OpenAI's

/** Answers a body of /v1/completions; throws RequestError and UsageError before anything runs. */
export async function answerCompletion(
  c: Context,
  json: unknown,
  models: ApiModels,
): Promise<Response> {
  const body = parseCompletion(json);
  checkTogether(body);
  const texts = parsePrompts(body.prompt);
  const model = await models.ready(body.model);
  const prompts = texts.map((text) => promptIds(text, model, body.add_special_tokens ?? true));
  const maxTokens = body.max_tokens ?? DEFAULT_MAX_TOKENS;
  for (const { length } of prompts) checkPromptRoom(length, maxTokens, model.engine.contextLength);
  const aborter = new AbortController();
  const asked = { body, prompts, maxTokensOf: () => maxTokens };
  const jobs = jobsOf({ ...asked, seed: randomInt(MAX_SEED), signal: aborter.signal }, model);
  const name = tokenNames(model.tokenizer.vocabulary, body.return_tokens_as_token_ids ?? false);
  const shape = completionShape(body, name);
  return answerOf(c, { model, body, jobs, wish: wishOf(body, model), shape, aborter });
}

function checkTogether({ best_of, n = 1, stream, prompt_logprobs }: CompletionBody): void {
  if (best_of !== undefined && best_of !== n) {
    throw new RequestError(
      `best_of is ${best_of} and n is ${n}, and this server returns all that it writes; give both the same number or leave best_of out`,
      { param: "best_of" },
    );
  }
  checkStream({ stream, prompt_logprobs });
}

/** Throws RequestError where the logprobs of a prompt are asked for piece by piece. */
export function checkStream({
  stream,
  prompt_logprobs,
}: Pick<CompletionBody, "stream" | "prompt_logprobs">): void {
  if (!stream || prompt_logprobs === undefined) return;
  throw new RequestError(
    "prompt_logprobs comes with a whole answer and stream is true; leave one of them out",
    { param: "prompt_logprobs" },
  );
}

function wishOf(body: CompletionBody, model: ReadyModel): ChoiceWish {
  const ids = namedIds(body, model);
  const isReported = body.logprobs !== undefined || ids.length > 0;
  return {
    stops: stopsOf(body),
    skipsSpecial: body.skip_special_tokens ?? true,
    echoes: body.echo ?? false,
    report: isReported ? { top: body.logprobs ?? 0, ids } : null,
    promptReport: promptWish(body, ids),
  };
}

function completionShape(body: CompletionBody, name: TokenName): AnswerShape {
  const isReported = body.logprobs !== undefined || body.logprob_token_ids !== undefined;
  const logprobs = (reports: readonly PlacedReport[]) =>
    isReported ? completionLogprobs(reports, name) : null;
  const ofPrompt = (reports: readonly TokenReport[] | null) =>
    reports && { prompt_logprobs: promptLogprobs(reports, name) };
  return {
    idPrefix: "cmpl",
    wholeObject: "text_completion",
    chunkObject: "text_completion",
    whole: (choices) => ({
      choices: choices.map(({ index, pieces, end }) => ({
        index,
        text: pieces.map(({ text }) => text).join(""),
        logprobs: logprobs(pieces.flatMap(({ reports }) => reports)),
        finish_reason: end.finishReason,
        stop_reason: end.stopReason,
        ...ofPrompt(end.promptReports),
      })),
    }),
    opening: () => null,
    piece: (index, { text, reports }) => ({
      index,
      text,
      logprobs: logprobs(reports),
      finish_reason: null,
    }),
    closing: (index, { finishReason, stopReason }) => ({
      index,
      text: "",
      logprobs: null,
      finish_reason: finishReason,
      stop_reason: stopReason,
    }),
  };
}
