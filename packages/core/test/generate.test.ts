import fc from "fast-check";
import { expect, test } from "vitest";
import { openToyEngine, TOY_SPECIAL, toyLogits, toyTokenizer } from "../src/contracts/index.ts";
import {
  applySettings,
  drawAt,
  type Engine,
  type GenerateOptions,
  GREEDY,
  generate,
  generateAll,
  nextToken,
  RAW,
  type SamplingSettings,
  type Sequence,
  sampleIndex,
  type TokenId,
  UsageError,
} from "../src/index.ts";

const HOT: SamplingSettings = { temperature: 1.3, topK: 0, topP: 0.95, minP: 0 };
const prompt = toyTokenizer.encode("Once upon a time");

async function prompted(engine: Engine, ids: readonly TokenId[] = prompt): Promise<Sequence> {
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(ids));
  return sequence;
}

async function optionsOf(changes: Partial<GenerateOptions> = {}): Promise<GenerateOptions> {
  const engine = openToyEngine();
  const sequence = await prompted(engine);
  return { engine, sequence, endTokenIds: [], settings: RAW, seed: 376, maxTokens: 12, ...changes };
}

const idsOf = (steps: readonly { readonly id: TokenId }[]) => steps.map(({ id }) => id);

// No kept candidates, no cache: all logits at every step, straight from the ids.
function slowReply(ids: readonly TokenId[], settings: SamplingSettings, count: number): TokenId[] {
  const all = [...ids];
  while (all.length < ids.length + count) {
    const context = Float32Array.from([1, 2, 3], (back) => (all.at(-back) ?? -1) + 1);
    const { ids: kept, probs } = applySettings(toyLogits(context), settings);
    const draw = drawAt({ seed: 376, position: all.length, redraw: 0 });
    all.push(kept[settings.temperature === 0 ? 0 : sampleIndex(probs, draw)] as TokenId);
  }
  return all.slice(ids.length);
}

test.each([
  ["greedy", GREEDY],
  ["the model's own distribution", RAW],
  ["temperature 1.3 with top-p", HOT],
  ["temperature 0.7 with top-k", { temperature: 0.7, topK: 20, topP: 1, minP: 0 }],
  ["min-p at temperature 2", { temperature: 2, topK: 0, topP: 1, minP: 0.1 }],
])("generating with %s gives the tokens of all logits at every step", async (_, settings) => {
  const { steps, ending } = await generateAll(await optionsOf({ settings, maxTokens: 60 }));
  expect(idsOf(steps)).toEqual(slowReply(prompt, settings, 60));
  expect(ending).toEqual({ kind: "length", maxTokens: 60 });
});

test("stepping, generating and stopping halfway give the same tokens", async () => {
  const whole = await generateAll(await optionsOf({ settings: HOT }));
  const halves = await optionsOf({ settings: HOT, maxTokens: 5 });
  const first = await generateAll(halves);
  const second = await generateAll({ ...halves, maxTokens: 7 });
  expect(idsOf([...first.steps, ...second.steps])).toEqual(idsOf(whole.steps));

  const { engine, sequence, seed } = await optionsOf();
  for (const expected of whole.steps) {
    const { prediction } = sequence.tokens.at(-1)!;
    const position = sequence.tokens.length;
    const next = await nextToken({ engine, prediction, settings: HOT, seed, position });
    expect(next).toEqual({ id: expected.id, draw: expected.draw, origin: "sampled" });
    for await (const _chunk of sequence.append([next.id]));
  }
});

test("a step carries its position, its draw, its score and the distribution it was drawn from", async () => {
  const options = await optionsOf({ maxTokens: 2 });
  const { steps } = await generateAll(options);
  for (const [i, step] of steps.entries()) {
    expect(step.position).toBe(prompt.length + i);
    expect(step.draw).toBe(drawAt({ seed: 376, position: step.position, redraw: 0 }));
    expect(step.scored).toBe(options.sequence.tokens[step.position]);
    expect(step.predictionBefore).toBe(options.sequence.tokens[step.position - 1]?.prediction);
  }
});

test("the stop token is written, then the generation ends", async () => {
  const options = await optionsOf({ settings: GREEDY });
  const [, second] = slowReply(prompt, GREEDY, 2);
  const { steps, ending } = await generateAll({ ...options, endTokenIds: [second!] });
  expect(ending).toEqual({ kind: "end-token", id: second });
  expect(steps.at(-1)?.id).toBe(second);
  expect(options.sequence.tokens.at(-1)?.id).toBe(second);
});

