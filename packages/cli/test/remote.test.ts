// --engine openai: commands on our own server, and on one in vLLM's shape.

import type { GenerateJson, NextJson } from "@tokenscope/core";
import type { RemoteNextJson, RemoteScoreJson } from "@tokenscope/remote";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referencePath, smollm2Path } from "../../../fixtures/index.ts";
import { type ServingEngine, serveRoutes, serveVllm } from "../../../fixtures/serving-engines.ts";
import type { ScoreLineJson } from "../src/score-json.ts";
import { serve } from "./served.ts";
import { fileWith, type Run, run, runJson, TINY } from "./test-world.ts";

const TEXT = "the cät sat on a 🙂 mat";
const tiny = ["--model", TINY, "--precision", "exact"];
let own: Awaited<ReturnType<typeof serve>>;
let vllm: ServingEngine;
let there: readonly string[];
let elsewhere: readonly string[];

beforeAll(async () => {
  own = await serve(["serve", "--port", "0", "--no-open", ...tiny]);
  vllm = await serveVllm();
  there = ["--engine", "openai", "--base-url", own.url];
  elsewhere = ["--engine", "openai", "--base-url", vllm.baseUrl];
});

afterAll(async () => {
  await own.stop();
  await vllm.close();
});

test("score on a Tokenscope server gives the numbers of this machine's engine", async () => {
  const args = ["score", "--text", TEXT, "--top", "3"];
  const [here] = await runJson<ScoreLineJson>([...args, ...tiny]);
  const [remote] = await runJson<RemoteScoreJson>([...args, ...there]);
  expect(remote?.model).toMatchObject({ sha256: null, precision: null, backend: "openai" });
  expect(remote?.tokens.map(({ id, rank }) => [id, rank])).toEqual(
    here?.tokens.map(({ id, rank }) => [id, rank]),
  );
  for (const [i, token] of (remote?.tokens ?? []).entries()) {
    const ours = here?.tokens[i];
    expect(Object.keys(token)).toEqual(Object.keys(ours ?? {}));
    if (i > 0) expect(token.logprobNats).toBeCloseTo(ours?.logprobNats ?? 0, 4);
    expect(token.top.map((each) => each.id)).toEqual(ours?.top.map((each) => each.id));
  }
  expect(remote?.summary.totalBits).toBeCloseTo(here?.summary.totalBits ?? 0, 2);
  expect(remote?.summary).toMatchObject({
    bytes: here?.summary.bytes,
    scoredBytes: here?.summary.scoredBytes,
    characters: here?.summary.characters,
  });
});

test("a text as long as the context is scored there as here, and one token more is refused in both", async () => {
  const ids = (count: number) => ["score", "--ids", Array(count).fill("97").join(",")];
  const [here] = await runJson<ScoreLineJson>([...ids(256), ...tiny]);
  const [remote] = await runJson<RemoteScoreJson>([...ids(256), ...there]);
  expect(remote?.tokens).toHaveLength(256);
  expect(remote?.summary.totalBits).toBeCloseTo(here?.summary.totalBits ?? Number.NaN, 2);
  for (const engine of [tiny, there]) {
    const { exitCode, stderr } = await run([...ids(257), ...engine]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/257 tokens.*256/),
    });
  }
});

test("texts that begin with cut characters have the bytes and the bits per byte of here", async () => {
  const model = ["--model", referencePath("tiny/gpt2.gguf"), "--precision", "exact"];
  const server = await serve(["serve", "--port", "0", "--no-open", ...model]);
  const remotely = ["--engine", "openai", "--base-url", server.url];
  try {
    for (const text of ["猫!", "Über 猫 is", "hé!"]) {
      const [here] = await runJson<ScoreLineJson>(["score", "--text", text, ...model]);
      const [remote] = await runJson<RemoteScoreJson>(["score", "--text", text, ...remotely]);
      expect(remote?.tokens.map(({ bytesHex, special }) => [bytesHex, special])).toEqual(
        here?.tokens.map(({ bytesHex, special }) => [bytesHex, special]),
      );
      expect(remote?.summary.bitsPerByte).toBeCloseTo(here?.summary.bitsPerByte ?? 0, 3);
    }
    const next = ["next", "hi", "--top", "200"];
    const [here] = await runJson<NextJson>([...next, ...model]);
    const [remote] = await runJson<RemoteNextJson>([...next, ...remotely]);
    const named = (top: readonly { readonly id: number | null; readonly text: string | null }[]) =>
      top.map(({ id, text }) => [id, text]);
    expect(named(remote?.top ?? [])).toEqual(named(here?.top ?? []));
    expect(named(here?.top ?? []).some(([, text]) => text === null)).toBe(true);
    const traced = ["generate", "hi", "--max-tokens", "4", "--trace"];
    const scored = ["score", "--text", "hé!", "--top", "50"];
    for (const args of [next, traced, scored].flatMap((each) => [each, [...each, "--json"]])) {
      const { exitCode, stdout } = await run([...args, ...remotely]);
      expect([exitCode, stdout]).toEqual([0, expect.not.stringContaining("bytes:")]);
    }
  } finally {
    await server.stop();
  }
});

