import {
  divergence,
  type Prediction,
  predictionFromLogits,
  type TokenScore,
  tokenId,
} from "@tokenscope/core";
import { expect, test } from "vitest";
import type { Attention } from "../src/store/deeper.ts";
import { attentionView, chosenWeights } from "../src/views/deeper-attention.ts";
import { agreementWords, enginesView, secondCost } from "../src/views/deeper-engines.ts";
import { lensView, rankChart } from "../src/views/deeper-lens.ts";
import { logitView } from "../src/views/deeper-logit.ts";
import { documentPath } from "../src/views/path.ts";
import { tokenChoices, tokenWord } from "../src/views/token-words.ts";
import {
  CAT,
  conversation,
  DOG,
  FISH,
  prediction,
  SAT,
  scoresOf,
  vocabulary,
} from "./views-document.ts";

const path = documentPath(conversation());
const ranked = (rank: number, p = 0.25): TokenScore => ({ rank, logprobNats: Math.log(p) });

function lens(ranks: readonly number[]) {
  const layers: Prediction[] = ranks.map(() => prediction);
  const scores = ranks.map((rank) => ranked(rank));
  return lensView({ layers, scores, followed: CAT, vocabulary });
}

test("the lens lists the last layer first, with p, and marks the layer that first has the token on top", () => {
  const { rows } = lens([5, 1, 1]);
  expect(rows.map(({ layer, rank, isFirst }) => [layer, rank, isFirst])).toEqual([
    [2, "1", false],
    [1, "1", true],
    [0, "5", false],
  ]);
  expect(rows[0]?.cells.map(({ percent, isFollowed }) => [percent, isFollowed])).toEqual([
    ["50.0", false],
    ["25.0", true],
    ["12.5", false],
    ["4.4", false],
  ]);
  expect(rows[1]?.name).toBe(
    "after layer 1: space dog, 50.0 %; space cat has rank 1, 25.0 %; entropy 2.00 bits; the first time it is the most likely",
  );
});

test.each([
  [[5, 1, 1], "·cat is the most likely for the first time after layer 1, and stays so."],
  [
    [1, 2, 1],
    "·cat is the most likely for the first time after layer 0, and for good after layer 2.",
  ],
  [[1, 2, 3], "·cat is the most likely for the first time after layer 0, but not after the last."],
  [
    [5, 2, 3],
    "·cat is the most likely after no layer; it comes nearest after layer 1, with rank 2.",
  ],
])("ranks %s by layer read as a sentence", (ranks, sentence) => {
  expect(lens(ranks).sentence).toBe(sentence);
});

test("while the scores are asked for, the layers stand there without them", () => {
  const view = lensView({ layers: [prediction], scores: null, followed: CAT, vocabulary });
  expect([view.sentence, view.chart, view.rows[0]?.rank]).toEqual(["", null, "n/a"]);
});

test("the chart of ranks is logarithmic, from 1 at the top to the whole vocabulary", () => {
  expect(rankChart([ranked(10_000), ranked(100), ranked(1)], 10_000)).toEqual({
    points: [
      { layer: 0, x: 0, y: 1 },
      { layer: 1, x: 0.5, y: 0.5 },
      { layer: 2, x: 1, y: 0 },
    ],
    ticks: [1, 10, 100, 1_000, 10_000].map((_, power) => ({
      y: expect.closeTo(power / 4, 12),
      label: ["1", "10", "100", "1,000", "10,000"][power],
    })),
    first: 2,
  });
});

/** Two layers of two heads over three positions. */
const attention: Attention = {
  heads: 2,
  rows: [
    { layer: 0, head: 0, weights: Float32Array.of(1, 0, 0) },
    { layer: 0, head: 1, weights: Float32Array.of(0, 1, 0) },
    { layer: 1, head: 0, weights: Float32Array.of(0, 0, 1) },
    { layer: 1, head: 1, weights: Float32Array.of(0.5, 0.25, 0.25) },
  ],
};

function seen(layer: number | null, head: number | null) {
  const choice = { layer, head };
  return attentionView(attention, { choice, at: { position: 2 }, path, vocabulary });
}

