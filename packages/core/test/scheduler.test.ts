import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { openToyEngine, TOY_SPECIAL, toyTokenizer } from "../src/contracts/index.ts";
import {
  type Batch,
  type Ending,
  type Engine,
  EngineError,
  GREEDY,
  generateAll,
  type JobEvent,
  type JobRequest,
  type JobRun,
  RAW,
  Scheduler,
  type SchedulerLimits,
  type ScoredToken,
  type TokenId,
  UsageError,
} from "../src/index.ts";

const LIMITS: SchedulerLimits = {
  running: 8,
  waiting: 100,
  positions: 256,
  readRows: 8,
  keptTexts: 4,
  unread: 16,
};
const schedulers: Scheduler[] = [];

afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.close();
});

interface Bench {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  /** Rows of each member in each pass. */
  readonly passes: readonly (readonly number[])[];
  /** Runs before the next step. */
  onStep: () => void;
  /** Makes the next pass fail. */
  failure: Error | null;
  /** Makes the next sequence fail to open. */
  noSequence: Error | null;
}

function bench(limits: Partial<SchedulerLimits> = {}): Bench {
  const engine = openToyEngine();
  const passes: number[][] = [];
  const counted = (batch: Batch): Batch =>
    Object.create(batch, {
      append: {
        value: (parts: Parameters<Batch["append"]>[0]) => {
          const { failure } = made;
          made.failure = null;
          if (failure) return Promise.reject(failure);
          passes.push(parts.map(({ length }) => length));
          return batch.append(parts);
        },
      },
    });
  const openBatch: Engine["openBatch"] = (beginning, count) =>
    counted(engine.openBatch(beginning, count));
  let isMade = false; // a scheduler opens a sequence as it begins
  const openSequence = () => {
    const noSequence = isMade ? made.noSequence : null;
    if (isMade) made.noSequence = null;
    if (noSequence !== null) throw noSequence;
    return engine.openSequence();
  };
  const scheduler = new Scheduler({
    engine: { ...engine, openBatch, openSequence },
    limits: { ...LIMITS, ...limits },
    pause: async () => made.onStep(),
  });
  schedulers.push(scheduler);
  const made: Bench = {
    engine,
    scheduler,
    passes,
    onStep: () => {},
    failure: null,
    noSequence: null,
  };
  isMade = true;
  return made;
}

function job(text: string, more: Partial<JobRequest> = {}): JobRequest {
  const promptIds = toyTokenizer.encode(text);
  return { promptIds, settings: GREEDY, seed: 1, maxTokens: 6, endTokenIds: [], ...more };
}

interface Heard {
  readonly ids: readonly TokenId[];
  readonly sharedTokens: number;
  readonly ending: Ending;
}

async function hear(run: JobRun | undefined): Promise<Heard> {
  if (run === undefined) throw new RangeError("hear: no run");
  const events: JobEvent[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (!done) {
      events.push(value);
      continue;
    }
    const [first, ...rest] = events;
    const ids = rest.flatMap((event) => (event.kind === "token" ? [event.id] : []));
    return { ids, sharedTokens: first?.kind === "prompt" ? first.sharedTokens : -1, ending: value };
  }
}

/** What the job's reply is on a sequence of its own. */
async function alone(request: JobRequest): Promise<Omit<Heard, "sharedTokens">> {
  const engine = openToyEngine();
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(request.promptIds));
  const { steps, ending } = await generateAll({ ...request, engine, sequence });
  return { ids: steps.map(({ id }) => id), ending };
}

function rowsOf(passes: Bench["passes"]): number {
  return passes.flat().reduce((sum, rows) => sum + rows, 0);
}

test("jobs at once write what each writes alone, whatever their prompts, settings, seeds and limits", async () => {
  const request = fc.record({
    promptIds: fc
      .string({ minLength: 1, maxLength: 40, unit: fc.constantFrom("a", "b") })
      .map((text) => toyTokenizer.encode(text)),
    settings: fc.constantFrom(GREEDY, RAW, { ...RAW, topK: 5 }),
    seed: fc.integer(),
    maxTokens: fc.integer({ min: 0, max: 12 }),
    endTokenIds: fc.constantFrom([], toyTokenizer.encode("etaoin shrdlu")),
  });
  const limits = fc.record({
    running: fc.integer({ min: 1, max: 5 }),
    positions: fc.constantFrom(1, 256),
    readRows: fc.integer({ min: 1, max: 20 }),
    keptTexts: fc.integer({ min: 0, max: 3 }),
    unread: fc.integer({ min: 1, max: 64 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 9 }),
      limits,
      async (jobs, own) => {
        const { scheduler } = bench(own);
        const runs = jobs.flatMap((each) => scheduler.submit([each]));
        const heard = await Promise.all(runs.map(hear));
        const expected = await Promise.all(jobs.map(alone));
        expect(heard.map(({ ids, ending }) => ({ ids, ending }))).toEqual(expected);
      },
    ),
    { numRuns: 25 },
  );
});