test("markers have no bytes there as here, and where a server does not tell them it is said why a figure is missing", async () => {
  for (const ids of ["97,256,98,99", "97,256,257"]) {
    const [here] = await runJson<ScoreLineJson>(["score", "--ids", ids, ...tiny]);
    const [remote] = await runJson<RemoteScoreJson>(["score", "--ids", ids, ...there]);
    const { totalBits, bitsPerByte } = here?.summary ?? { totalBits: 0, bitsPerByte: null };
    expect(remote?.summary.totalBits).toBeCloseTo(totalBits, 2);
    if (bitsPerByte === null) expect(remote?.summary.bitsPerByte).toBeNull();
    else expect(remote?.summary.bitsPerByte).toBeCloseTo(bitsPerByte, 3);
    expect(remote?.summary.bytes).toBe(here?.summary.bytes);
    const { stderr } = await run(["score", "--ids", ids, ...there]);
    expect(stderr).toBe("");
  }
  const marked = await run(["score", "--text", "one\n<|im_end|> two", ...elsewhere]);
  expect(marked.stdout).toContain("bits per token, n/a bits per byte");
  expect(marked.stderr).toMatch(
    /bits per byte are n\/a: http\S+ does not tell which bytes, or which/,
  );
});

test.skipIf(smollm2Path() === null)(
  "a chat (needs the cached model) has the bits, and the bytes without its markers, of here",
  async () => {
    const model = ["--model", "smollm2-135m-instruct-q4_1", "--precision", "compact"];
    const server = await serve(["serve", "--port", "0", "--no-open", ...model]);
    const chat = fileWith('{"messages": [{"role": "user", "content": "Hé!"}]}', "chat.json");
    try {
      const args = ["score", "--chat", chat];
      const [here] = await runJson<ScoreLineJson>([...args, ...model]);
      const [remote] = await runJson<RemoteScoreJson>([
        ...args,
        ...["--engine", "openai", "--base-url", server.url],
      ]);
      const { bytes, scoredBytes, bitsPerByte = null } = here?.summary ?? {};
      expect(remote?.summary).toMatchObject({ bytes, scoredBytes });
      expect(remote?.summary.bitsPerByte).toBeCloseTo(bitsPerByte ?? 0, 2);
    } finally {
      await server.stop();
    }
  },
  30_000,
);

test("a context, a start token, ids and words mean there what they mean here", async () => {
  for (const args of [
    ["--context", "the c", "--text", "at", "--words"],
    ["--text", "cat", "--start-token", "256"],
    ["--ids", "116,104,101"],
  ]) {
    const [here] = await runJson<ScoreLineJson>(["score", ...args, ...tiny]);
    const [remote] = await runJson<RemoteScoreJson>(["score", ...args, ...there]);
    expect(remote?.conventions).toEqual(here?.conventions);
    expect(remote?.tokens.map(({ index, text, rank }) => [index, text, rank])).toEqual(
      here?.tokens.map(({ index, text, rank }) => [index, text, rank]),
    );
    expect(remote?.words?.map(({ text, first, last }) => [text, first, last])).toEqual(
      here?.words?.map(({ text, first, last }) => [text, first, last]),
    );
    expect(remote?.context?.ids).toEqual(here?.context?.ids);
  }
});

test("next there has the ids, probabilities and ranks of here, and no entropy", async () => {
  const args = ["next", "the c", "--top", "4", "--token", "a"];
  const [here] = await runJson<NextJson>([...args, ...tiny]);
  const [remote] = await runJson<RemoteNextJson>([...args, ...there]);
  expect(remote?.context).toEqual(here?.context);
  expect(remote?.entropyBits).toBeNull();
  expect(remote?.top.map(({ id }) => id)).toEqual(here?.top.map(({ id }) => id));
  expect(remote?.restProbability).toBeCloseTo(here?.restProbability ?? 0, 5);
  expect(remote?.named[0]).toMatchObject({ id: 97, rank: here?.named[0]?.rank });
  const { stdout } = await run([...args, ...there]);
  expect(stdout).toMatch(
    /entropy n\/a bits, since http\S+ lists the likeliest tokens alone; llama/,
  );
});