test("a head's weights, and the mean over heads, over layers or over all", () => {
  const weights = (layer: number | null, head: number | null) => [
    ...chosenWeights(attention, { layer, head }),
  ];
  expect(weights(1, 1)).toEqual([0.5, 0.25, 0.25]);
  expect(weights(0, null)).toEqual([0.5, 0.5, 0]);
  expect(weights(null, 1)).toEqual([0.25, 0.625, 0.125]);
  expect(weights(null, null)).toEqual([0.375, 0.3125, 0.3125]);
  const choice = { layer: 0, head: null };
  expect(chosenWeights(attention, choice)).toBe(chosenWeights(attention, { ...choice }));
});

test("the overview has a row for each head and says where each layer's looks", () => {
  const { cells, layers, heads } = seen(null, null);
  expect([layers, heads]).toEqual([2, 2]);
  expect(cells.map((row) => row.map(({ layer, head }) => [layer, head]))).toEqual([
    [
      [0, 0],
      [1, 0],
    ],
    [
      [0, 1],
      [1, 1],
    ],
  ]);
  expect(cells[1]?.[1]?.name).toBe(
    "layer 1, head 1: the first token 50.0 %, itself 25.0 %, the one before 25.0 %, elsewhere 0 %",
  );
});

test("the positions stand in order of their weight, and the sentence says what sums to 1", () => {
  const { rows, sentence, rest } = seen(1, 1);
  expect(rows.map(({ position, percent, name }) => [position, percent, name])).toEqual([
    [0, "50.0 %", "<|s|>, position 0, 50.0 %"],
    [1, "25.0 %", "The, position 1, 25.0 %"],
    [2, "25.0 %", "space cat, position 2, 25.0 %"],
  ]);
  expect(sentence).toBe("Layer 1, head 1 at position 2. The weights of 3 positions sum to 1.");
  expect(rest).toBe("");
  expect(seen(0, null).sentence).toContain("Mean over the 2 heads of layer 0");
  expect(seen(null, 0).sentence).toContain("Mean over 2 layers of head 0");
  expect(seen(null, null).sentence).toContain("Mean over all 4 heads");
});

test("on the text a weight is a class of grey and a bar of its root, and what is not looked at has none", () => {
  const { overlay } = seen(1, 1);
  expect(overlay.tints).toEqual([
    { level: 6, height: Math.sqrt(0.5) },
    { level: 5, height: 0.5 },
    { level: 5, height: 0.5 },
  ]);
  expect(overlay.steps).toHaveLength(7);
  expect(overlay.title).toBe("% of attention");
});

const contextVector = Float32Array.of(2, 1, -1);
const dog = { id: DOG, vector: Float32Array.of(1, 0, 0) }; // logit 2
const cat = { id: CAT, vector: Float32Array.of(0, 1, 0) }; // logit 1
const logitInputs = {
  prediction: { ...prediction, logZ: 3 },
  contextVector,
  token: dog,
  rival: cat,
  termsOf: "token",
  logitCap: null,
  vocabulary,
} as const;

test("a logit, log Z and p stand written out, and the two logits' difference as a ratio", () => {
  const { lines, logZ, comparison, cap } = logitView(logitInputs);
  expect(lines).toEqual([
    { word: "·dog", logit: "2.00", exponent: "e^(2.00 − 3.00) = e^−1.00", percent: "36.8 %" },
    { word: "·cat", logit: "1.00", exponent: "e^(1.00 − 3.00) = e^−2.00", percent: "13.5 %" },
  ]);
  expect(logZ).toBe("log Z = 3.00, the log of the sum of e^logit over all 8 tokens");
  expect(comparison).toBe(
    "The logits differ by 1.00 nats, 1.44 bits: ·dog is 2.72 times as likely as ·cat.",
  );
  expect(cap).toBe("");
});

test("the terms of a difference are those of the difference of the two rows", () => {
  const view = logitView({ ...logitInputs, termsOf: "difference" });
  expect(view.termsTitle).toBe("·dog less ·cat");
  expect(
    view.terms.map(({ dimension, token, product, bar }) => [dimension, token, product, bar]),
  ).toEqual([
    ["0", "1.0000", "2.00", 1],
    ["1", "−1.0000", "−1.00", -0.5],
    ["2", "0.0000", "0.00", expect.closeTo(0, 12)],
  ]);
  expect(view.rest).toEqual({ label: "0 other dimensions", product: "0.00", sum: "1.00" });
});

