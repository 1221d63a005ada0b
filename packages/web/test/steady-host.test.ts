import { createSessionHost, type SessionHost } from "@tokenscope/calls";
import { type Engine, EngineError, type TokenId, UsageError } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import type { Calls } from "../src/worker/protocol.ts";
import { steadyHost } from "../src/worker/steady-host.ts";

const IDS = toyTokenizer.encode("Once upon a time");
const GENERATE: Calls["generate"]["request"] = {
  ids: IDS,
  settings: { temperature: 1, topK: 0, topP: 1, minP: 0 },
  seed: 1, // whose reply is longer than 12 tokens
  redraws: new Map(),
  maxTokens: 12,
};
const NEVER = new AbortController().signal;

function hostOf(engine: Engine): SessionHost {
  return createSessionHost({ engine, tokenizer: toyTokenizer, template: {} as never });
}

/** A toy engine whose sequences meet `failure` once so many of the ids have been run. */
function failingEngine(tokens: number, failure: () => Promise<never>): Engine {
  const toy = openToyEngine();
  const openSequence = () => {
    const sequence = toy.openSequence();
    const append = async function* (ids: readonly TokenId[], options?: { signal?: AbortSignal }) {
      for await (const chunk of sequence.append(ids, options)) {
        if (sequence.tokens.length > tokens) await failure();
        yield chunk;
      }
    };
    return Object.create(sequence, { append: { value: append } });
  };
  return Object.create(toy, { openSequence: { value: openSequence } });
}

interface Staged {
  readonly host: SessionHost;
  readonly lose: (reason: string) => void;
  readonly reasons: readonly string[];
}

/** A steady host over an engine that may fail, with a whole one behind it. */
function staged(first: Engine, second = async () => hostOf(openToyEngine())): Staged {
  const reasons: string[] = [];
  let lose: (reason: string) => void = () => {};
  const lost = new Promise<string>((resolve) => {
    lose = resolve;
  });
  const replace = (reason: string): Promise<SessionHost> => {
    reasons.push(reason);
    return second();
  };
  return {
    host: steadyHost({ host: hostOf(first), endTokenIds: toyTokenizer.endTokenIds, lost, replace }),
    lose,
    reasons,
  };
}

const failed = () => Promise.reject(new EngineError("the run failed"));
const hangs = () => new Promise<never>(() => {});

async function generated(host: SessionHost, request = GENERATE) {
  const ids: TokenId[] = [];
  const ending = await host.generate(request, ({ token }) => ids.push(token.id), NEVER);
  return { ids, ending };
}

async function scored(host: SessionHost, from = 0) {
  const positions: number[] = [];
  const emit = ({ from: at, tokens }: Calls["score"]["event"]) =>
    positions.push(...tokens.map((_, i) => at + i));
  await host.score({ ids: IDS, from }, emit, NEVER);
  return positions;
}

test("an engine that is not lost answers all, and nothing is replaced", async () => {
  const { host, reasons } = staged(openToyEngine());
  expect(await scored(host)).toEqual(IDS.map((_, i) => i));
  expect(await generated(host)).toEqual(await generated(hostOf(openToyEngine())));
  expect(reasons).toEqual([]);
});

test("a run that fails is answered by the next engine, as are all calls from then on", async () => {
  const { host, reasons } = staged(failingEngine(0, failed));
  expect(await scored(host)).toEqual(IDS.map((_, i) => i));
  expect(await scored(host, 3)).toEqual(IDS.map((_, i) => i).slice(3));
  expect(reasons).toEqual(["the run failed"]);
});

test("a reply that is half written is gone on with: no token twice, none missing, the same draws", async () => {
  const whole = await generated(hostOf(openToyEngine()));
  expect(whole.ending).toEqual({ kind: "length", maxTokens: 12 });
  for (const tokens of [1, 5, 11]) {
    const { host, reasons } = staged(failingEngine(IDS.length + tokens, failed));
    expect(await generated(host)).toEqual(whole); // the ending too names the 12 tokens that were asked for
    expect(reasons).toHaveLength(1);
  }
});

test("a device that is lost ends a run that would wait forever", async () => {
  const { host, lose, reasons } = staged(failingEngine(IDS.length + 2, hangs));
  const reply = generated(host);
  await new Promise((resolve) => setImmediate(resolve));
  lose("the device was destroyed");
  expect(await reply).toEqual(await generated(hostOf(openToyEngine())));
  expect(reasons).toEqual(["the device was destroyed"]);
});

test("a device that is lost between two calls costs the next one nothing but time", async () => {
  const { host, lose, reasons } = staged(openToyEngine());
  lose("asleep too long");
  await new Promise((resolve) => setImmediate(resolve));
  expect(reasons).toEqual([]); // nobody has asked for anything
  expect(await scored(host)).toEqual(IDS.map((_, i) => i));
  expect(reasons).toEqual(["asleep too long"]);
});

test("calls that fail together share one replacement", async () => {
  const { host, lose, reasons } = staged(failingEngine(0, hangs));
  const both = Promise.all([scored(host), generated(host)]);
  lose("gone");
  await both;
  expect(reasons).toEqual(["gone"]);
});

test("what the caller got wrong is the caller's to hear, and no engine is replaced for it", async () => {
  const tooLong = () => Promise.reject(new UsageError("the context is full"));
  const { host, reasons } = staged(failingEngine(0, tooLong));
  await expect(scored(host)).rejects.toThrow("the context is full");
  expect(reasons).toEqual([]);
});

test("a call that was stopped stays stopped", async () => {
  const abort = new AbortController();
  const { host, reasons } = staged(
    failingEngine(0, () => {
      abort.abort();
      return failed();
    }),
  );
  const stopped = host.score({ ids: IDS, from: 0 }, () => {}, abort.signal);
  await expect(stopped).rejects.toThrow("the run failed");
  expect(reasons).toEqual([]);
});

test("where the next engine does not open either, the calls say why", async () => {
  const noMemory = () => Promise.reject(new EngineError("no memory for another"));
  const { host } = staged(failingEngine(0, failed), noMemory);
  await expect(scored(host)).rejects.toThrow("no memory for another");
});
