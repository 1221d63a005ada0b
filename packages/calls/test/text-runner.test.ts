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

function hosts() {
  const engine = openToyEngine();
  const limits = { running: 4, waiting: 9, positions: 256, readRows: 4, keptTexts: 4 };
  const pause = async (): Promise<void> => {};
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
