import { expect, test } from "vitest";
import { openToyEngine, toyTokenizer } from "../src/contracts/index.ts";
import {
  type Engine,
  type GenerateBatchOptions,
  type GeneratedStep,
  GREEDY,
  generateAll,
  generateBatch,
  RAW,
  type SamplingSettings,
  type Sequence,
  UsageError,
} from "../src/index.ts";

const HOT: SamplingSettings = { temperature: 1.3, topK: 0, topP: 0.95, minP: 0 };
const SEEDS = [376, 377, 378, 376, 0, -1, 5, 6];
const prompt = toyTokenizer.encode("Once upon a time");

async function prompted(engine: Engine): Promise<Sequence> {
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(prompt));
  return sequence;
}

async function optionsOf(
  changes: Partial<GenerateBatchOptions> = {},
  engine = openToyEngine(),
): Promise<GenerateBatchOptions> {
  const seeds = changes.seeds ?? SEEDS;
  const batch = engine.openBatch(await prompted(engine), seeds.length);
  return { engine, batch, seeds, endTokenIds: [], settings: RAW, maxTokens: 12, ...changes };
}

/** What one generation with this seed writes on a sequence of its own. */
async function single(options: GenerateBatchOptions, seed: number) {
  const { contextLength } = options.engine;
  const engine = openToyEngine({ contextLength });
  const { settings, endTokenIds, maxTokens } = options;
  const sequence = await prompted(engine);
  return generateAll({ engine, sequence, settings, endTokenIds, maxTokens, seed });
}

test.each([
  ["greedy", GREEDY],
  ["the model's own distribution", RAW],
  ["temperature 1.3 with top-p", HOT],
])("with %s each member is written as by itself with its seed", async (_, settings) => {
  const options = await optionsOf({ settings });
  const replies = await generateBatch(options);
  for (const [i, seed] of SEEDS.entries()) expect(replies[i]).toEqual(await single(options, seed));
  expect(replies[3]).toEqual(replies[0]); // the same seed
});

test("members end on their own: the others go on, one pass for all of a step's tokens", async () => {
  const free = await generateBatch(await optionsOf());
  const endTokenIds = [free[0]!.steps[2]!.id, free[1]!.steps[5]!.id];
  const options = await optionsOf({ endTokenIds });
  const runs = (options.engine as Engine).counts.modelRuns;
  const replies = await generateBatch(options);
  for (const [i, seed] of SEEDS.entries()) expect(replies[i]).toEqual(await single(options, seed));
  const longest = Math.max(...replies.map(({ steps }) => steps.length));
  expect(Math.min(...replies.map(({ steps }) => steps.length))).toBeLessThan(longest);
  expect((options.engine as Engine).counts.modelRuns - runs).toBe(longest);
  for (const [i, { steps }] of replies.entries()) {
    expect(options.batch.members[i]?.length).toBe(prompt.length + steps.length);
  }
});

test("a full context ends every member before a token too many", async () => {
  const contextLength = prompt.length + 3;
  const replies = await generateBatch(await optionsOf({}, openToyEngine({ contextLength })));
  expect(replies.map(({ steps }) => steps.length)).toEqual(SEEDS.map(() => 3));
  expect(replies[0]?.ending).toEqual({ kind: "context-full", contextLength });
});

test("an abort ends all members and keeps what was written", async () => {
  const controller = new AbortController();
  const options = await optionsOf({ signal: controller.signal });
  const told: (readonly [number, GeneratedStep])[] = [];
  const replies = await generateBatch(options, (member, step) => {
    told.push([member, step]);
    if (step.position === prompt.length + 3) controller.abort();
  });
  const whole = await generateBatch(await optionsOf());
  for (const [i, { steps, ending }] of replies.entries()) {
    expect(ending).toEqual({ kind: "aborted" });
    expect(steps).toEqual(whole[i]?.steps.slice(0, 4));
    expect(told.filter(([member]) => member === i).map(([, step]) => step)).toEqual(steps);
  }
});

test("zero tokens end at once, and a member without a prompt is refused", async () => {
  const none = await generateBatch(await optionsOf({ maxTokens: 0, seeds: [1] }));
  expect(none).toEqual([{ steps: [], ending: { kind: "length", maxTokens: 0 } }]);
  const engine = openToyEngine();
  const batch = engine.openBatch(engine.openSequence(), 1);
  const options = await optionsOf({ engine, batch, seeds: [1] });
  await expect(generateBatch(options)).rejects.toThrow(UsageError);
  await expect(generateBatch({ ...options, seeds: [1, 2] })).rejects.toThrow(/2 seeds for 1/);
});
