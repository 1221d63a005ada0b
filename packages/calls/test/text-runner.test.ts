// A host over a scheduler answers as one over a sequence of its own does.

import { plainTemplate, Scheduler } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { afterEach, expect, test } from "vitest";
import {
  createSessionHost,
  type ModelCalls,
  type SessionHost,
  scheduledTexts,
} from "../src/index.ts";

const NEVER = new AbortController().signal;
const IDS = toyTokenizer.encode("Once upon a time");
const GENERATE: ModelCalls["generate"]["request"] = {
  ids: IDS,
  settings: { temperature: 1, topK: 0, topP: 1, minP: 0 },
  seed: 1,
  redraws: new Map([[18, 3]]),
  maxTokens: 9,
};
const open: Scheduler[] = [];
afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.close();
});

function hosts(more: { readonly waiting?: number; readonly pause?: () => Promise<void> } = {}) {
  const engine = openToyEngine();
  const { waiting = 9, pause = async () => {} } = more;
  const limits = { running: 4, waiting, positions: 256, readRows: 4, keptTexts: 4, unread: 16 };
  const scheduler = new Scheduler({ engine, limits, pause });
  open.push(scheduler);
  const model = { engine, tokenizer: toyTokenizer, template: plainTemplate(toyTokenizer) };
  const shared = createSessionHost(model, scheduledTexts(model, scheduler));
  return { own: createSessionHost(model), shared, engine };
}

type Events<K extends keyof ModelCalls> = ModelCalls[K]["event"][];

async function ask<K extends keyof ModelCalls>(
  host: SessionHost,
  kind: K,
  request: ModelCalls[K]["request"],
) {
  const events: Events<K> = [];
  const result = await host[kind](request, (event) => void events.push(event), NEVER);
  return { events, result };
}

test("score tells the tokens from a position on, each once", async () => {
  const { own, shared } = hosts();
  for (const from of [0, 5, IDS.length]) {
    const flat = async (host: SessionHost) =>
      (await ask(host, "score", { ids: IDS, from })).events.flatMap((event) =>
        event.tokens.map((token, i) => ({
          position: event.from + i,
          id: token.id,
          score: token.score,
        })),
      );
    const told = await flat(shared);
    expect(told).toEqual(await flat(own));
    expect(told.map(({ position }) => position)).toEqual(
      Array.from({ length: IDS.length - from }, (_, i) => from + i),
    );
  }
  expect((await ask(shared, "score", { ids: [], from: 0 })).result).toBeNull();
});

test("generate writes the same tokens with the same draws, each with its score and what follows it", async () => {
  const { own, shared } = hosts();
  const [a, b] = [await ask(own, "generate", GENERATE), await ask(shared, "generate", GENERATE)];
  expect(b.result).toEqual(a.result);
  expect(b.events).toEqual(a.events);
  expect(b.events).toHaveLength(9);
});

test("looks inside are the same, and run only what was not read before", async () => {
  const { own, shared, engine } = hosts();
  await ask(shared, "score", { ids: IDS, from: 0 });
  const before = engine.counts.modelRuns;
  const lens = await ask(shared, "lens", { ids: IDS });
  expect(engine.counts.modelRuns - before).toBe(1);
  expect(lens).toEqual(await ask(own, "lens", { ids: IDS }));
  const attention = await ask(shared, "attention", { ids: IDS });
  expect(attention).toEqual(await ask(own, "attention", { ids: IDS }));
});

test("many at once write what each writes alone", async () => {
  const { own, shared } = hosts();
  const requests = Array.from({ length: 7 }, (_, seed) => ({ ...GENERATE, seed }));
  const together = await Promise.all(requests.map((request) => ask(shared, "generate", request)));
  for (const [i, request] of requests.entries()) {
    const alone = await ask(own, "generate", request);
    const ids = ({ events }: { events: Events<"generate"> }) => events.map(({ token }) => token.id);
    expect(ids(together[i] ?? { events: [] })).toEqual(ids(alone));
  }
});

test("a call that is stopped ends, and its place is free", async () => {
  const { shared } = hosts();
  const stop = new AbortController();
  const request = { ...GENERATE, maxTokens: 1_000 };
  const ending = await shared.generate(request, () => stop.abort(), stop.signal);
  expect(ending).toEqual({ kind: "aborted" });
  const gone = AbortSignal.abort(new Error("gone"));
  await expect(shared.score({ ids: IDS, from: 0 }, () => {}, gone)).rejects.toThrow("gone");
});

test("looks inside wait in the queue as other texts do, and a full one refuses them", async () => {
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { shared, own } = hosts({ waiting: 1, pause: () => gate });
  const first = ask(shared, "lens", { ids: IDS });
  await Promise.resolve();
  const full = ask(shared, "score", { ids: IDS, from: 0 });
  await expect(full).rejects.toMatchObject({ httpStatus: 429 });
  const many = Array.from({ length: 70 }, () => ask(shared, "lens", { ids: IDS }));
  const settled = Promise.allSettled(many);
  await new Promise((resolve) => setImmediate(resolve));
  goOn();
  expect((await first).result).toEqual((await ask(own, "lens", { ids: IDS })).result);
  const refused = (await settled).filter(({ status }) => status === "rejected");
  expect(refused.length).toBe(70 - 1); // as many wait as the queue is long, behind the one that came first
});

test("where nothing may wait, no look inside gets past the queue that refuses a score", async () => {
  const { shared, engine } = hosts({ waiting: 0 });
  const asked = Array.from({ length: 40 }, () => ask(shared, "lens", { ids: IDS }));
  for (const { status } of await Promise.allSettled(asked)) expect(status).toBe("rejected");
  await expect(ask(shared, "score", { ids: IDS, from: 0 })).rejects.toThrow(/at most 0 waiting/);
  expect(engine.counts.modelRuns).toBe(0);
});

test("a listener that throws ends its job", async () => {
  const { shared, engine } = hosts();
  const failing = shared.generate(
    { ...GENERATE, maxTokens: 200 },
    () => {
      throw new Error("the line is gone");
    },
    NEVER,
  );
  await expect(failing).rejects.toThrow("the line is gone");
  while (open.at(-1)?.status.running !== 0) await new Promise((resolve) => setImmediate(resolve));
  expect(open.at(-1)?.status).toMatchObject({ running: 0, waiting: 0 });
  expect(engine.counts.modelRuns).toBeLessThan(20); // 4 read the prompt and one wrote; 200 tokens would be 200 more
});

test("a look whose page has gone while it waited runs nothing", async () => {
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { shared, engine } = hosts({ pause: () => gate });
  const first = shared.lens({ ids: IDS }, () => {}, NEVER);
  const leaving = new AbortController();
  const second = shared.lens(
    { ids: toyTokenizer.encode("Another text") },
    () => {},
    leaving.signal,
  );
  leaving.abort();
  goOn();
  await first;
  const { modelRuns } = engine.counts;
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  expect(engine.counts.modelRuns).toBe(modelRuns);
});
