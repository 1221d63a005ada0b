// Jobs whose listeners are behind: they compute no further than what may wait unread, and nobody waits for them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { openToyEngine, toyTokenizer } from "../src/contracts/index.ts";
import {
  GREEDY,
  generateAll,
  type JobEvent,
  type JobRequest,
  type JobRun,
  RAW,
  Scheduler,
  type SchedulerLimits,
  type TokenId,
} from "../src/index.ts";

const UNREAD = 16;
const LIMITS: SchedulerLimits = {
  running: 4,
  waiting: 100,
  positions: 256,
  readRows: 8,
  keptTexts: 4,
  unread: UNREAD,
};

function opened(limits: Partial<SchedulerLimits> = {}): Scheduler {
  const pause = async (): Promise<void> => {};
  return new Scheduler({ engine: openToyEngine(), limits: { ...LIMITS, ...limits }, pause });
}

function job(text: string, more: Partial<JobRequest> = {}): JobRequest {
  const promptIds = toyTokenizer.encode(text);
  return { promptIds, settings: GREEDY, seed: 1, maxTokens: 100, endTokenIds: [], ...more };
}

/** The toy computes in microtasks: after a turn of the event loop a scheduler has done all that it can. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function submitted(scheduler: Scheduler, request: JobRequest): JobRun {
  const [run] = scheduler.submit([request]);
  if (run === undefined) throw new RangeError("submitted: no run");
  return run;
}

async function rest(run: JobRun): Promise<readonly JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

function written(events: readonly JobEvent[]): readonly TokenId[] {
  return events.flatMap((event) => (event.kind === "token" ? [event.id] : []));
}

async function alone(request: JobRequest): Promise<readonly TokenId[]> {
  const engine = openToyEngine();
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(request.promptIds));
  return (await generateAll({ ...request, engine, sequence })).steps.map(({ id }) => id);
}

test("a job that nobody reads stops where its unread tokens do, and ends as if it had never stopped", async () => {
  const scheduler = opened();
  const request = job("Once");
  const run = submitted(scheduler, request);
  await settled();
  const { steps, positions } = scheduler.status;
  expect(positions).toBe(4 + UNREAD);
  await settled();
  expect(scheduler.status.steps).toBe(steps); // it sleeps
  expect(written(await rest(run))).toEqual(await alone(request));
});

test("what is read at once of a long text is told no faster than it is taken", async () => {
  const scheduler = opened();
  const run = submitted(scheduler, job("x".repeat(200), { isFollowed: true, maxTokens: 0 }));
  await settled();
  let taken = 0;
  for (let next = await run.next(); !next.done; next = await run.next()) {
    if (next.value.kind !== "read") throw new RangeError(next.value.kind);
    expect(next.value.from).toBe(taken);
    expect(next.value.tokens.length).toBeLessThanOrEqual(UNREAD);
    taken += next.value.tokens.length;
    await settled();
  }
  expect(taken).toBe(200);
});

test("the choices of a request share its unread tokens", async () => {
  const scheduler = opened({ unread: 64 });
  const runs = scheduler.submit(Array.from({ length: 4 }, () => job("Once")));
  await settled();
  expect(scheduler.status.positions).toBe(4 * (4 + 64 / 4));
  for (const run of runs) await run.return({ kind: "aborted" });
  await scheduler.close();
});

test("the only place is given to the next job while the one that has it is held up, and back", async () => {
  const scheduler = opened({ running: 1 });
  const request = job("Nobody reads this at first");
  const unread = submitted(scheduler, request);
  await settled();
  expect(scheduler.status).toMatchObject({ running: 1, waiting: 0 });
  const other = job("Somebody reads this", { maxTokens: 40 });
  expect(written(await rest(submitted(scheduler, other)))).toEqual(await alone(other));
  expect(scheduler.status).toMatchObject({ running: 0, waiting: 1 });
  expect(written(await rest(unread))).toEqual(await alone(request));
});

test("a full cache is freed by those that are held up", async () => {
  const scheduler = opened({ positions: 1 }); // and so one context: 256
  const stalled = Array.from({ length: 3 }, (_, i) => submitted(scheduler, job(`${i}`.repeat(60))));
  await settled();
  const other = job("z".repeat(100), { maxTokens: 100 });
  expect(written(await rest(submitted(scheduler, other)))).toEqual(await alone(other));
  for (const [i, run] of stalled.entries()) {
    expect(written(await rest(run))).toEqual(await alone(job(`${i}`.repeat(60))));
  }
});

test("nobody waits for the beginning that a held-up job was reading", async () => {
  const scheduler = opened();
  const text = "a beginning that two jobs share, and that is longer than what may wait unread";
  const stalled = submitted(scheduler, job(text, { isFollowed: true, maxTokens: 0 }));
  await settled();
  const other = job(text, { maxTokens: 3 });
  expect(written(await rest(submitted(scheduler, other)))).toEqual(await alone(other));
  expect((await rest(stalled)).length).toBeGreaterThan(1);
});

test.each(["its signal", "its listener"])(
  "a held-up job that %s ends frees its place within a step",
  async (how) => {
    const scheduler = opened({ running: 1 });
    const aborter = new AbortController();
    const run = submitted(scheduler, job("Once", { signal: aborter.signal }));
    await run.next(); // it listens
    await settled();
    const { running, steps } = scheduler.status;
    expect(running).toBe(1);
    if (how === "its signal") aborter.abort();
    else await run.return({ kind: "aborted" });
    await settled();
    expect(scheduler.status).toMatchObject({ running: 0, waiting: 0 });
    expect(scheduler.status.steps).toBe(steps + 1);
  },
);

test("closing fails what is held up", async () => {
  const scheduler = opened();
  const run = submitted(scheduler, job("Once"));
  await settled();
  await scheduler.close();
  await expect(rest(run)).rejects.toThrow(/closed/);
});

test("jobs that are read at any pace write what each writes alone", async () => {
  const paced = fc.record({
    text: fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom("a", "b") }),
    seed: fc.integer(),
    isFollowed: fc.boolean(),
    pauses: fc.integer({ min: 0, max: 3 }), // turns of the event loop between two events
  });
  const limits = fc.record({
    running: fc.integer({ min: 1, max: 3 }),
    positions: fc.constantFrom(1, 256),
    keptTexts: fc.integer({ min: 0, max: 3 }),
    unread: fc.integer({ min: 1, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(paced, { minLength: 1, maxLength: 6 }), limits, async (jobs, own) => {
      const scheduler = opened(own);
      const told = jobs.map(async ({ text, seed, isFollowed, pauses }) => {
        const request = job(text, { seed, isFollowed, settings: RAW, maxTokens: 40 });
        const events: JobEvent[] = [];
        for await (const event of submitted(scheduler, request)) {
          events.push(event);
          for (let i = 0; i < pauses; i += 1) await settled();
        }
        const read = events.flatMap((event) => (event.kind === "read" ? event.tokens : []));
        expect(written(events)).toEqual(await alone(request));
        if (!isFollowed) return;
        const all = [...request.promptIds, ...written(events)];
        expect(read.map(({ id }) => id)).toEqual(all);
      });
      await Promise.all(told);
    }),
    { numRuns: 25 },
  );
});