test("a full context ends the generation before a token too many", async () => {
  const engine = openToyEngine({ contextLength: prompt.length + 3 });
  const sequence = await prompted(engine);
  const { steps, ending } = await generateAll(await optionsOf({ engine, sequence }));
  expect(steps.length).toBe(3);
  expect(ending).toEqual({ kind: "context-full", contextLength: prompt.length + 3 });
});

test("an abort ends the generation and keeps what was written", async () => {
  const controller = new AbortController();
  const options = await optionsOf({ signal: controller.signal });
  const { steps, ending } = await generateAll(options, ({ position }) => {
    if (position === prompt.length + 3) controller.abort();
  });
  expect(ending).toEqual({ kind: "aborted" });
  expect(idsOf(steps)).toEqual(slowReply(prompt, RAW, 4));
  expect(options.sequence.tokens.length).toBe(prompt.length + 4);
});

test("zero tokens end at once, and leaving the loop early stops cleanly", async () => {
  const none = await generateAll(await optionsOf({ maxTokens: 0 }));
  expect(none).toEqual({ steps: [], ending: { kind: "length", maxTokens: 0 } });
  const options = await optionsOf();
  for await (const _step of generate(options)) break;
  expect(options.sequence.tokens.length).toBe(prompt.length + 1);
});

test("an empty sequence cannot be continued", async () => {
  const options = await optionsOf({ sequence: openToyEngine().openSequence() });
  await expect(generateAll(options)).rejects.toThrow(UsageError);
});

test("greedy takes the most likely token, whatever the seed, and draws nothing", async () => {
  const engine = openToyEngine();
  const sequence = await prompted(engine);
  const { prediction } = sequence.tokens.at(-1)!;
  const step = await nextToken({ engine, prediction, settings: GREEDY, seed: 1, position: 9 });
  expect(step).toEqual({ id: prediction.topIds[0], draw: null, origin: "greedy" });
  expect(engine.counts.headRuns).toBe(0);
});

test("drawing again changes the draw and nothing else does", async () => {
  const { engine, sequence } = await optionsOf();
  const { prediction } = sequence.tokens.at(-1)!;
  const place = { engine, prediction, settings: RAW, seed: 376, position: 16 };
  const again = await nextToken({ ...place, redraw: 1 });
  expect(again.draw).toBe(drawAt({ seed: 376, position: 16, redraw: 1 }));
  expect(await nextToken({ ...place, redraw: 1 })).toEqual(again);
});

test("a recorded prediction answers where it can and says so where it cannot", async () => {
  const { engine, sequence } = await optionsOf();
  const prediction = { ...sequence.tokens.at(-1)!.prediction, contextVector: null };
  const place = { engine, prediction, seed: 376, position: 16 };
  await expect(nextToken({ ...place, settings: HOT })).rejects.toThrow(/load the model/);
  expect((await nextToken({ ...place, settings: { ...RAW, topK: 1 } })).id).toBe(
    prediction.topIds[0],
  );
});

test("wherever the kept candidates answer, all logits give the same token", async () => {
  const engine = openToyEngine();
  const token = fc.integer({ min: 0, max: TOY_SPECIAL.endOfTurn });
  const settings = fc.record({
    temperature: fc.constantFrom(0.2, 0.7, 1, 1.5),
    topK: fc.constantFrom(0, 3, 50),
    topP: fc.constantFrom(1, 0.5, 0.95),
    minP: fc.constantFrom(0, 0.05),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(token, { minLength: 1, maxLength: 3 }),
      settings,
      async (ids, chosen) => {
        const sequence = await prompted(engine, ids as TokenId[]);
        const { prediction } = sequence.tokens.at(-1)!;
        const step = await nextToken({
          engine,
          prediction,
          settings: chosen,
          seed: 376,
          position: ids.length,
        });
        expect([step.id]).toEqual(slowReply(ids as TokenId[], chosen, 1));
      },
    ),
    { seed: 376, numRuns: 200 },
  );
  expect(engine.counts.headRuns).toBeLessThan(120); // the rest were settled by the kept 50
});
