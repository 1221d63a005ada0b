import { type Engine, tokenId } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { createSessionHost, type SessionHost } from "../src/index.ts";

const NEVER = new AbortController().signal;
const quiet = () => {};
const IDS = toyTokenizer.encode("Once upon");
const a = tokenId("a".charCodeAt(0));

function hostOf(engine: Engine): SessionHost {
  return createSessionHost({ engine, tokenizer: toyTokenizer, template: {} as never });
}

async function scoredHost() {
  const engine = openToyEngine();
  const host = hostOf(engine);
  await host.score({ ids: IDS, from: 0 }, quiet, NEVER);
  return { engine, host };
}

test("what the sequence holds is not run again: a look costs the position's own run", async () => {
  const { engine, host } = await scoredHost();
  const runs = (): number => engine.counts.modelRuns;
  const ids = IDS.slice(0, 5); // a position in the middle
  const before = runs();
  await host.lens({ ids }, quiet, NEVER);
  expect(runs() - before).toBe(1);
  await host.attention({ ids }, quiet, NEVER);
  expect(runs() - before).toBe(2);
  await host.headOff({ ids, layer: 0, head: 0, id: a }, quiet, NEVER);
  expect(runs() - before).toBe(3);
  const scoredAgain: unknown[] = [];
  await host.score({ ids: IDS, from: 0 }, (event) => scoredAgain.push(event), NEVER);
  expect(scoredAgain).toHaveLength(1); // the whole text is held as it was
  expect(runs() - before).toBe(3);
});

test("on another branch only what differs is run, and the branch on screen stays held", async () => {
  const { engine, host } = await scoredHost();
  const other = [...IDS.slice(0, 4), ...toyTokenizer.encode("XY")];
  const before = engine.counts.modelRuns;
  await host.lens({ ids: other }, quiet, NEVER);
  expect(engine.counts.modelRuns - before).toBe(2); // X, then Y with its look
  await host.score({ ids: IDS, from: 0 }, quiet, NEVER);
  expect(engine.counts.modelRuns - before).toBe(2);
});

test("the lens ends in the prediction of the run itself, and its scores are head runs", async () => {
  const { engine, host } = await scoredHost();
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(IDS));
  const layers = await host.lens({ ids: IDS }, quiet, NEVER);
  expect(layers).toHaveLength(engine.layers);
  expect(layers.at(-1)).toEqual(sequence.tokens.at(-1)?.prediction);
  const before = engine.counts.modelRuns;
  const contextVectors = layers.map(({ contextVector }) => contextVector!);
  const scores = await host.scoreAt({ contextVectors, id: a }, quiet, NEVER);
  expect(scores).toHaveLength(engine.layers);
  expect(engine.counts.modelRuns).toBe(before);
});

test("the toy's heads look at the token before, all of them", async () => {
  const { host } = await scoredHost();
  const { heads, rows } = await host.attention({ ids: IDS.slice(0, 4) }, quiet, NEVER);
  expect(heads).toBe(1);
  expect(rows.map(({ layer, head, weights }) => [layer, head, [...weights]])).toEqual([
    [0, 0, [0, 0, 1, 0]],
    [1, 0, [0, 0, 1, 0]],
  ]);
});

test("a head that is off changes the prediction, and nothing that is asked after it", async () => {
  const { host } = await scoredHost();
  const [, plain] = await host.lens({ ids: IDS }, quiet, NEVER);
  const off = await host.headOff({ ids: IDS, layer: 0, head: 0, id: a }, quiet, NEVER);
  expect(off.prediction.topIds).not.toEqual(plain?.topIds);
  expect(off.score?.rank).toBeGreaterThan(0);
  expect((await host.lens({ ids: IDS }, quiet, NEVER))[1]).toEqual(plain);
});

test("a token's row of the head makes its logit", async () => {
  const { host } = await scoredHost();
  const contextVector = (await host.lens({ ids: IDS }, quiet, NEVER))[1]!.contextVector!;
  const { vector, logitCap } = await host.tokenVector({ id: a }, quiet, NEVER);
  const logits = await host.logits({ contextVector }, quiet, NEVER);
  const product = vector.reduce((sum, weight, i) => sum + weight * (contextVector[i] ?? 0), 0);
  expect([logitCap, product]).toEqual([null, logits[a]]);
});

test("a layer that is not there is named", async () => {
  const { host } = await scoredHost();
  const asked = host.headOff({ ids: IDS, layer: 7, head: 0, id: a }, quiet, NEVER);
  await expect(asked).rejects.toThrow("layer 7 is not in this model; its layers go from 0 to 1");
});
