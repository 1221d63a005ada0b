// The ways to a model's numbers, on servers in the shapes of serving engines.

import { describe, expect, test } from "vitest";
import {
  logprobOf,
  type Route,
  refused,
  type ServingEngine,
  serveRoutes,
  serveVllm,
} from "../../../fixtures/serving-engines.ts";
import {
  generateRemotely,
  nextRemotely,
  probe,
  type RemoteInput,
  type RemoteModel,
  remoteScoreJson,
  scoreRemotely,
} from "../src/index.ts";
import { modelAt } from "./model-at.ts";

const text = (words: string): RemoteInput => ({ kind: "text", text: words });
const auto = { start: "auto" } as const;
const list =
  (...ids: string[]): Route =>
  () => ({ json: { data: ids.map((id) => ({ id })) } });
const MESSAGES = [{ role: "user", content: "Hello" }];
const CHAT: RemoteInput = {
  kind: "chat",
  chat: { messages: MESSAGES, addGenerationPrompt: true },
};

describe("vLLM", () => {
  test("a text is scored by the ids of the server's tokenizer, with ranks and the likeliest tokens", async () => {
    const { model } = await modelAt(serveVllm());
    const scored = await scoreRemotely(model, text("The cat sat 🙂."), { ...auto, top: 2 });
    const json = remoteScoreJson(model, scored, { context: null, byWord: true, columns: {} });
    expect(json.tokens.map((token) => token.text)).toEqual([
      "The",
      " cat",
      " sat",
      " ",
      null,
      null,
      ".",
    ]);
    expect(json.tokens.map(({ logprobNats, id }) => [logprobNats, id])).toEqual(
      scored.tokens.map(({ id }, i) => [i === 0 ? null : logprobOf(id ?? 0), id]),
    );
    expect(json.tokens[1]).toMatchObject({
      rank: 3 + ((scored.tokens[1]?.id ?? 0) % 5),
      entropyBits: null,
      special: null,
      top: [
        { id: 1_000_000, text: " w0", logprobNats: -0.5 },
        { id: 1_000_001, text: " w1", logprobNats: -0.5625 },
      ],
    });
    expect(json.summary).toMatchObject({ tokens: 7, scoredTokens: 6, bytes: 17, scoredBytes: 14 });
    expect(json.words?.map((word) => word.text)).toEqual(["The", " cat", " sat", " 🙂."]);
    expect(json.model).toMatchObject({ id: "big", precision: null, backend: "openai" });
  });

  test("the tokenizer's own start token stands before a text, and --start-token none leaves it out", async () => {
    const { model, server } = await modelAt(serveVllm({ addsStart: true }));
    const scored = await scoreRemotely(model, text("The cat"), auto);
    expect(scored.startTokenId).toBe(0);
    expect(scored.tokens.map(({ logprobNats }) => logprobNats)).not.toContain(null);
    const bare = await scoreRemotely(model, text("The cat"), { start: "none" });
    expect(bare.startTokenId).toBeNull();
    expect(bare.tokens[0]?.logprobNats).toBeNull();
    const prompts = server.seen.filter(({ path }) => path === "/v1/completions");
    expect(prompts.at(-2)?.body["prompt"]).toEqual([0, ...scored.tokens.map(({ id }) => id)]);
  });

  test("a context is joined and tokens that begin after it are counted, one that straddles is named", async () => {
    const { model } = await modelAt(serveVllm());
    const scored = await scoreRemotely(model, text("The cat sat"), auto);
    const options = { context: "The ca", byWord: true, columns: { item: 7 } };
    const json = remoteScoreJson(model, scored, options);
    expect(json.tokens.map((token) => token.text)).toEqual([" sat"]);
    expect(json.context).toMatchObject({
      straddlingIndex: 1,
      straddlingToken: { text: " cat", index: 1 },
    });
    expect(json.words?.map(({ straddles }) => straddles)).toEqual([true, false]);
    expect(json.columns).toEqual({ item: 7 });
  });

  test("ids and a chat are scored as they are, with the text that the server makes of them", async () => {
    const { model } = await modelAt(serveVllm({ addsStart: true }));
    const { tokens } = await scoreRemotely(model, text("one two"), { start: "none" });
    const ids = tokens.flatMap(({ id }) => id ?? []);
    const again = await scoreRemotely(model, { kind: "ids", ids }, auto);
    expect(again).toMatchObject({ startTokenId: null, tokens: [{ id: ids[0] }, { id: ids[1] }] });
    const chat = await scoreRemotely(model, CHAT, auto);
    expect(chat.tokens.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(["Hello"]);
  });

  test("the next token's list has ids, and a named token its rank, wherever it stands", async () => {
    const { model } = await modelAt(serveVllm());
    const wanted = { ...auto, top: 3, named: [" moon"] };
    const next = await nextRemotely(model, text("The cat"), wanted);
    expect(next.top.map((each) => each.id)).toEqual([1_000_000, 1_000_001, 1_000_002]);
    const [named] = next.named;
    expect(named).toMatchObject({ text: " moon", logprobNats: logprobOf(named?.id ?? 0) });
    expect(named?.rank).toBe(1 + ((named?.id ?? 0) % 5));
    const two = nextRemotely(model, text("The"), { ...wanted, named: ["two words"] });
    await expect(two).rejects.toThrow(/--token "two words" is 2 tokens of this model/);
  });

  test("more candidates than the server gives are refused in its own words", async () => {
    const { model } = await modelAt(serveVllm());
    const scored = scoreRemotely(model, text("The cat"), { ...auto, top: 50 });
    await expect(scored).rejects.toThrow(/Requested logprobs of 50, .* max allowed: 20/);
  });

  test("a continuation comes piece by piece with its logprobs, and fields that change nothing are not sent", async () => {
    const { model, server } = await modelAt(serveVllm());
    const settings = { temperature: 0.5, topK: 0, topP: 0.9, minP: 0 };
    const options = { ...auto, settings, seed: 7, maxTokens: 3, top: 2 };
    const { pieces, promptIds } = await generateRemotely(model, text("The cat"), options);
    const written: string[] = [];
    for (let next = await pieces.next(); ; next = await pieces.next()) {
      if (next.done) {
        expect(next.value).toBe("end-token");
        break;
      }
      written.push(next.value.text);
      expect(next.value.tokens[0]?.top).toHaveLength(2);
    }
    expect(written.join("")).toBe(" and so on");
    expect(server.seen.at(-1)?.body).toEqual({
      model: "big",
      prompt: promptIds,
      max_tokens: 3,
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      logprobs: 2,
      stream: true,
    });
  });

  test("what it can do is found by asking, each way once", async () => {
    const { model, server } = await modelAt(serveVllm());
    const found = await probe(model);
    expect(found).toMatchObject({
      completions: true,
      completionTop: 20,
      tokenIds: true,
      tokenizes: true,
      scoring: "prompt-logprobs",
      chat: true,
      chatTop: 0,
      prefill: true,
    });
    const before = server.seen.length;
    expect(before).toBeLessThanOrEqual(20); // docs/scale.md: about twenty small requests
    await scoreRemotely(model, text("The cat"), { start: "none" });
    expect(server.seen.length - before).toBe(3); // which tokens are special, once; its ids, its logprobs
    await scoreRemotely(model, text("The cat"), { start: "none" });
    expect(server.seen.length - before).toBe(5);
  });
});

test.each([
  [20, 20],
  [100, 100],
  [1_000, 1_000],
])(
  "vLLM that lists at most %i candidates is found to list as many",
  async (mostLogprobs, found) => {
    const { model } = await modelAt(serveVllm({ mostLogprobs }));
    expect((await probe(model)).completionTop).toBe(found);
  },
);

/** llama.cpp's server: rows of logprobs with ids, its own /tokenize, no logprobs of a prompt. */
function serveLlama(): Promise<ServingEngine> {
  const candidate = (id: number, token: string, logprob: number) => {
    return { id, token, bytes: [...new TextEncoder().encode(token)], logprob };
  };
  const row = {
    ...candidate(5, " mat", -1),
    top_logprobs: [candidate(5, " mat", -1), candidate(6, " moon", -2)],
  };
  return serveRoutes({
    "/v1/models": list("local.gguf"),
    "/tokenize": () => ({ json: { tokens: [] } }),
    "/v1/completions": ({ body }) => {
      const logprobs = body["logprobs"] === undefined ? null : { content: [row] };
      return { json: { choices: [{ text: " mat", finish_reason: "length", logprobs }] } };
    },
    "/v1/chat/completions": () => refused("this server does not support chat", 501),
  });
}

test("llama-server: the next token's list has ids and bytes, a text cannot be scored, and the sentence says what to use", async () => {
  const { model } = await modelAt(serveLlama());
  const next = await nextRemotely(model, text("The cat"), { ...auto, top: 2, named: [" moon"] });
  expect(next).toMatchObject({
    ids: null,
    top: [
      { id: 5, text: " mat" },
      { id: 6, text: " moon" },
    ],
    named: [{ id: 6, rank: 2 }],
  });
  const missing = nextRemotely(model, text("The cat"), { ...auto, top: 2, named: [" sun"] });
  await expect(missing).rejects.toThrow(/" sun" is not among the 2 tokens .* --engine local/);
  const scored = scoreRemotely(model, text("The cat"), auto);
  await expect(scored).rejects.toThrow(/gives no logprobs of a prompt .* use vLLM/);
  expect(await probe(model)).toMatchObject({
    completions: true,
    completionTop: 2,
    tokenizes: false,
    scoring: null,
    chat: false,
  });
});

/** A server that has chats alone and insists on the newer name of max_tokens, as OpenAI's newer models. */
function serveOpenAi(): Promise<ServingEngine> {
  const top_logprobs = [
    { token: "Hi", bytes: [72, 105], logprob: -0.25 },
    { token: "Hello", bytes: null, logprob: -1.5 },
  ];
  return serveRoutes({
    "/v1/models": list("small", "large"),
    "/v1/completions": () => refused("This is a chat model and not supported here.", 404),
    "/v1/chat/completions": ({ body }) => {
      if (body["max_tokens"] !== undefined) {
        return refused("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.");
      }
      if (Number(body["top_logprobs"] ?? 0) > 20) return refused("top_logprobs is at most 20");
      const logprobs = body["logprobs"]
        ? { content: [{ ...top_logprobs[0], top_logprobs }] }
        : null;
      if (body["stream"]) {
        return {
          events: [
            { choices: [{ delta: { content: "Hi" }, logprobs, finish_reason: null }] },
            { choices: [{ delta: {}, finish_reason: "content_filter" }] },
          ],
        };
      }
      const message = { role: "assistant", content: "Hi" };
      return { json: { choices: [{ message, finish_reason: "stop", logprobs }] } };
    },
  });
}

describe("OpenAI", () => {
  test("of several models one must be named, and one that is not there is refused with those that are", async () => {
    await expect(modelAt(serveOpenAi())).rejects.toThrow(/it lists small, large; name one/);
    await expect(modelAt(serveOpenAi(), { id: "medium" })).rejects.toThrow(
      /no model "medium": it lists/,
    );
  });

  test("a chat's next token and continuation are there, a text is refused with the server's reason", async () => {
    const { model } = await modelAt(serveOpenAi(), { id: "small" });
    const next = await nextRemotely(model, CHAT, { ...auto, top: 2, named: ["Hello"] });
    expect(next).toMatchObject({ top: [{ text: "Hi" }, { text: "Hello" }], named: [{ rank: 2 }] });
    const plain = nextRemotely(model, text("The cat"), { ...auto, top: 2, named: [] });
    await expect(plain).rejects.toThrow(/This is a chat model/);
    const settings = { temperature: 0, topK: 0, topP: 1, minP: 0 };
    const options = { ...auto, settings, seed: 1, maxTokens: 5, top: 2 };
    const { pieces } = await generateRemotely(model, CHAT, options);
    expect(await pieces.next()).toMatchObject({ value: { text: "Hi" } });
    expect(await pieces.next()).toEqual({ done: true, value: "content_filter" });
  });

  test("what it can do is told apart from what it refuses", async () => {
    const { model } = await modelAt(serveOpenAi(), { id: "small" });
    expect(await probe(model)).toEqual({
      completions: false,
      contradictsItself: false,
      completionTop: 0,
      tokenIds: false,
      tokenizes: false,
      scoring: null,
      chat: true,
      chatTop: 2,
      prefill: false,
      tools: true,
      seed: false,
    });
  });
});

test("Ollama: without logprobs the sentence says that there is no distribution", async () => {
  const { model } = await modelAt(
    serveRoutes({
      "/v1/models": list("llama3.2:1b"),
      "/v1/completions": () => ({ json: { choices: [{ text: " mat", finish_reason: "length" }] } }),
    }),
  );
  const next = nextRemotely(model, text("The cat"), { ...auto, top: 2, named: [] });
  await expect(next).rejects.toThrow(/gives no logprobs for "llama3.2:1b", so there is no/);
});

test("an answer in no known shape is an error that says where", async () => {
  const broken: Readonly<Record<string, Route>> = {
    "/v1/models": () => ({ json: { models: [] } }),
  };
  await expect(modelAt(serveRoutes(broken))).rejects.toThrow(
    /\/models answered what OpenAI's API does not at data: .*check the address/,
  );
});

test("a key that is refused ends a probe; it is no missing ability", async () => {
  const { model } = await modelAt(
    serveRoutes({ "/v1/models": list("m"), "/v1/completions": () => refused("no key", 401) }),
  );
  const asked: Promise<unknown> = (async (each: RemoteModel) => probe(each))(model);
  await expect(asked).rejects.toThrow(/answered 401: no key/);
});
