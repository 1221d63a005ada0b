// Texts scored by OpenAI's echo, on servers that write behind it, or count, or name their tokens in their own ways.

import { describe, expect, test } from "vitest";
import { refused, serveEcho, serveRoutes } from "../../../fixtures/serving-engines.ts";
import { nextRemotely, probe, type RemoteInput, scoreRemotely } from "../src/index.ts";
import { modelAt } from "./model-at.ts";

const text = (words: string): RemoteInput => ({ kind: "text", text: words });
const auto = { start: "auto" } as const;

type Change = NonNullable<NonNullable<Parameters<typeof serveEcho>[0]>["change"]>;

/** An echo with a token that the server wrote behind it. */
function withToken(token: string): Change {
  return ({ text: echoed, finish_reason, logprobs }) => ({
    text: echoed + token,
    finish_reason,
    logprobs: {
      tokens: [...logprobs.tokens, token],
      token_logprobs: [...logprobs.token_logprobs, -1],
      top_logprobs: [...logprobs.top_logprobs, null],
      text_offset: [...logprobs.text_offset, echoed.length],
    },
  });
}

describe("echo", () => {
  test("a text is scored by its tokens' texts, with a rank only within as many as were asked for", async () => {
    const { model } = await modelAt(serveEcho({ logprobsNats: [-0.5, -0.53, -4] }));
    const options = { ...auto, top: 2 };
    const { tokens } = await scoreRemotely(model, text("The cat sat on mats"), options);
    expect(tokens.map(({ logprobNats, rank, id }) => [logprobNats, rank, id])).toEqual([
      [null, null, null],
      [-0.5, 1, null],
      [-0.53, 2, null],
      [-4, null, null], // listed third, behind the two that were asked for
      [Number.NEGATIVE_INFINITY, null, null],
    ]);
    expect(tokens[3]?.top.map((each) => each.text)).toEqual([" w0", " w1"]);
    const ids = scoreRemotely(model, { kind: "ids", ids: [1] }, auto);
    await expect(ids).rejects.toThrow(/scores texts by echo and takes no token ids/);
  });

  test("a server that writes on behind its echo has no way to score a text", async () => {
    const { model } = await modelAt(serveEcho({ change: withToken(" more") }));
    expect(await model.scoringWay()).toBeNull();
    const scored = scoreRemotely(model, text("The cat"), auto);
    await expect(scored).rejects.toThrow(/gives no logprobs of a prompt/);
  });

  test.each<[string, Change, RegExp]>([
    [
      "another text",
      (choice) => ({ ...choice, text: "A cat" }),
      /echoed another text than it was given/,
    ],
    [
      "a token behind the text",
      (choice) => ({ ...withToken(" more")(choice), text: choice.text }),
      /gave other tokens than those of the text it was given/,
    ],
    [
      "a column that is too short",
      (choice) => ({ ...choice, logprobs: { ...choice.logprobs, token_logprobs: [null] } }),
      /gave 1 token_logprobs for 3 tokens/,
    ],
    [
      "lists for fewer tokens",
      (choice) => ({ ...choice, logprobs: { ...choice.logprobs, top_logprobs: [null] } }),
      /gave 1 top_logprobs for 3 tokens/,
    ],
  ])("an echo with %s is refused", async (_, change, sentence) => {
    const later: Change = (choice) => (choice.text.startsWith("The cat") ? change(choice) : choice);
    const { model } = await modelAt(serveEcho({ change: later }));
    await expect(scoreRemotely(model, text("The cat"), auto)).rejects.toThrow(sentence);
  });

  test("a named next token that the server drew from behind its list has no rank", async () => {
    const { model } = await modelAt(serveEcho({ logprobsNats: [-4] }));
    const wanted = { ...auto, top: 2, named: [" on", " w1"] };
    const next = await nextRemotely(model, text("The cat"), wanted);
    expect(next.named).toMatchObject([
      { logprobNats: -4, rank: null },
      { logprobNats: -0.5625, rank: 2 },
    ]);
    expect(next.top).toHaveLength(2);
  });
});

/** llama-cpp-python 0.3: none is no end to it, the written token has no logprobs, and what it does not take is 500. */
function serveLlamaCppPython(pieces: readonly string[]) {
  const prompts: Readonly<Record<string, readonly string[]>> = {
    "one two three": ["one", " two", " three"],
    [pieces.join("")]: pieces,
  };
  return serveRoutes({
    "/v1/models": () => ({ json: { data: [{ id: "smol" }] } }),
    "/v1/completions": ({ body }) => {
      const { prompt, max_tokens: most, echo } = body;
      if (typeof prompt !== "string") return refused("validation errors", 500);
      const tokens = prompts[prompt] ?? [prompt];
      const written = most === 0 ? " and on".repeat(200) : "\n";
      const token_logprobs = tokens.map((_, i) => (i === 0 ? null : -i));
      const top_logprobs = tokens.map((token, i) => (i === 0 ? null : { [token]: -i }));
      const text_offset = tokens.map((_, i) => i);
      return {
        json: {
          choices: [
            {
              text: (echo === true ? prompt : "") + written,
              finish_reason: "length",
              logprobs: { tokens, token_logprobs, top_logprobs, text_offset },
            },
          ],
          usage: { prompt_tokens: tokens.length, completion_tokens: 1 },
        },
      };
    },
  });
}

