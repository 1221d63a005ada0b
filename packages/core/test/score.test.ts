import fc from "fast-check";
import { expect, test } from "vitest";
import {
  openToyEngine,
  TOY_SPECIAL,
  toyLogits,
  toyTokenizer,
  toyVocabulary,
} from "../src/contracts/index.ts";
import {
  boundarySplit,
  logSoftmax,
  rankOf,
  type ScoredId,
  scoreIds,
  spanMeasures,
  spanSum,
  summary,
  tokenId,
  UsageError,
  words,
} from "../src/index.ts";
import { expectNear, statsCases } from "./reference.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const half = { logprobNats: Math.log(1 / 2), rank: 1 };
const eighth = { logprobNats: Math.log(1 / 8), rank: 4 };

// A row for every byte of a text, the first unscored.
function rowsOf(text: string, score = half): ScoredId[] {
  return Array.from(bytesOf(text), (byte, i) => ({
    id: tokenId(byte),
    score: i === 0 ? null : score,
  }));
}

interface Sequence {
  readonly tokens: number;
  readonly totalNats: number;
  readonly totalBits: number;
  readonly meanBits: number | null;
  readonly perplexity: number | null;
  readonly bitsPerByte: number | null;
}
const sequenceCases = statsCases<
  { readonly logprobs: readonly number[]; readonly bytes: number },
  Sequence
>("sequence-surprise");

test("every token is scored by the distribution before it, the first by none", async () => {
  const ids = toyTokenizer.encode("Hello, toy");
  const { rows, startTokenId, predictionAfter } = await scoreIds(openToyEngine(), ids);
  expect(startTokenId).toBeNull();
  expect(rows.map(({ id }) => id)).toEqual(ids);
  expect(rows[0]).toMatchObject({ index: 0, score: null, predictionBefore: null });
  for (const { index, id, score, predictionBefore } of rows.slice(1)) {
    const context = Float32Array.from([1, 2, 3], (back) => (ids[index - back] ?? -1) + 1);
    expect(score?.logprobNats).toBeCloseTo(logSoftmax(toyLogits(context))?.[id] ?? 0, 6);
    expect(score?.rank).toBe(rankOf(toyLogits(context), id));
    expect(predictionBefore?.contextVector?.slice(0, 3)).toEqual(context);
  }
  expect(predictionAfter?.contextVector?.[0]).toBe((ids.at(-1) ?? 0) + 1);
});

test("a start token scores the first token and is none of the text's", async () => {
  const ids = toyTokenizer.encode("Hi");
  const scored = await scoreIds(openToyEngine(), ids, { startTokenId: TOY_SPECIAL.endOfText });
  expect(scored.startTokenId).toBe(TOY_SPECIAL.endOfText);
  expect(scored.rows.map(({ index, id }) => [index, id])).toEqual([...ids.entries()]);
  expect(scored.rows.every(({ score, predictionBefore }) => score && predictionBefore)).toBe(true);
});

test("an empty text has no rows", async () => {
  expect(await scoreIds(openToyEngine(), [])).toEqual({
    startTokenId: null,
    rows: [],
    predictionAfter: null,
  });
});

test("progress counts up to all tokens", async () => {
  const seen: number[] = [];
  await scoreIds(openToyEngine(), toyTokenizer.encode("ten tokens"), {
    onProgress: (scored) => seen.push(scored),
  });
  expect(seen).toEqual([4, 8, 10]);
});

test("an abort comes out as the signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("closed"));
  const ids = toyTokenizer.encode("text");
  await expect(scoreIds(openToyEngine(), ids, { signal })).rejects.toThrow("closed");
});

test("an unknown id and a text too long are named before anything runs", async () => {
  const engine = openToyEngine({ contextLength: 4 });
  await expect(scoreIds(engine, [tokenId(999)])).rejects.toThrow(/999 .* vocabulary of 259/);
  const long = scoreIds(engine, toyTokenizer.encode("12345"));
  await expect(long).rejects.toThrow(/5 tokens .* holds 4; shorten it to at most 4 tokens/);
  await expect(long).rejects.toThrow(UsageError);
  expect(engine.counts.modelRuns).toBe(0);
});

