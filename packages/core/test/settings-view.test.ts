import fc from "fast-check";
import { expect, test } from "vitest";
import {
  drawStrip,
  GREEDY,
  KEPT_CANDIDATES,
  predictionFromLogits,
  RAW,
  type SamplingSettings,
  type SettingsView,
  settingsView,
  settingsViewFromTop,
  tokenId,
} from "../src/index.ts";

const settingsOf = (settings: Partial<SamplingSettings>): SamplingSettings => ({
  ...RAW,
  ...settings,
});

// Logits like a model's: a few likely tokens, many unlikely ones.
const modelLogits = fc
  .record({
    size: fc.constantFrom(3, 49, 50, 51, 120, 400),
    values: fc.array(fc.float({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }), {
      minLength: 400,
      maxLength: 400,
    }),
    scale: fc.constantFrom(0.1, 8, 20),
  })
  .map(({ size, values, scale }) => {
    return Float32Array.from({ length: size }, (_, id) => scale * (values[id] ?? 0) ** 3 - 4);
  });
const someSettings = fc.record({
  temperature: fc.constantFrom(0, 0.3, 1, 1, 1, 2),
  topK: fc.constantFrom(0, 0, 1, 5, 40, 50, 60),
  topP: fc.constantFrom(1, 1, 0.2, 0.9, 0.99),
  minP: fc.constantFrom(0, 0, 0.01, 0.1, 0.5, 1),
});

function expectWhole({
  rows,
  pinned,
  restRawProbability,
  restAfterProbability,
}: SettingsView): void {
  const shown = [...rows, ...pinned];
  const raw = shown.reduce((sum, row) => sum + Math.exp(row.rawLogprobNats), restRawProbability);
  const after = shown.reduce((sum, row) => sum + row.afterProbability, restAfterProbability);
  expect(raw).toBeCloseTo(1, 5);
  expect(after).toBeCloseTo(1, 5);
  for (const row of shown) if (row.cutBy !== null) expect(row.afterProbability).toBe(0);
}

// Kept logprobs are float32: off by up to 1e-6 at these sizes, and 1/T as much after temperature.
function expectSameView(fast: SettingsView, slow: SettingsView): void {
  const outline = ({ rows, pinned, keptCount, restCount }: SettingsView) => ({
    rows: rows.map(({ id, cutBy }) => ({ id, cutBy })),
    pinned: pinned.map(({ id, cutBy }) => ({ id, cutBy })),
    keptCount,
    restCount,
  });
  expect(outline(fast)).toEqual(outline(slow));
  const slowRows = [...slow.rows, ...slow.pinned];
  for (const [i, row] of [...fast.rows, ...fast.pinned].entries()) {
    expect(Math.abs(row.rawLogprobNats - slowRows[i]!.rawLogprobNats)).toBeLessThan(2e-6);
    expect(Math.abs(row.afterProbability - slowRows[i]!.afterProbability)).toBeLessThan(1e-5);
  }
  expect(Math.abs(fast.restRawProbability - slow.restRawProbability)).toBeLessThan(1e-5);
  expect(Math.abs(fast.restAfterProbability - slow.restAfterProbability)).toBeLessThan(1e-5);
}

test("rows, pinned row and rest add up to 1, raw and after", () => {
  // e^logit: 8, 4, 2, 1, 1 of 16; top-k 2 leaves 2/3 and 1/3.
  const logits = Float64Array.from([1, 8, 2, 4, 1], Math.log);
  const view = settingsView(logits, settingsOf({ topK: 2 }), { top: 1, pinned: [tokenId(4)] });
  expect(view.rows.map((row) => row.id)).toEqual([1]);
  expect(view.rows[0]?.afterProbability).toBeCloseTo(2 / 3, 12);
  expect(view.pinned).toMatchObject([{ id: 4, afterProbability: 0, cutBy: "top-k" }]);
  expect(view.keptCount).toBe(2);
  expect(view.restCount).toBe(3);
  expect(view.restRawProbability).toBeCloseTo((4 + 2 + 1) / 16, 12);
  expect(view.restAfterProbability).toBeCloseTo(1 / 3, 12);
});

