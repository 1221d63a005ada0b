// What is asked of a scheduler: a reply to write, or a prompt to read. Knows ids and no text.

import type { Prediction, ScoredToken } from "./engine.ts";
import type { Ending } from "./generate.ts";
import type { SamplingSettings } from "./settings.ts";
import type { NextToken } from "./step.ts";
import type { TokenId } from "./token.ts";

export interface JobRequest {
  readonly promptIds: readonly TokenId[]; // at least 1
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly maxTokens: number; // 0: the prompt is read and nothing is written
  readonly endTokenIds: readonly TokenId[];
  readonly redraws?: ReadonlyMap<number, number>; // position -> how often it was drawn again
  /** Tells every token once the layers have seen it, with the prediction after it; the last one written is run for that, too. */
  readonly isFollowed?: boolean;
  readonly signal?: AbortSignal;
}

/** A token of a reply, told as soon as it is drawn. */
export interface JobToken extends NextToken {
  readonly kind: "token";
  readonly position: number;
  readonly predictionBefore: Prediction;
}

/** What a job tells: its prompt once it is read, and each token; where it is followed, what was read since in place of the prompt. */
export type JobEvent =
  | {
      readonly kind: "prompt";
      readonly tokens: readonly ScoredToken[]; // of the prompt
      readonly sharedTokens: number; // of these, how many another job had read already
    }
  | {
      readonly kind: "read";
      readonly from: number; // position of the first of them
      readonly tokens: readonly ScoredToken[]; // of the prompt, and then those written
    }
  | JobToken;

/** The events of a job as they come; returns why it ended. Whoever stops listening ends it. */
export type JobRun = AsyncGenerator<JobEvent, Ending, void>;