test("totals, means, perplexity and bits per byte equal the reference", () => {
  const ours = sequenceCases.filter(({ input }) => input.bytes >= input.logprobs.length);
  expect(ours.length).toBeGreaterThan(10); // the others have fewer bytes than tokens: no text of ours
  for (const { input, expected } of ours) {
    // One byte a token, the other bytes in the last: the reference gives a total of bytes alone.
    const pieces = new Map<number, Uint8Array>();
    const rows = input.logprobs.map((logprobNats, i) => {
      const isLast = i === input.logprobs.length - 1;
      pieces.set(i, new Uint8Array(isLast ? input.bytes - i : 1));
      return { id: tokenId(i), score: { logprobNats, rank: 1 } };
    });
    const vocabulary = {
      size: rows.length,
      bytes: (id: number) => pieces.get(id) ?? new Uint8Array(),
      isSpecial: () => false,
    };
    const figures = summary(rows, vocabulary);
    expect(figures.scoredTokens).toBe(expected.tokens);
    expectNear(figures.nllNats, expected.totalNats);
    expectNear(figures.totalBits, expected.totalBits);
    expectNear(figures.bitsPerToken, expected.meanBits);
    expectNear(figures.perplexity, expected.perplexity);
    expectNear(figures.bitsPerByte, expected.bitsPerByte);
  }
});

test("special tokens cost bits but have no bytes, no characters and no part in bits per byte", () => {
  const rows = [...rowsOf("aé"), { id: TOY_SPECIAL.endOfTurn, score: eighth }];
  expect(summary(rows, toyVocabulary)).toEqual({
    tokens: 4,
    scoredTokens: 3,
    characters: 2,
    bytes: 3,
    scoredCharacters: 1, // é begins in its first byte
    scoredBytes: 2,
    totalBits: expect.closeTo(1 + 1 + 3, 12),
    bitsPerToken: expect.closeTo(5 / 3, 12),
    bitsPerByte: expect.closeTo((1 + 1) / 2, 12),
    perplexity: expect.closeTo(2 ** (5 / 3), 12),
    nllNats: expect.closeTo(5 * Math.LN2, 12),
  });
});

test("where nothing was scored no figure is made up", () => {
  const figures = summary(rowsOf("a"), toyVocabulary);
  expect(figures).toMatchObject({ tokens: 1, scoredTokens: 0, totalBits: 0, characters: 1 });
  expect(figures).toMatchObject({ bitsPerToken: null, bitsPerByte: null, perplexity: null });
});