test("a pass takes a token of each job, and a job joins while another writes", async () => {
  const { scheduler, passes } = bench();
  const [first] = scheduler.submit([job("abcdefgh", { maxTokens: 5 })]);
  const [second] = scheduler.submit([job("xyz", { maxTokens: 3 })]);
  await Promise.all([hear(first), hear(second)]);
  // 8 and 3 tokens of prompts, then 4 and 2: the last token of each needs no pass
  expect(passes).toEqual([
    [8, 3],
    [1, 1],
    [1, 1],
    [1, 0],
    [1, 0],
  ]);
});

test("a prompt that several jobs share is read once", async () => {
  const { scheduler, passes } = bench();
  const text = "what all of them begin with: ";
  const runs = ["a", "b", "c", "c"].flatMap((end) =>
    scheduler.submit([job(`${text}${end}`, { maxTokens: 1 })]),
  );
  const heard = await Promise.all(runs.map(hear));
  expect(heard.map(({ sharedTokens }) => sharedTokens)).toEqual([0, 29, 29, 30]);
  expect(rowsOf(passes)).toBe(29 + 3); // the beginning, and "a", "b" and "c" once
});

test("a beginning that an ended job has read is not read again, its reply neither", async () => {
  const { scheduler, passes } = bench();
  const { ids } = await hear(scheduler.submit([job("a question, long enough")])[0]);
  const before = rowsOf(passes);
  const promptIds = [
    ...toyTokenizer.encode("a question, long enough"),
    ...ids,
    ...toyTokenizer.encode("!?"),
  ];
  const { sharedTokens } = await hear(scheduler.submit([job("", { promptIds, maxTokens: 1 })])[0]);
  expect(sharedTokens).toBe(23 + 5); // the last token of the reply was never run
  expect(rowsOf(passes) - before).toBe(1 + 2);
});

test("others write on while a long prompt is read, a token a pass", async () => {
  const { scheduler, passes } = bench();
  const [writer] = scheduler.submit([job("w", { maxTokens: 40 })]);
  const [reader] = scheduler.submit([job("r".repeat(100), { maxTokens: 1 })]);
  await Promise.all([hear(writer), hear(reader)]);
  const reading = passes.filter(([, rows = 0]) => rows > 1);
  expect(reading.length).toBeGreaterThan(10);
  expect(reading.every(([own]) => own === 1)).toBe(true);
  expect(Math.max(...reading.map(([, rows = 0]) => rows))).toBe(8);
});

test("who stops listening frees the place within a step", async () => {
  const made = bench({ running: 1 });
  const [gone] = made.scheduler.submit([job("gone", { maxTokens: 200 })]);
  const [next] = made.scheduler.submit([job("next", { maxTokens: 1 })]);
  await gone?.next();
  await gone?.return({ kind: "aborted" });
  const { steps } = made.scheduler.status;
  await hear(next);
  expect(made.scheduler.status).toMatchObject({ running: 0, waiting: 0 });
  expect(made.scheduler.status.steps - steps).toBeLessThanOrEqual(3); // the one under way, the next one's prompt, its token
});

test("a signal ends a job between steps, running or waiting", async () => {
  const made = bench({ running: 1 });
  const controller = new AbortController();
  const signal = controller.signal;
  const [running] = made.scheduler.submit([job("one", { maxTokens: 200, signal })]);
  const [waiting] = made.scheduler.submit([job("two", { maxTokens: 200, signal })]);
  made.onStep = () => {
    if (made.passes.length === 4) controller.abort();
  };
  const heard = await Promise.all([hear(running), hear(waiting)]);
  expect(heard.map(({ ending }) => ending.kind)).toEqual(["aborted", "aborted"]);
  expect(heard.map(({ ids }) => ids.length)).toEqual([3, 0]);
  expect(made.passes.length).toBe(4);
});