test("generate there writes the text of here", async () => {
  const args = ["generate", "the c", "--max-tokens", "6"];
  const [here] = await runJson<GenerateJson>([...args, ...tiny]);
  const { stdout } = await run([...args, ...there]);
  expect(stdout).toBe(`${here?.text}\n`);
  const [traced] = await runJson<{ steps: readonly unknown[] }>([...args, "--trace", ...there]);
  expect(traced?.steps).toHaveLength(6);
});

test("what a server wrote before it broke off stays, on a line of its own", async () => {
  const server = await serveRoutes({
    "/v1/models": () => ({ json: { data: [{ id: "m" }] } }),
    "/v1/completions": () => ({ events: [{ choices: [{ text: " and" }] }] }),
  });
  try {
    const remotely = ["--engine", "openai", "--base-url", server.baseUrl];
    const { exitCode, stdout, stderr } = await run(["generate", "the c", ...remotely]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: " and\n" });
    expect(stderr).toMatch(/broke off: .* without a finish_reason/);
  } finally {
    await server.close();
  }
});

test("many texts are scored at once and printed in their order", async () => {
  const file = fileWith("one two\nthree\nfour five six\n", "texts.txt");
  const lines = await runJson<RemoteScoreJson>(["score", file, "--lines", ...elsewhere]);
  expect(lines.map(({ tokens }) => tokens.length)).toEqual([2, 1, 3]);
  const { stdout } = await run(["score", file, "--lines", ...elsewhere]);
  expect(stdout.split("\n")[2]).toMatch(/^ {4}3 .* bits .* perplexity .* four·five·six$/);
  const csv = await run(["score", file, "--lines", "--csv", ...elsewhere]);
  expect(csv.stdout.split("\n")).toHaveLength(1 + 6 + 1);
});

test("models lists what the server lists, and info what it can tell", async () => {
  const { stdout } = await run(["models", "list", ...elsewhere]);
  expect(stdout).toBe("big\n");
  const info = await run(["models", "info", "big", ...elsewhere]);
  expect(info.stdout).toMatch(/^context +4,096 tokens$/m);
  expect(info.stdout).toMatch(/^logprobs of a prompt +yes, by prompt_logprobs$/m);
  expect(info.stdout).toMatch(/^takes tools +yes$/m);
  const ours = await run(["models", "info", "llama-q8_0", ...there]);
  expect(ours.stdout).toMatch(/^context +256 tokens$/m);
  expect(ours.stdout).toMatch(/^logprobs of it +yes, 261 a token$/m); // the whole vocabulary
});

test.each([
  ["once where the list tells its context", 64, 1],
  ["again afterwards where it does not", null, 2],
])("models info asks what a server lists %s", async (_when, length, times) => {
  let asked = 0;
  const server = await serveRoutes({
    "/v1/models": () => {
      asked += 1;
      return { json: { data: [{ id: "m", max_model_len: length }] } };
    },
  });
  try {
    const remotely = ["--engine", "openai", "--base-url", server.baseUrl];
    const { exitCode } = await run(["models", "info", "m", ...remotely]);
    expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: times });
  } finally {
    await server.close();
  }
});

test.each([
  [["--base-url", "http://x"], /--base-url names a server; add --engine openai/],
  [["--engine", "openai"], /--engine openai needs the server's address; add --base-url/],
  [["--engine", "openai", "--base-url", "x"], /"x" is none; give one such as http/],
  [
    ["--engine", "openai", "--base-url", "http://x", "--precision", "exact"],
    /--precision is for the engine on this machine/,
  ],
  [
    ["--engine", "openai", "--base-url", "http://x", "--api-key-env", "NOT_SET_ANYWHERE"],
    /NOT_SET_ANYWHERE of --api-key-env is empty or not set/,
  ],
  [["--concurrency", "4"], /--concurrency is for a server's engine/],
])("%j is refused in a sentence", async (args, sentence) => {
  const { exitCode, stderr }: Run = await run(["score", "--text", "cat", ...args]);
  expect({ exitCode, lines: stderr.trimEnd().split("\n").length }).toEqual({
    exitCode: 2,
    lines: 1,
  });
  expect(stderr).toMatch(sentence);
});
