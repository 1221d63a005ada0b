// From the fields that completions and chats share to jobs. Defaults are OpenAI's: temperature 1, no filters.

import { type JobRequest, type TokenId, tokenId } from "@tokenscope/core";
import type { OpenedModel } from "./api-models.ts";
import { RequestError } from "./request-error.ts";
import type { SamplingBody } from "./request-fields.ts";
import type { ReportWish } from "./token-report.ts";

/** Above every seed that is chosen for a request without one: small enough to be read and typed. */
export const MAX_SEED = 2 ** 31;

const MAX_JOBS = 256; // choices of one request, of all its prompts

interface JobsOptions {
  readonly body: SamplingBody;
  readonly prompts: readonly (readonly TokenId[])[];
  readonly maxTokensOf: (promptTokens: number) => number;
  readonly seed: number; // where the request gives none
  readonly signal: AbortSignal;
}

/** A job for each choice, those of a prompt one after another: its first choice draws with the seed, the next with the seed + 1 and so on, so that a prompt in a list is answered as one on its own. */
export function jobsOf(
  { body, prompts, maxTokensOf, seed, signal }: JobsOptions,
  { tokenizer }: Pick<OpenedModel, "tokenizer">,
): readonly JobRequest[] {
  const n = body.n ?? 1;
  if (prompts.length * n > MAX_JOBS) {
    throw new RequestError(
      `${prompts.length} prompts with n ${n} are ${prompts.length * n} choices, and one request may ask for ${MAX_JOBS}; send fewer prompts at once`,
      { param: prompts.length > 1 ? "prompt" : "n" },
    );
  }
  const settings = {
    temperature: body.temperature ?? 1,
    topK: Math.max(0, body.top_k ?? 0),
    topP: body.top_p ?? 1,
    minP: body.min_p ?? 0,
  };
  const endTokenIds = body.ignore_eos ? [] : tokenizer.endTokenIds;
  return prompts.flatMap((promptIds) =>
    Array.from({ length: n }, (_, choice): JobRequest => {
      const maxTokens = maxTokensOf(promptIds.length);
      const own = { promptIds, maxTokens, seed: wrapped((body.seed ?? seed) + choice) };
      return { ...own, settings, endTokenIds, signal };
    }),
  );
}

/** The last seed is followed by the first: a float64 holds no larger whole number. */
function wrapped(seed: number): number {
  return Number.isSafeInteger(seed) ? seed : seed - 2 * Number.MAX_SAFE_INTEGER - 1;
}

/** The stop texts of a request. */
export function stopsOf({ stop }: SamplingBody): readonly string[] {
  return typeof stop === "string" ? [stop] : (stop ?? []);
}

/** The tokens whose logprobs are wanted by id; throws RequestError for one that the vocabulary does not have. */
export function namedIds(
  { logprob_token_ids: ids = [] }: SamplingBody,
  { engine }: Pick<OpenedModel, "engine">,
): readonly TokenId[] {
  const { vocabularySize } = engine;
  const unknown = ids.findIndex((id) => id >= vocabularySize);
  if (unknown >= 0) {
    throw new RequestError(
      `logprob_token_ids[${unknown}] is ${ids[unknown]}, which is not in this model's vocabulary of ${vocabularySize}; give ids from 0 to ${vocabularySize - 1}`,
      { param: "logprob_token_ids" },
    );
  }
  return ids.map(tokenId);
}

/** What is wanted of the prompt's positions, or null. */
export function promptWish(body: SamplingBody, ids: readonly TokenId[]): ReportWish | null {
  return body.prompt_logprobs === undefined ? null : { top: body.prompt_logprobs, ids };
}