test("a request of many jobs does not keep a later one of one job waiting", async () => {
  const { scheduler } = bench({ running: 2 });
  const order: string[] = [];
  const many = scheduler.submit(["a", "b", "c", "d"].map((text) => job(text)));
  const one = scheduler.submit([job("z")]);
  const ends = [...many, ...one].map(async (run, i) => {
    await hear(run);
    order.push("abcdz".charAt(i));
  });
  await Promise.all(ends);
  expect(order.indexOf("z")).toBeLessThan(3); // two places: "a" and "b" were there, "c" and "d" come after it
});

test("a full queue refuses a request whole, with the numbers", async () => {
  const { scheduler } = bench({ waiting: 3 });
  const runs = [...scheduler.submit([job("a"), job("b")])];
  const refusal = () => scheduler.submit([job("c"), job("d")]);
  expect(refusal).toThrow(/2 of at most 3 waiting jobs and this request asks for 2/);
  expect(refusal).toThrow(UsageError);
  runs.push(...scheduler.submit([job("e")]));
  expect((await Promise.all(runs.map(hear))).length).toBe(3);
});

test.each([
  [[], /0 tokens/],
  [[259], /259 is not in this model's vocabulary of 259/],
  [new Array(257).fill(1), /257 tokens and the model's context holds 256/],
])("a prompt that cannot be read is refused before it waits", (ids, said) => {
  const { scheduler } = bench();
  expect(() => scheduler.submit([job("", { promptIds: ids as TokenId[] })])).toThrow(said);
  expect(scheduler.status).toMatchObject({ running: 0, waiting: 0 });
});

test("jobs that outgrow the positions take turns and still write what each writes alone", async () => {
  const { scheduler, passes } = bench({ positions: 256 });
  const jobs = ["a", "b", "c"].map((text) =>
    job(text.repeat(60), { maxTokens: 90, settings: RAW }),
  );
  const runs = jobs.flatMap((each) => scheduler.submit([each]));
  const heard = await Promise.all(runs.map(hear));
  const expected = await Promise.all(jobs.map(alone));
  expect(heard.map(({ ids }) => ids)).toEqual(expected.map(({ ids }) => ids));
  expect(rowsOf(passes)).toBeGreaterThan(3 * (60 + 89)); // some went back to the queue and were read again
});

test("a job may fill the context, and is told that it is full", async () => {
  const { scheduler } = bench({ positions: 1 });
  const { ids, ending } = await hear(
    scheduler.submit([job("x".repeat(250), { maxTokens: 99 })])[0],
  );
  expect(ids.length).toBe(7); // the last one stands behind the context and is not run
  expect(ending).toEqual({ kind: "context-full", contextLength: 256 });
});

test("a stop token is told and ends the job, and a job without tokens to write is its prompt alone", async () => {
  const { scheduler } = bench();
  const [stopping] = scheduler.submit([job("abc", { maxTokens: 5 })]);
  const { ids } = await hear(stopping);
  const endTokenIds = ids.slice(1, 2);
  const again = await hear(scheduler.submit([job("abc", { endTokenIds })])[0]);
  const first = ids.indexOf(endTokenIds[0] ?? TOY_SPECIAL.endOfText);
  expect(again.ids).toEqual(ids.slice(0, first + 1));
  expect(again.ending).toEqual({ kind: "end-token", id: endTokenIds[0] });
  const none = await hear(scheduler.submit([job("abc", { maxTokens: 0 })])[0]);
  expect([none.ids, none.ending.kind]).toEqual([[], "length"]);
});

test("a pass that fails fails its jobs, and the next ones run", async () => {
  const made = bench();
  made.failure = new EngineError("the runtime failed");
  const [failing] = made.scheduler.submit([job("abc")]);
  await expect(hear(failing)).rejects.toThrow("the runtime failed");
  expect((await hear(made.scheduler.submit([job("abc")])[0])).ids.length).toBe(6);
});

test("a job that cannot be given a place fails alone, and the next ones run", async () => {
  const made = bench();
  const [running] = made.scheduler.submit([job("abc")]);
  let steps = 0;
  let failing: JobRun | undefined;
  made.onStep = () => {
    steps += 1;
    if (steps !== 2) return;
    made.noSequence = new EngineError("no memory for another");
    failing = made.scheduler.submit([job("xyz")])[0];
  };
  expect((await hear(running)).ids.length).toBe(6);
  await expect(hear(failing)).rejects.toThrow("no memory for another");
  expect((await hear(made.scheduler.submit([job("xyz")])[0])).ids.length).toBe(6);
});

test("what fails between the jobs fails those that are there, and not those that come", async () => {
  const made = bench();
  made.onStep = () => {
    made.onStep = () => {};
    throw new EngineError("the pause failed");
  };
  const [failing] = made.scheduler.submit([job("abc")]);
  await expect(hear(failing)).rejects.toThrow("the pause failed");
  expect((await hear(made.scheduler.submit([job("abc")])[0])).ids.length).toBe(6);
});

test("closing fails what is left and refuses what comes", async () => {
  const made = bench();
  const [left] = made.scheduler.submit([job("abc", { maxTokens: 200 })]);
  const end = expect(hear(left)).rejects.toThrow(/closed/);
  await made.scheduler.close();
  await end;
  expect(() => made.scheduler.submit([job("abc")])).toThrow(EngineError);
});

test("after many jobs no more is held than the limits say", async () => {
  const { scheduler } = bench({ positions: 256, keptTexts: 3 });
  for (let i = 0; i < 60; i += 1) {
    await hear(scheduler.submit([job(`${i} is a text of its own`, { maxTokens: 4 })])[0]);
  }
  const { running, waiting, positions } = scheduler.status;
  expect([running, waiting]).toEqual([0, 0]);
  expect(positions).toBeGreaterThan(0);
  expect(positions).toBeLessThanOrEqual(3 * 30);
});

test("a followed job tells every token once, in order, as a generation of its own scores it, the last one too", async () => {
  const { scheduler, engine } = bench({ readRows: 3, positions: 64 });
  const settings = { ...RAW, topK: 5 };
  const request = job("Once upon", {
    settings,
    seed: 7,
    isFollowed: true,
    redraws: new Map([[12, 2]]),
  });
  const others = [job("Once more"), job("Twice")];
  const runs = scheduler.submit([request, ...others]);
  const read: ScoredToken[] = [];
  const drawn: TokenId[] = [];
  const [followed] = runs;
  if (followed === undefined) throw new RangeError("no run");
  const rest = Promise.all(runs.slice(1).map(hear));
  for (;;) {
    const { done, value } = await followed.next();
    if (done) {
      expect(value).toEqual({ kind: "length", maxTokens: 6 });
      break;
    }
    if (value.kind === "token") drawn.push(value.id);
    if (value.kind !== "read") continue;
    expect(value.from).toBe(read.length);
    read.push(...value.tokens);
  }
  await rest;
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(request.promptIds));
  const { steps } = await generateAll({ ...request, engine, sequence });
  expect(drawn).toEqual(steps.map(({ id }) => id));
  expect(read.map(({ id }) => id)).toEqual(sequence.tokens.map(({ id }) => id));
  for (const [i, token] of read.entries()) {
    const alone = sequence.tokens[i];
    expect(token.score?.rank).toBe(alone?.score?.rank);
    expect(token.prediction.topIds[0]).toBe(alone?.prediction.topIds[0]);
  }
});

test("a followed job ends where the context is full, with every token that it holds", async () => {
  const { scheduler, engine } = bench();
  const [run] = scheduler.submit([job("a", { isFollowed: true, maxTokens: 10_000 })]);
  let told = 0;
  for (let next = await run?.next(); next; next = await run?.next()) {
    if (next.done) {
      expect(next.value.kind).toBe("context-full");
      break;
    }
    if (next.value.kind === "read") told += next.value.tokens.length;
  }
  expect(told).toBe(engine.contextLength);
});

test("a sequence of what was read begins as far as a kept text does", async () => {
  const { scheduler } = bench();
  const request = job("Once upon a time", { maxTokens: 0 });
  await hear(scheduler.submit([request])[0]);
  const sequence = scheduler.openRead([...toyTokenizer.encode("Once upon a hill")]);
  expect(sequence.tokens.map(({ id }) => id)).toEqual(toyTokenizer.encode("Once upon a "));
  sequence.close();
  const none = scheduler.openRead(toyTokenizer.encode("Nothing"));
  expect(none.tokens).toHaveLength(0);
  none.close();
});
