import { expect, test } from "vitest";
import { openToyEngine, TOY_SPECIAL, toyTokenizer, toyVocabulary } from "../src/contracts/index.ts";
import {
  GREEDY,
  generateAll,
  generateJson,
  type ModelIdentity,
  nextJson,
  scoreIds,
  scoreJson,
  tokenId,
  tokensJson,
} from "../src/index.ts";

const model: ModelIdentity = {
  id: "toy",
  sha256: "0".repeat(64),
  architecture: "toy",
  quantization: "none",
  precision: "exact",
  backend: "node-cpu",
};
const parts = { model, vocabulary: toyVocabulary };

test("score's JSON has the convention, a row a token and the summary", async () => {
  const text = await scoreIds(openToyEngine(), toyTokenizer.encode("é!"));
  const json = scoreJson({ ...parts, text, top: 2, origins: ["typed", "typed", "sampled"] });
  expect(Object.keys(json)).toEqual(["model", "conventions", "tokens", "summary"]);
  expect(json.conventions).toEqual({ firstToken: "unscored", startTokenId: null });
  expect(json.tokens[0]).toEqual({
    index: 0,
    id: 0xc3,
    text: null, // half a character
    bytesHex: "c3",
    special: false,
    origin: "typed",
    logprobNats: null,
    surprisalBits: null,
    rank: null,
    entropyBits: null,
    top: [],
  });
  const last = json.tokens[2];
  expect(last).toMatchObject({ text: "!", bytesHex: "21", origin: "sampled" });
  expect(last?.surprisalBits).toBeCloseTo(-(last?.logprobNats ?? 0) / Math.LN2, 12);
  expect(last?.entropyBits).toBeGreaterThan(0);
  expect(last?.top.length).toBe(2);
  expect(last?.top[0]?.logprobNats).toBeGreaterThanOrEqual(last?.top[1]?.logprobNats ?? 0);
  expect(json.summary).toMatchObject({ tokens: 3, scoredTokens: 2, characters: 2, bytes: 3 });
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
});

test("score's JSON says which token started the text, and leaves unknown origins out", async () => {
  const startTokenId = TOY_SPECIAL.endOfText;
  const text = await scoreIds(openToyEngine(), toyTokenizer.encode("a"), { startTokenId });
  const json = scoreJson({ ...parts, text, top: 0 });
  expect(json.conventions).toEqual({ firstToken: "after-start-token", startTokenId: 256 });
  expect(json.tokens.length).toBe(1);
  expect(json.tokens[0]).toMatchObject({ top: [], rank: expect.any(Number) });
  expect(json.tokens[0]).not.toHaveProperty("origin");
});

test("next's JSON lists candidates, the rest and every named token", async () => {
  const contextIds = toyTokenizer.encode("ab");
  const engine = openToyEngine();
  const { predictionAfter } = await scoreIds(engine, contextIds);
  const id = tokenId(99);
  const [score] = await engine.scoreAt([predictionAfter!.contextVector!], id);
  const json = nextJson({
    ...parts,
    contextIds,
    prediction: predictionAfter!,
    top: 5,
    named: [{ id, score: score! }],
  });
  expect(Object.keys(json)).toEqual([
    "model",
    "context",
    "entropyBits",
    "top",
    "restProbability",
    "named",
  ]);
  expect(json.context).toEqual({ ids: [97, 98] });
  expect(json.named).toEqual([{ id: 99, text: "c", ...score }]);
  const listed = json.top.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0);
  expect(listed + json.restProbability).toBeCloseTo(1, 12);
});

test("generate's JSON has ids with the stop token, text without it, and steps where asked", async () => {
  const engine = openToyEngine();
  const sequence = engine.openSequence();
  const promptIds = toyTokenizer.encode("Go");
  for await (const _chunk of sequence.append(promptIds));
  const run = { settings: GREEDY, seed: 7 };
  const { steps, ending } = await generateAll({
    ...run,
    engine,
    sequence,
    endTokenIds: [],
    maxTokens: 4,
  });
  const json = generateJson({ ...parts, ...run, promptIds, steps, ending, top: 3 });
  expect(json).toMatchObject({ promptIds, finishReason: "length", seed: 7, settings: GREEDY });
  expect(json.ids).toEqual(steps.map(({ id }) => id));
  expect(json.steps?.map(({ position }) => position)).toEqual([2, 3, 4, 5]);
  expect(json.steps?.[0]).toMatchObject({ draw: null, id: json.steps?.[0]?.top[0]?.id });
  expect(generateJson({ ...parts, ...run, promptIds, steps, ending })).not.toHaveProperty("steps");

  const stopped = { ...steps[0]!, id: TOY_SPECIAL.endOfTurn };
  const written = { ...steps[0]!, id: tokenId(97) };
  const short = generateJson({
    ...parts,
    ...run,
    promptIds,
    steps: [written, stopped],
    ending: { kind: "end-token", id: stopped.id },
  });
  expect(short).toMatchObject({ text: "a", ids: [97, 258], finishReason: "end-token" });
});

test("tokens' JSON counts characters and bytes a token", () => {
  const json = tokensJson({
    tokenizer: "toy-bytes",
    vocabulary: toyVocabulary,
    ids: toyTokenizer.encode("é<|im_end|>", { parseSpecial: true }),
  });
  expect(json.tokens.map(({ text, special }) => [text, special])).toEqual([
    [null, false],
    [null, false],
    ["<|im_end|>", true],
  ]);
  expect(json.summary).toEqual({
    tokens: 3,
    characters: 1,
    bytes: 2,
    charactersPerToken: 1 / 3,
    bytesPerToken: 2 / 3,
  });
  const empty = tokensJson({ tokenizer: "toy-bytes", vocabulary: toyVocabulary, ids: [] });
  expect(empty.summary).toMatchObject({ charactersPerToken: null, bytesPerToken: null });
});