test("characters of the parts add up to the characters of the text, wherever it is cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(), (text, at) => {
      const rows = rowsOf(text);
      const cut = rows.length === 0 ? 0 : at % rows.length;
      const parts = [rows.slice(0, cut), rows.slice(cut)].map((part) =>
        summary(part, toyVocabulary),
      );
      expect(parts[0]!.characters + parts[1]!.characters).toBe(Array.from(text).length);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("a span tells its unscored tokens and its most and least surprising one", () => {
  const rows = [
    ...rowsOf("ab"),
    { id: tokenId(99), score: eighth },
    { id: tokenId(100), score: half },
  ];
  expect(spanMeasures(rows, toyVocabulary)).toMatchObject({
    tokens: 4,
    unscoredTokens: 1,
    totalBits: expect.closeTo(5, 12),
    mostSurprising: { index: 2, id: 99, bits: expect.closeTo(3, 12) },
    leastSurprising: { index: 1, id: 98, bits: expect.closeTo(1, 12) },
  });
  expect(spanSum(rows).map(({ index }) => index)).toEqual([1, 2, 3]);
  const unscored = spanMeasures(rowsOf("a"), toyVocabulary);
  expect(unscored).toMatchObject({
    unscoredTokens: 1,
    mostSurprising: null,
    leastSurprising: null,
  });
});

test("bits of spans side by side add up to the bits of the whole", () => {
  const logprobs = fc.array(fc.double({ min: -20, max: 0, noNaN: true }), { minLength: 2 });
  fc.assert(
    fc.property(logprobs, fc.nat(), (list, at) => {
      const rows = list.map((logprobNats) => ({
        id: tokenId(97),
        score: { logprobNats, rank: 1 },
      }));
      const cut = at % list.length;
      const [left, right, whole] = [rows.slice(0, cut), rows.slice(cut), rows].map(
        (part) => spanMeasures(part, toyVocabulary).totalBits,
      );
      expect(left! + right!).toBeCloseTo(whole!, 9);
      const terms = spanSum(rows).reduce((sum, { bits }) => sum + bits, 0);
      expect(terms).toBeCloseTo(whole!, 9);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("tokens that begin at or after a boundary are the text, one that straddles it is told", () => {
  const pieces = ["The", " cat", " sat"].map(bytesOf);
  expect(boundarySplit(pieces, 0)).toEqual({ firstIndex: 0, straddlingIndex: null });
  expect(boundarySplit(pieces, 7)).toEqual({ firstIndex: 2, straddlingIndex: null });
  expect(boundarySplit(pieces, 4)).toEqual({ firstIndex: 2, straddlingIndex: 1 });
  expect(boundarySplit(pieces, 8)).toEqual({ firstIndex: 3, straddlingIndex: 2 });
  expect(boundarySplit(pieces, 11)).toEqual({ firstIndex: 3, straddlingIndex: null });
  expect(() => boundarySplit(pieces, 12)).toThrow(RangeError);
});

test("a word takes its leading space and runs until the next one", () => {
  const pieces = ["The", " dra", "gon", ",", " it", "\n", "\n", "said", "<end>", "é"];
  const vocabulary = {
    size: pieces.length,
    bytes: (id: number) => bytesOf(pieces[id] ?? ""),
    isSpecial: (id: number) => pieces[id] === "<end>",
  };
  const rows = pieces.map((_, i) => ({ id: tokenId(i), score: i === 0 ? null : half }));
  expect(words(rows, vocabulary)).toEqual([
    { first: 0, last: 0, text: "The", bits: null },
    { first: 1, last: 3, text: " dragon,", bits: expect.closeTo(3, 12) },
    { first: 4, last: 4, text: " it", bits: expect.closeTo(1, 12) },
    { first: 5, last: 5, text: "\n", bits: expect.closeTo(1, 12) },
    { first: 6, last: 6, text: "\n", bits: expect.closeTo(1, 12) },
    { first: 7, last: 7, text: "said", bits: expect.closeTo(1, 12) },
    { first: 8, last: 8, text: "<end>", bits: expect.closeTo(1, 12) },
    { first: 9, last: 9, text: "é", bits: expect.closeTo(1, 12) },
  ]);
});

test("words side by side are the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const list = words(rowsOf(text), toyVocabulary);
      const covered = list.flatMap(({ first, last }) => [first, last]);
      expect(covered).toEqual([...covered].sort((a, b) => a - b));
      expect(list.reduce((count, { first, last }) => count + last - first + 1, 0)).toBe(
        bytesOf(text).length,
      );
      expect(list.map((word) => word.text).join("")).toBe(
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(text)),
      );
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("a text longer than the context is read in windows: every token once, each as its window says", async () => {
  const engine = await openToyEngine();
  const room = engine.contextLength;
  const ids = Array.from({ length: room + 90 }, (_, i) => tokenId((i * 7 + 3) % 200));
  const { rows, windows, predictionAfter } = await scoreIds(engine, ids, { stride: 64 });
  expect(windows).toEqual({ tokens: room, stride: 64 });
  expect(rows.map(({ index, id }) => [index, id])).toEqual(ids.map((id, i) => [i, id]));
  const first = await scoreIds(engine, ids.slice(0, room));
  expect(rows.slice(0, room)).toEqual(first.rows);
  const second = await scoreIds(engine, ids.slice(64, 64 + room));
  expect(rows[room]?.score).toEqual(second.rows[room - 64]?.score);
  expect(rows.slice(1).every(({ score }) => score !== null)).toBe(true);
  expect(predictionAfter).not.toBe(null);
});

test("with a start token every window begins with it, so that no token lacks a context", async () => {
  const engine = await openToyEngine();
  const room = engine.contextLength - 1;
  const ids = Array.from({ length: room + 10 }, (_, i) => tokenId((i * 5 + 1) % 200));
  const startTokenId = TOY_SPECIAL.startOfTurn;
  const { rows, windows } = await scoreIds(engine, ids, { stride: room, startTokenId });
  expect(windows).toEqual({ tokens: room, stride: room });
  expect(rows.every(({ score }) => score !== null)).toBe(true);
  const tail = await scoreIds(engine, ids.slice(room), { startTokenId });
  expect(rows.slice(room).map(({ score }) => score)).toEqual(tail.rows.map(({ score }) => score));
});

test("a stride changes nothing where the text fits, and one longer than a window is refused", async () => {
  const engine = await openToyEngine();
  const ids = toyTokenizer.encode("the cat");
  expect(await scoreIds(engine, ids, { stride: 3 })).toEqual(await scoreIds(engine, ids));
  const long = Array.from({ length: engine.contextLength + 1 }, () => tokenId(1));
  for (const stride of [0, 1.5, engine.contextLength + 1]) {
    await expect(scoreIds(engine, long, { stride })).rejects.toThrow("a whole number from 1 to");
  }
});