describe("llama-cpp-python", () => {
  test("is asked for a token behind the echo, never for none, and its own list of tokens is the text's", async () => {
    const { model, server } = await modelAt(serveLlamaCppPython(["The", " cat", " sat"]));
    const { tokens } = await scoreRemotely(model, text("The cat sat"), auto);
    expect(tokens.map(({ logprobNats }) => logprobNats)).toEqual([null, -1, -2]);
    expect(server.seen.filter(({ body }) => body["max_tokens"] === 0)).toEqual([]);
    const found = await probe(model);
    expect(found).toMatchObject({ completions: true, tokenIds: false, scoring: "echo" });
    const ids = server.seen.filter(({ body }) => Array.isArray(body["prompt"]));
    expect(ids).toHaveLength(1); // a refusal is not tried again
  });

  test("an echo that contradicts the server's own list of what comes next is believed in nothing", async () => {
    const next = { " three": -0.2, " four": -2 };
    const serving = (
      echoed: number,
      lists: { list?: Record<string, number>; beside?: Record<string, number> } = {},
    ) => {
      const { list = next, beside = {} } = lists;
      return serveRoutes({
        "/v1/models": () => ({ json: { data: [{ id: "smol" }] } }),
        "/v1/completions": ({ body }) => {
          const isEcho = body["echo"] === true;
          const tokens = isEcho ? ["one", " two", " three"] : [" three"];
          const token_logprobs = isEcho ? [null, -3, echoed] : [-0.2];
          const top_logprobs = isEcho ? [null, null, { ...beside, " three": echoed }] : [list];
          const text = isEcho ? `${body["prompt"]}!` : " three";
          return {
            json: { choices: [{ text, logprobs: { tokens, token_logprobs, top_logprobs } }] },
          };
        },
      });
    };
    const { model } = await modelAt(serving(-8));
    expect(await model.scoringWay()).toBeNull();
    const scored = scoreRemotely(model, text("one two three"), auto);
    await expect(scored).rejects.toThrow(
      /echoes logprobs for "smol" that contradict what it lists/,
    );
    const list = { " four": -2 };
    const ways = [
      serving(-0.25), // the same, as near as two ways of computing are
      serving(-5, { list }), // below all that is listed
      serving(-1, { list }), // above
      serving(-5, { list, beside: { " years": -1 } }), // llama-cpp-python 0.3.36: the likeliest of the place behind
    ];
    const found = await Promise.all(
      ways.map(async (way) => (await modelAt(way)).model.scoringWay()),
    );
    expect(found).toEqual(["echo", "echo", null, null]);
  });

  test("a server that lists nothing to hold its echo against is believed, and half characters that nobody counts are not", async () => {
    const serving = (names: readonly string[], usage: object) =>
      serveRoutes({
        "/v1/models": () => ({ json: { data: [{ id: "smol" }] } }),
        "/v1/completions": ({ body }) => {
          if (body["echo"] !== true) return refused("logprobs is at most 1");
          const isProbe = body["prompt"] === "one two three";
          const tokens = isProbe ? ["one", " two", " three"] : names;
          const token_logprobs = tokens.map((_, i) => (i === 0 ? null : -i));
          const choice = { text: `${body["prompt"]}!`, logprobs: { tokens, token_logprobs } };
          return { json: { choices: [choice], usage } };
        },
      });
    const asked = (names: readonly string[], usage: object) =>
      modelAt(serving(names, usage)).then(({ model }) => scoreRemotely(model, text("xé"), auto));
    const unnamed = await asked(["x", "", ""], { prompt_tokens: 3 });
    expect(unnamed.tokens.map(({ logprobNats }) => logprobNats)).toEqual([null, -1, -2]);
    const uncounted = asked(["x", "\u{fffd}", "\u{fffd}"], {});
    await expect(uncounted).rejects.toThrow(/gave other tokens than those of the text/);
  });

  test("half characters, whose names join to no text, are counted as the server counts its prompt", async () => {
    const signs = ["x", "\u{fffd}", "\u{fffd}"];
    const { model } = await modelAt(
      serveRoutes({
        "/v1/models": () => ({ json: { data: [{ id: "smol" }] } }),
        "/v1/completions": ({ body }) => {
          const isProbe = body["prompt"] === "one two three";
          const tokens = isProbe ? ["one", " two", " three"] : signs;
          const token_logprobs = tokens.map((_, i) => (i === 0 ? null : -i));
          return {
            json: {
              choices: [{ text: `${body["prompt"]}!`, logprobs: { tokens, token_logprobs } }],
              usage: { prompt_tokens: tokens.length },
            },
          };
        },
      }),
    );
    const { tokens } = await scoreRemotely(model, text("xé"), auto);
    expect(tokens.map(({ logprobNats }) => logprobNats)).toEqual([null, -1, -2]);
  });
});
