// From jobs to an answer, whole or streamed: what completions and chats have in common. Knows no field names but the common ones.

import { randomUUID } from "node:crypto";
import type { JobRequest } from "@tokenscope/core";
import type { Context } from "hono";
import type { ReadyModel } from "./api-models.ts";
import { type ChoiceEnd, type ChoicePiece, type ChoiceWish, choicePieces } from "./choice.ts";
import { eventStream } from "./event-stream.ts";
import type { SamplingBody } from "./request-fields.ts";

/** A choice with all that was written. */
interface WholeChoice {
  readonly index: number;
  readonly pieces: readonly ChoicePiece[];
  readonly end: ChoiceEnd;
}

/** What a route's answers look like. */
export interface AnswerShape {
  readonly idPrefix: string;
  readonly wholeObject: string;
  readonly chunkObject: string;
  /** Fields of the whole answer beside id, model and usage. */
  whole(choices: readonly WholeChoice[]): Readonly<Record<string, unknown>>;
  /** A choice's first event, or null where it needs none. */
  opening(index: number): unknown;
  piece(index: number, piece: ChoicePiece): unknown;
  closing(index: number, end: ChoiceEnd): unknown;
}

export interface AnswerOptions {
  readonly model: ReadyModel;
  readonly body: Pick<SamplingBody, "stream" | "stream_options" | "n">;
  readonly jobs: readonly JobRequest[];
  readonly wish: ChoiceWish;
  readonly shape: AnswerShape;
  /** Ends the jobs; their signal is its. */
  readonly aborter: AbortController;
}

/** The answer of these jobs; throws what submitting them throws. A client that goes away ends its jobs. */
export async function answerOf(c: Context, options: AnswerOptions): Promise<Response> {
  const { model, jobs, wish, body, aborter } = options;
  const gone = () => aborter.abort();
  const { signal } = c.req.raw;
  signal.addEventListener("abort", gone, { once: true });
  if (signal.aborted) gone(); // while the model was opened
  const runs = model.scheduler.submit(jobs);
  const choices = runs.map((run) => choicePieces(run, model, wish));
  if (body.stream) return eventStream(chunks(choices, options), gone);
  try {
    const whole = await Promise.all(choices.map(wholeChoice));
    const { wholeObject, ...shape } = options.shape;
    const head = answerHead(options, wholeObject);
    return c.json({ ...head, ...shape.whole(whole), usage: usageOf(whole, options) });
  } finally {
    gone(); // where one choice has failed the others are written for nobody
  }
}

async function wholeChoice(
  choice: AsyncGenerator<ChoicePiece, ChoiceEnd, void>,
  index: number,
): Promise<WholeChoice> {
  const pieces: ChoicePiece[] = [];
  for (;;) {
    const { done, value } = await choice.next();
    if (done) return { index, pieces, end: value };
    pieces.push(value);
  }
}

async function* chunks(
  choices: readonly AsyncGenerator<ChoicePiece, ChoiceEnd, void>[],
  options: AnswerOptions,
): AsyncGenerator<unknown, void, void> {
  const { shape, body, aborter } = options;
  const tellsUsage = body.stream_options?.include_usage ?? false;
  const head = { ...answerHead(options, shape.chunkObject), ...(tellsUsage && { usage: null }) };
  const ended: WholeChoice[] = [];
  try {
    for (const index of choices.keys()) {
      const opening = shape.opening(index);
      if (opening !== null) yield { ...head, choices: [opening] };
    }
    for await (const { index, result } of merged(choices)) {
      if (result.done) ended.push({ index, pieces: [], end: result.value });
      else if (!isEmpty(result.value)) {
        yield { ...head, choices: [shape.piece(index, result.value)] };
      }
      if (result.done) yield { ...head, choices: [shape.closing(index, result.value)] };
    }
    if (tellsUsage) yield { ...head, choices: [], usage: usageOf(ended, options) };
  } finally {
    aborter.abort();
  }
}

interface Turn {
  readonly index: number;
  readonly result: IteratorResult<ChoicePiece, ChoiceEnd>;
}

/** What the choices give, in the order it comes. */
async function* merged(
  choices: readonly AsyncGenerator<ChoicePiece, ChoiceEnd, void>[],
): AsyncGenerator<Turn, void, void> {
  const next = async (index: number): Promise<Turn> => {
    const choice = choices[index];
    if (choice === undefined) throw new RangeError(`merged: no choice ${index}`);
    return { index, result: await choice.next() };
  };
  const coming = new Map<number, Promise<Turn>>();
  const ask = (index: number): void => {
    const turn = next(index);
    turn.catch(() => undefined); // it may fail while the client takes another: the next race throws it
    coming.set(index, turn);
  };
  for (const index of choices.keys()) ask(index);
  while (coming.size > 0) {
    const turn = await Promise.race(coming.values());
    if (turn.result.done) coming.delete(turn.index);
    else ask(turn.index);
    yield turn;
  }
}

function isEmpty({ text, reports }: ChoicePiece): boolean {
  return text === "" && reports.length === 0;
}

function answerHead({ model, shape }: AnswerOptions, object: string) {
  const { sha256, precision, backend } = model.identity;
  return {
    id: `${shape.idPrefix}-${randomUUID()}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: model.id,
    system_fingerprint: `${sha256.slice(0, 12)}-${precision}-${backend}`, // the same seed and fingerprint give the same text
  };
}

/** Tokens counted: each prompt once, a token that ended a choice too. */
function usageOf(choices: readonly WholeChoice[], { jobs, body }: AnswerOptions) {
  const n = body.n ?? 1;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const prompts = jobs.filter((_, i) => i % n === 0);
  const prompt = sum(prompts.map(({ promptIds }) => promptIds.length));
  const completion = sum(choices.map(({ end }) => end.writtenTokens));
  const firsts = choices.filter(({ index }) => index % n === 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(firsts.map(({ end }) => end.sharedTokens)) },
  };
}
