// A job as the scheduler has it: what was asked, how far it has come, and whether its listener keeps up. Knows no engine.

import type { Engine } from "./engine.ts";
import { UsageError } from "./errors.ts";
import type { Ending } from "./generate.ts";
import type { JobRequest } from "./job.ts";
import { JobChannel } from "./job-channel.ts";
import type { TokenId } from "./token.ts";

const LEAST_UNREAD = 8; // tokens of each job of a large request: with fewer, one that listens well would stop its job now and then

export interface Job {
  readonly request: JobRequest;
  readonly owner: object;
  readonly channel: JobChannel;
  readonly ids: TokenId[]; // the prompt's and those written
  written: number;
  place: number | null; // in the batch; null while it waits
  sharedTokens: number;
  isPromptTold: boolean;
  toldTokens: number; // of a job that is followed
  ending: Ending | null; // known, and waiting for the last token to be run
}

/** The jobs of one request, which share its unread tokens; `onChange` hears of listeners that read or go and of signals. */
export function queuedJobs(
  requests: readonly JobRequest[],
  unread: number,
  onChange: () => void,
): readonly Job[] {
  const owner = {};
  const capacity = Math.max(LEAST_UNREAD, Math.ceil(unread / requests.length));
  const signals = new Set(requests.flatMap(({ signal }) => signal ?? []));
  for (const signal of signals) signal.addEventListener("abort", onChange, { once: true });
  return requests.map((request): Job => {
    const channel = new JobChannel({ capacity, onTaken: onChange });
    const told = { sharedTokens: 0, isPromptTold: false, toldTokens: 0 };
    const state = { written: 0, place: null, ending: null, ...told };
    return { request, owner, channel, ids: [...request.promptIds], ...state };
  });
}

/** True while its listener is so far behind that it computes nothing. */
export function isHeldUp({ channel }: Job): boolean {
  return channel.isFull;
}

/** True once nobody wants it any more. */
export function isStopped({ channel, request }: Job): boolean {
  return channel.isAbandoned || (request.signal?.aborted ?? false);
}

/** Why a job ends with this token, or null. */
export function endingAfter({ request, written }: Job, id: TokenId): Ending | null {
  const { endTokenIds, maxTokens } = request;
  if (endTokenIds.includes(id)) return { kind: "end-token", id };
  return written >= maxTokens ? { kind: "length", maxTokens } : null;
}

/** Throws UsageError for a prompt that is empty, longer than the context, or has ids outside the vocabulary. */
export function checkPrompt(
  { promptIds }: JobRequest,
  { vocabularySize, contextLength }: Pick<Engine, "vocabularySize" | "contextLength">,
): void {
  if (promptIds.length === 0) {
    throw new UsageError(
      "the prompt has 0 tokens and a prediction needs at least 1; write a word, or give a start token's id",
    );
  }
  const unknown = promptIds.find((id) => id >= vocabularySize);
  if (unknown !== undefined) {
    throw new UsageError(
      `token id ${unknown} is not in this model's vocabulary of ${vocabularySize}; give ids from 0 to ${vocabularySize - 1}`,
    );
  }
  if (promptIds.length > contextLength) {
    throw new UsageError(
      `the prompt has ${promptIds.length} tokens and the model's context holds ${contextLength}; shorten it to at most ${contextLength} tokens`,
    );
  }
}
