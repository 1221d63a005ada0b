// Several replies behind one prompt, a token of each in every pass. Knows ids and no text.

import type { Batch, Engine, Prediction } from "./engine.ts";
import { UsageError } from "./errors.ts";
import type { Ending, GeneratedStep } from "./generate.ts";
import type { SamplingSettings } from "./settings.ts";
import { type NextToken, nextToken } from "./step.ts";
import type { TokenId } from "./token.ts";

export interface GenerateBatchOptions {
  readonly engine: Pick<Engine, "logits" | "vocabularySize" | "contextLength">;
  readonly batch: Batch;
  /** Of each member: its draws are those of a single generation with this seed. */
  readonly seeds: readonly number[];
  readonly endTokenIds: readonly TokenId[];
  readonly settings: SamplingSettings;
  readonly maxTokens: number; // of each member
  readonly signal?: AbortSignal;
}

export interface GeneratedReply {
  readonly steps: readonly GeneratedStep[];
  readonly ending: Ending;
}

interface Reply {
  readonly member: number;
  readonly seed: number;
  readonly steps: GeneratedStep[];
  ending: Ending | null; // null while it is being written
}

interface Draw extends NextToken {
  readonly reply: Reply;
  readonly position: number;
  readonly predictionBefore: Prediction;
}

/** Appends tokens to all members until each has ended on its own, and tells of each step as it comes. A stop token is appended too. Throws UsageError for a member without tokens, RangeError where the seeds are not one a member. */
export async function generateBatch(
  options: GenerateBatchOptions,
  onStep?: (member: number, step: GeneratedStep) => void,
): Promise<readonly GeneratedReply[]> {
  const { batch, seeds } = options;
  if (seeds.length !== batch.members.length) {
    throw new RangeError(
      `generateBatch: ${seeds.length} seeds for ${batch.members.length} members; give each one`,
    );
  }
  const replies = seeds.map((seed, member): Reply => ({ member, seed, steps: [], ending: null }));
  for (;;) {
    for (const reply of replies) reply.ending ??= endingOf(reply, options);
    const writing = replies.filter(({ ending }) => ending === null);
    if (writing.length === 0)
      return replies.map(({ steps, ending }) => ({ steps, ending: ended(ending) }));
    const draws: Draw[] = [];
    for (const reply of writing) draws.push(await drawn(reply, options));
    if (!(await appendAll(draws, options))) continue; // the signal has come, and says so above
    for (const draw of draws) {
      const step = writtenStep(draw, batch);
      draw.reply.steps.push(step);
      onStep?.(draw.reply.member, step);
    }
  }
}

/** Why a reply ends here, or null where it goes on. */
function endingOf({ member, steps }: Reply, options: GenerateBatchOptions): Ending | null {
  const { batch, engine, endTokenIds, maxTokens, signal } = options;
  const last = steps.at(-1);
  if (last !== undefined && endTokenIds.includes(last.id))
    return { kind: "end-token", id: last.id };
  if (steps.length >= maxTokens) return { kind: "length", maxTokens };
  if (signal?.aborted) return { kind: "aborted" };
  if ((batch.members[member]?.length ?? 0) < engine.contextLength) return null;
  return { kind: "context-full", contextLength: engine.contextLength };
}

function ended(ending: Ending | null): Ending {
  if (ending === null) throw new RangeError("generateBatch: a reply that has not ended");
  return ending;
}

async function drawn(
  reply: Reply,
  { engine, batch, settings }: GenerateBatchOptions,
): Promise<Draw> {
  const tokens = batch.members[reply.member] ?? [];
  const predictionBefore = tokens.at(-1)?.prediction;
  if (predictionBefore === undefined) {
    throw new UsageError(
      `generateBatch: member ${reply.member} has 0 tokens and a prediction needs at least 1; write a prompt first`,
    );
  }
  const position = tokens.length;
  const place = { seed: reply.seed, position };
  const next = await nextToken({ engine, prediction: predictionBefore, settings, ...place });
  return { ...next, reply, position, predictionBefore };
}

/** One pass for a token of each; false where the signal came before it. */
async function appendAll(
  draws: readonly Draw[],
  { batch, signal }: GenerateBatchOptions,
): Promise<boolean> {
  const parts = batch.members.map((_, member) =>
    draws.filter(({ reply }) => reply.member === member).map(({ id }) => id),
  );
  try {
    await batch.append(parts, signal ? { signal } : {});
    return true;
  } catch (error) {
    if (signal?.aborted && draws.every((draw) => !isAppended(draw, batch))) return false;
    throw error;
  }
}

function isAppended({ reply, position }: Draw, { members }: Batch): boolean {
  return (members[reply.member]?.length ?? 0) > position;
}

function writtenStep(
  { reply, position, predictionBefore, id, draw, origin }: Draw,
  { members }: Batch,
): GeneratedStep {
  const scored = members[reply.member]?.[position];
  if (scored === undefined) throw new RangeError(`generateBatch: no token at ${position}`);
  return { id, draw, origin, position, predictionBefore, scored };
}
