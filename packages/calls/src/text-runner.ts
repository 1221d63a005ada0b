// Where a host's texts are run: on a sequence of one page's own, or by a scheduler that many share.

import {
  type Ending,
  generate,
  type JobEvent,
  type JobRequest,
  RAW,
  type Scheduler,
  type Sequence,
  type TokenId,
  UsageError,
} from "@tokenscope/core";
import type { Emit, Handler, ModelCalls } from "./calls.ts";
import type { RunningModel } from "./session-host.ts";

export interface TextRunner {
  readonly score: Handler<"score">;
  readonly generate: Handler<"generate">;
  /** Hands over a sequence that holds the ids, or fewer of them, as far as they are read; it is closed afterwards. */
  withBeginning<T>(
    ids: readonly TokenId[],
    use: (sequence: Sequence) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

type OwnParts = Pick<RunningModel, "engine" | "tokenizer">;

/** Runs texts on one sequence, which keeps what it shares with the last; score and generate take turns. */
export function ownSequence({ engine, tokenizer: { endTokenIds } }: OwnParts): TextRunner {
  const sequence = engine.openSequence();
  const inTurn = takingTurns();
  return {
    score: (request, emit, signal) =>
      inTurn(async () => {
        keepSharedPrefix(sequence, request.ids);
        const held = sequence.tokens.slice(request.from);
        if (held.length > 0) await emit({ from: request.from, tokens: held });
        await append(sequence, request.ids, { from: request.from, emit, signal });
        return null;
      }),
    generate: (request, emit, signal) =>
      inTurn(async () => {
        keepSharedPrefix(sequence, request.ids);
        await append(sequence, request.ids, { from: request.ids.length, emit: () => {}, signal });
        const steps = generate({ engine, sequence, endTokenIds, signal, ...request });
        for (;;) {
          const step = await steps.next();
          if (step.done) return step.value;
          const { scored, origin, draw } = step.value;
          await emit({ token: scored, origin, draw });
        }
      }),
    withBeginning: (ids, use) =>
      inTurn(async () => {
        const fork = sequence.fork();
        try {
          keepSharedPrefix(fork, ids);
          return await use(fork);
        } finally {
          fork.close();
        }
      }),
  };
}

/** Cuts the sequence back to what it shares with these ids, so that only the rest is run. */
function keepSharedPrefix(sequence: Sequence, ids: readonly TokenId[]): void {
  const parting = sequence.tokens.findIndex((token, position) => token.id !== ids[position]);
  if (parting !== -1) sequence.cut(parting);
}

async function append(
  sequence: Sequence,
  ids: readonly TokenId[],
  options: {
    readonly from: number;
    readonly emit: Emit<"score">;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { from, emit, signal } = options;
  let position = sequence.tokens.length;
  for await (const chunk of sequence.append(ids.slice(position), { signal })) {
    const skipped = Math.max(0, from - position);
    const tokens = chunk.slice(skipped);
    if (tokens.length > 0) await emit({ from: position + skipped, tokens });
    position += chunk.length;
  }
}

function takingTurns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined); // the caller has the failure; the next call goes on
    return result;
  };
}

/** Runs texts as jobs among those of others: nothing is held for a page between its calls but what the scheduler keeps of texts it has read. Whoever takes events slowly holds up its own job alone. */
export function scheduledTexts(
  { tokenizer: { endTokenIds } }: Pick<RunningModel, "tokenizer">,
  scheduler: Scheduler,
): TextRunner {
  const run = async (
    request: JobRequest,
    onRead: (read: Extract<JobEvent, { kind: "read" }>) => unknown,
    onToken: (token: Extract<JobEvent, { kind: "token" }>) => void = () => {},
  ): Promise<Ending> => {
    const [job] = scheduler.submit([request]);
    if (job === undefined) throw new RangeError("scheduledTexts: a request without its job");
    try {
      for (;;) {
        const { done, value } = await job.next();
        if (done) return value;
        if (value.kind === "read") await onRead(value);
        if (value.kind === "token") onToken(value);
      }
    } finally {
      await job.return({ kind: "aborted" }); // where a listener threw: nobody hears it any more
    }
  };
  const reading = { settings: RAW, seed: 0, maxTokens: 0, endTokenIds, isFollowed: true };
  const inTurn = takingTurns(); // looks hold a sequence each that the scheduler does not count
  let looks = 0; // one that runs and those that wait, as many as the queue is long
  /** All but the last, by the queue and within its limits: what is looked into is one token more. */
  const readBefore = async (
    ids: readonly TokenId[],
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const promptIds = ids.slice(0, -1);
    if (promptIds.length > 0)
      await run({ ...reading, promptIds, ...(signal && { signal }) }, () => {});
  };
  return {
    async score({ ids, from }, emit, signal) {
      if (ids.length === 0) return null;
      await run({ ...reading, promptIds: ids, signal }, async (read) => {
        const skipped = Math.max(0, from - read.from);
        const tokens = read.tokens.slice(skipped);
        if (tokens.length > 0) await emit({ from: read.from + skipped, tokens });
      });
      signal.throwIfAborted();
      return null;
    },
    async generate({ ids, ...request }, emit, signal) {
      const drawn: Pick<ModelCalls["generate"]["event"], "origin" | "draw">[] = [];
      return run(
        { ...request, promptIds: ids, endTokenIds, isFollowed: true, signal },
        async (read) => {
          for (const token of read.tokens.slice(Math.max(0, ids.length - read.from))) {
            const how = drawn.shift();
            if (how !== undefined) await emit({ token, ...how });
          }
        },
        ({ origin, draw }) => void drawn.push({ origin, draw }),
      );
    },
    async withBeginning(ids, use, signal) {
      const most = scheduler.limits.waiting;
      if (looks > most) {
        throw new UsageError(
          `a look inside runs and ${looks - 1} of at most ${most} wait; try again in a moment`,
          { httpStatus: 429 },
        );
      }
      looks += 1;
      try {
        return await inTurn(async () => {
          signal?.throwIfAborted(); // whoever asked may have gone while others looked
          await readBefore(ids, signal);
          signal?.throwIfAborted();
          const sequence = scheduler.openRead(ids);
          try {
            return await use(sequence);
          } finally {
            sequence.close();
          }
        });
      } finally {
        looks -= 1;
      }
    },
  };
}