test("a capped logit says so, and its terms are those before the cap", () => {
  const { lines, cap, terms } = logitView({ ...logitInputs, logitCap: 2 });
  expect(lines[0]?.logit).toBe("1.52"); // 2 tanh 1
  expect(cap).toContain("2 · tanh(c · e ÷ 2)");
  expect(terms[0]?.product).toBe("2.00");
});

test("two engines' candidates stand side by side, with the divergence in bits", () => {
  // 1/2, 1/4, 1/4 and 1/4, 1/2, 1/4: KL = 1/2 log2 2 + 1/4 log2 1/2 = 1/4 bit, either way
  const logs = (...ps: number[]) => Float64Array.from(ps, Math.log);
  const found = divergence(logs(0.5, 0.25, 0.25), logs(0.25, 0.5, 0.25), 1);
  const names = { own: "exact", other: "compact" } as const;
  const view = enginesView(found!, { actual: tokenId(1), names, vocabulary });
  expect(
    view.rows.map(({ own, other, isActual }) => [own.percent, other.percent, isActual]),
  ).toEqual([
    ["50.0 %", "25.0 %", false],
    ["25.0 %", "50.0 %", true],
  ]);
  expect(view.rows[0]?.name).toBe("<|s|>: exact rank 1, 50.0 %; compact rank 2, 25.0 %");
  expect(view.measures.map(({ value }) => value)).toEqual(["0.25", "0.25", "no"]);
  expect(view.rest).toEqual({ label: "6 other tokens", own: "25.0 %", other: "25.0 %" });
});

test("a small divergence keeps four decimals, and none at all is 0", () => {
  const names = { own: "exact", other: "compact" } as const;
  const kl = (klNats: number) => {
    const found = { klNats, reverseKlNats: 0, isSameTop: true, candidates: [] };
    return enginesView(found, { actual: null, names, vocabulary }).measures[0]?.value;
  };
  expect([0, 1e-6, 0.001, 0.1].map(kl)).toEqual(["0.0000", "<0.0001", "0.0014", "0.14"]);
});

test("agreement along the text counts the positions that both have scored", () => {
  const scores = scoresOf(conversation());
  const other = predictionFromLogits(Float32Array.of(0, 0, 9, 0, 0, 0, 0, 0), null); // its first is cat
  const pairs = [...scores.values()].map(
    (own, i) =>
      [
        own,
        { ...own, ...(i === 0 && { prediction: other }), score: own.score && ranked(1, 1) },
      ] as const,
  );
  // bits 4, 2, 1, 0, 1, 3 against 0: 11 / 6
  expect(agreementWords(path, scores, new Map(pairs))).toBe(
    "Along this text: the same first choice after 6 of 7 tokens; the tokens' bits differ by 1.83 on average.",
  );
  expect(agreementWords(path, scores, new Map())).toBeNull();
});

test("what a second engine costs is said in megabytes", () => {
  const loaded = { weightBytes: { exact: 98_400_000, compact: 52_300_000 } };
  const cost = (precision: "exact" | "compact") =>
    secondCost(
      { ...loaded, identity: { precision } } as never,
      precision === "exact" ? "compact" : "exact",
    );
  expect(cost("exact")).toContain("A second engine in compact takes about 52.3 MB more memory");
  expect(cost("compact")).toContain("A second engine in exact takes about 98.4 MB more memory");
});

test("choices are the most likely tokens, then what is wanted beside them, each once", () => {
  expect(tokenChoices(prediction, [CAT, FISH], vocabulary).map(({ label }) => label)).toEqual([
    "·dog, 50.0 %",
    "·cat, 25.0 %",
    "·sat, 12.5 %",
    "<|e|>, 4.4 %",
    "·fish",
  ]);
  expect(tokenWord(SAT, vocabulary)).toBe("·sat");
});