test("a pinned token that is listed anyway is not shown twice", () => {
  const view = settingsView(Float32Array.of(1, 3, 2), RAW, { top: 2, pinned: [tokenId(1)] });
  expect(view.pinned).toEqual([]);
  expect(view.restCount).toBe(1);
});

test("the kept candidates alone give the same view wherever they answer", () => {
  let answered = 0;
  fc.assert(
    fc.property(modelLogits, someSettings, fc.nat(399), (logits, settings, pin) => {
      const prediction = predictionFromLogits(logits, null);
      const id = tokenId(pin % logits.length);
      const slow = settingsView(logits, settings, { pinned: [id] });
      expectWhole(slow);
      const logprobNats = (logits[id] ?? 0) - prediction.logZ;
      const fast = settingsViewFromTop(prediction, settings, {
        vocabularySize: logits.length,
        pinned: [{ id, logprobNats }],
      });
      if (fast === null) return;
      answered += 1;
      expectWhole(fast);
      expectSameView(fast, slow);
    }),
    { seed: 376, numRuns: 600 },
  );
  expect(answered).toBeGreaterThan(200);
});

// 200 tokens, each 0.9 times as likely as the one before: every cut below lies well inside the 50.
const falling = Float32Array.from({ length: 200 }, (_, id) => id * Math.log(0.9));

test.each([
  ["temperature 0", GREEDY],
  ["temperature 1 without filters", RAW],
  ["top-k up to 50 at any temperature", settingsOf({ temperature: 0.7, topK: KEPT_CANDIDATES })],
  ["top-k, top-p and min-p", settingsOf({ temperature: 1.5, topK: 40, topP: 0.555, minP: 0.12 })],
  ["top-p at temperature 1", settingsOf({ topP: 0.905, minP: 0.2 })],
  ["min-p at any temperature", settingsOf({ temperature: 0.5, minP: 0.05 })],
])("the kept candidates determine %s", (_, settings) => {
  const prediction = predictionFromLogits(falling, null);
  const fast = settingsViewFromTop(prediction, settings, { vocabularySize: falling.length });
  if (fast === null) throw new Error("expected an answer from the kept candidates");
  expectSameView(fast, settingsView(falling, settings));
});

test.each([
  ["another temperature without filters", settingsOf({ temperature: 0.7 })],
  ["top-p at another temperature", settingsOf({ temperature: 0.7, topP: 0.9 })],
  ["top-p that needs more than 50", settingsOf({ topP: 0.9999 })],
  ["min-p that keeps more than 50", settingsOf({ minP: 0.001 })],
  ["top-k above 50", settingsOf({ topK: 51 })],
  ["a sum that is top-p itself, to a float", settingsOf({ topK: 4, topP: 0.5 })],
])("the kept candidates do not determine %s", (name, settings) => {
  const logits = name.startsWith("a sum") ? new Float32Array(200) : falling;
  const prediction = predictionFromLogits(logits, null);
  expect(settingsViewFromTop(prediction, settings, { vocabularySize: 200 })).toBeNull();
});

test("the strip lays candidates end to end and names the one under the draw", () => {
  const view = settingsView(Float64Array.from([1, 4, 2, 1], Math.log), RAW, { top: 2 });
  const { segments, rest, hitId } = drawStrip(view, 0.6);
  expect(segments.map(({ id }) => id)).toEqual([1, 2]);
  expect(segments[0]).toMatchObject({ from: 0, to: expect.closeTo(0.5, 12) });
  expect(segments[1]).toMatchObject({ from: segments[0]?.to, to: expect.closeTo(0.75, 12) });
  expect(rest).toEqual({ from: segments[1]?.to, to: 1 });
  expect(hitId).toBe(2);
  expect(drawStrip(view, 0.9).hitId).toBeNull();
});

test("a strip without a rest ends at exactly 1", () => {
  fc.assert(
    fc.property(
      modelLogits,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (logits, draw) => {
        const view = settingsView(logits, settingsOf({ topK: 7 }));
        const { segments, rest, hitId } = drawStrip(view, draw);
        expect(rest).toBeNull();
        expect(segments.at(-1)?.to).toBe(1);
        expect(hitId).not.toBeNull();
      },
    ),
    { seed: 376, numRuns: 200 },
  );
});
