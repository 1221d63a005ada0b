// A reply, token by token, on a sequence that is already scored. Knows ids and no text.

import type { Engine, Prediction, ScoredToken, Sequence } from "./engine.ts";
import { UsageError } from "./errors.ts";
import type { SamplingSettings } from "./settings.ts";
import { type NextToken, nextToken } from "./step.ts";
import type { TokenId } from "./token.ts";

/** Why a generation ended. */
export type Ending =
  | { readonly kind: "end-token"; readonly id: TokenId }
  | { readonly kind: "length"; readonly maxTokens: number }
  | { readonly kind: "context-full"; readonly contextLength: number }
  | { readonly kind: "aborted" };

export interface GenerateOptions {
  readonly engine: Pick<Engine, "logits" | "vocabularySize" | "contextLength">;
  readonly sequence: Sequence;
  readonly endTokenIds: readonly TokenId[];
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly maxTokens: number;
  readonly redraws?: ReadonlyMap<number, number>; // position -> how often it was drawn again
  readonly signal?: AbortSignal;
}

export interface GeneratedStep extends NextToken {
  readonly position: number;
  readonly predictionBefore: Prediction;
  readonly scored: ScoredToken;
}

/** Appends tokens to the sequence one by one and yields each; returns why it ended. The stop token is appended and yielded too. Throws UsageError for an empty sequence. */
export async function* generate(
  options: GenerateOptions,
): AsyncGenerator<GeneratedStep, Ending, void> {
  const { engine, sequence, endTokenIds, maxTokens, signal } = options;
  for (let written = 0; written < maxTokens; written += 1) {
    if (signal?.aborted) return { kind: "aborted" };
    if (sequence.tokens.length >= engine.contextLength) {
      return { kind: "context-full", contextLength: engine.contextLength };
    }
    const step = await generateStep(options);
    if (step === null) return { kind: "aborted" };
    yield step;
    if (endTokenIds.includes(step.id)) return { kind: "end-token", id: step.id };
  }
  return { kind: "length", maxTokens };
}

/** Runs a generation to its end and tells of each step as it comes. */
export async function generateAll(
  options: GenerateOptions,
  onStep?: (step: GeneratedStep) => void,
): Promise<{ readonly steps: readonly GeneratedStep[]; readonly ending: Ending }> {
  const steps: GeneratedStep[] = [];
  const generation = generate(options);
  for (;;) {
    const { done, value } = await generation.next();
    if (done) return { steps, ending: value };
    steps.push(value);
    onStep?.(value);
  }
}

async function generateStep(options: GenerateOptions): Promise<GeneratedStep | null> {
  const { engine, sequence, settings, seed, signal } = options;
  const position = sequence.tokens.length;
  const predictionBefore = sequence.tokens.at(-1)?.prediction;
  if (predictionBefore === undefined) {
    throw new UsageError(
      "generate: the sequence has 0 tokens and a prediction needs at least 1; write a prompt first",
    );
  }
  const place = { seed, position, redraw: options.redraws?.get(position) ?? 0 };
  const next = await nextToken({ engine, prediction: predictionBefore, settings, ...place });
  try {
    await append(sequence, next.id, signal);
  } catch (error) {
    if (signal?.aborted && sequence.tokens.length === position) return null;
    throw error;
  }
  const scored = sequence.tokens[position];
  if (scored === undefined) throw new RangeError(`generate: position ${position} was not appended`);
  return { ...next, position, predictionBefore, scored };
}

async function append(sequence: Sequence, id: TokenId, signal?: AbortSignal): Promise<void> {
  for await (const _chunk of sequence.append([id], signal ? { signal } : {})) {
    // the sequence keeps what it yields
  }
}
