import { toyTokenizer } from "@tokenscope/core/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post, startToyServer, type ToyServer } from "./toy-server.ts";

let server: ToyServer;

beforeAll(async () => {
  server = await startToyServer();
});

afterAll(() => server.close());

type Json = Readonly<Record<string, unknown>>;

async function ask<T = Json>(path: string, body: unknown): Promise<T> {
  const answer = await post(server.url + path, body);
  if (answer.status !== 200) throw new Error(await answer.text());
  return (await answer.json()) as T;
}

interface Completion {
  readonly choices: readonly {
    readonly text: string;
    readonly finish_reason: string;
    readonly stop_reason: string | null;
    readonly logprobs: {
      readonly tokens: readonly string[];
      readonly token_logprobs: readonly (number | null)[];
      readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[];
      readonly text_offset: readonly number[];
    } | null;
    readonly prompt_logprobs?: readonly (Readonly<
      Record<
        string,
        { readonly logprob: number; readonly rank: number | null; readonly decoded_token: string }
      >
    > | null)[];
  }[];
  readonly usage: { readonly completion_tokens: number };
}

const complete = (body: unknown) => ask<Completion>("/v1/completions", body);

test("a stop text ends a choice before it, wherever its tokens break", async () => {
  const asked = { prompt: "tell", temperature: 0, max_tokens: 12, ignore_eos: true };
  const [whole] = (await complete(asked)).choices;
  const text = whole?.text ?? "";
  const stop = text.slice(4, 7);
  const { choices, usage } = await complete({ ...asked, stop: ["never there", stop] });
  expect(choices[0]).toMatchObject({
    text: text.slice(0, text.indexOf(stop)),
    finish_reason: "stop",
    stop_reason: stop,
  });
  expect(usage.completion_tokens).toBeLessThan(12);
});

test("the logprobs of a prompt say of each token how likely it was, its rank, and what was likelier", async () => {
  const { choices } = await complete({
    prompt: "abc",
    max_tokens: 1,
    prompt_logprobs: 2,
    echo: true,
    logprobs: 2,
  });
  const [choice] = choices;
  const [first, second] = choice?.prompt_logprobs ?? [];
  expect(first).toBeNull();
  const own = second?.[String("b".charCodeAt(0))];
  expect(own).toMatchObject({ decoded_token: "b", logprob: choice?.logprobs?.token_logprobs[1] });
  expect(own?.rank).toBeGreaterThan(0);
  expect(Object.values(second ?? {}).map(({ rank }) => rank)).toEqual(expect.arrayContaining([1]));
  expect(Object.keys(second ?? {}).length).toBe(own?.rank === 1 || own?.rank === 2 ? 2 : 3);
});

test("a long echo comes in pieces, each token under the prediction before it", async () => {
  const asked = { prompt: "é".repeat(75), max_tokens: 1, temperature: 0, echo: true, logprobs: 60 };
  const [whole] = (await complete(asked)).choices;
  const answer = await post(`${server.url}/v1/completions`, { ...asked, stream: true });
  const events = (await answer.text()).split("\n\n").filter((event) => event.includes("choices"));
  const told = events.map((event) => JSON.parse(event.slice("data: ".length)) as Completion);
  const logprobs = told.flatMap(({ choices }) => choices[0]?.logprobs ?? []);
  expect(logprobs.map(({ tokens }) => tokens.length)).toEqual([64, 64, 22, 1]);
  for (const column of ["token_logprobs", "top_logprobs", "text_offset"] as const) {
    const all = logprobs.flatMap((each): readonly unknown[] => each[column]);
    expect(all).toEqual(whole?.logprobs?.[column]);
  }
  expect(told.map(({ choices }) => choices[0]?.text).join("")).toBe(whole?.text);
});

test("up to 1000 candidates are given: all of a small vocabulary sum to 1", async () => {
  const { choices } = await complete({
    prompt: "a",
    max_tokens: 1,
    logprobs: 1000,
    return_tokens_as_token_ids: true,
  });
  const top = Object.entries(choices[0]?.logprobs?.top_logprobs[0] ?? {});
  expect(top.length).toBe(259);
  expect(top.reduce((sum, [, logprob]) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 5);
  expect(top.every(([name]) => /^token_id:\d+$/.test(name))).toBe(true);
});

test("tokens named by id get their logprobs at every position, the same as in the whole list", async () => {
  const asked = { prompt: "ab", max_tokens: 2, temperature: 0, return_tokens_as_token_ids: true };
  const [all] = (await complete({ ...asked, logprobs: 1000 })).choices;
  const [named] = (await complete({ ...asked, logprob_token_ids: [3, 258] })).choices;
  for (const [i, top] of (named?.logprobs?.top_logprobs ?? []).entries()) {
    for (const name of ["token_id:3", "token_id:258"]) {
      expect(top?.[name]).toBeCloseTo(all?.logprobs?.top_logprobs[i]?.[name] ?? Number.NaN, 4);
    }
  }
});

test("half a character is told by its bytes, and shown once it is whole", async () => {
  const ids = [...toyTokenizer.encode("é")];
  const { choices } = await complete({
    prompt: [[65, ...ids, 66]],
    max_tokens: 0,
    echo: true,
    logprobs: 0,
  });
  expect(choices[0]?.text).toBe("AéB");
  expect(choices[0]?.logprobs?.tokens).toEqual(["A", "bytes:\\xc3", "bytes:\\xa9", "B"]);
  expect(choices[0]?.logprobs?.text_offset).toEqual([0, 1, 1, 2]);
});

test("a seed gives the same text again, and no seed another one", async () => {
  const asked = { prompt: "dice", max_tokens: 20, ignore_eos: true };
  const text = async (more: Json) => (await complete({ ...asked, ...more })).choices[0]?.text;
  expect(await text({ seed: -5 })).toBe(await text({ seed: -5 }));
  expect(await text({ seed: 2 ** 53 - 1, n: 2 })).toBe(await text({ seed: 2 ** 53 - 1 }));
  expect(await text({})).not.toBe(await text({}));
});

test("tools are given to the template where it writes them, and left out where no tool may be called", async () => {
  const messages = [{ role: "user", content: "weather?" }];
  const tools = [{ type: "function", function: { name: "weather", parameters: {} } }];
  const count = async (more: Json) =>
    (await ask<{ count: number }>("/tokenize", { messages, ...more })).count;
  expect(await count({ tools })).toBeGreaterThan(await count({}));
  interface Chat {
    readonly usage: { readonly prompt_tokens: number };
  }
  const chat = { messages, tools, max_tokens: 1 };
  const without = await ask<Chat>("/v1/chat/completions", { ...chat, tool_choice: "none" });
  expect(without.usage.prompt_tokens).toBe(await count({}));
});

test("an assistant's tool calls and a tool's answer are written by the template", async () => {
  const call = (name: string) => ({
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call00000", type: "function", function: { name, arguments: '{"n": 3}' } }],
  });
  const answer = { role: "tool", tool_call_id: "call00000", content: "12" };
  const text = async (name: string) => {
    const messages = [{ role: "user", content: "rows?" }, call(name), answer];
    const { tokens } = await ask<{ tokens: number[] }>("/tokenize", { messages });
    return (await ask<{ prompt: string }>("/detokenize", { tokens })).prompt;
  };
  expect(await text("rows")).toContain('[{"id":"call00000","name":"rows","arguments":{"n":3}}]');
  expect(await text("rows")).toContain("tool\n12");
});

test("tokens and their text go both ways, special tokens too", async () => {
  const tokenized = await ask("/tokenize", { prompt: "hé<|im_end|>", return_token_strs: true });
  expect(tokenized).toEqual({
    count: 4,
    max_model_len: 256,
    tokens: [104, 0xc3, 0xa9, 258],
    token_strs: ["h", "bytes:\\xc3", "bytes:\\xa9", "<|im_end|>"],
  });
  expect(await ask("/detokenize", { tokens: tokenized["tokens"] })).toEqual({
    prompt: "hé<|im_end|>",
  });
});

test("the list of models tells each context's length as vLLM does, and opens none for it", async () => {
  const fresh = await startToyServer();
  const json = async (path: string) => (await (await fetch(fresh.url + path)).json()) as Json;
  const { data } = (await json("/v1/models")) as { readonly data: readonly Json[] };
  expect(data.map(({ id, max_model_len }) => [id, max_model_len])).toEqual([
    ["toy", 256],
    ["plain", 256],
    ["broken", null], // its header cannot be read
  ]);
  expect(await json("/v1/models/toy")).toMatchObject({ id: "toy", max_model_len: 256 });
  expect(await json("/healthz")).toMatchObject({ engines: {} });
  await fresh.close();
});

test("a harness learns which tokens end and start a text", async () => {
  const info = (await (await fetch(`${server.url}/tokenizer_info`)).json()) as Json;
  expect(info).toMatchObject({ eos_token: "<|endoftext|>", bos_token: null, vocab_size: 259 });
});

test("fields that change nothing are taken: null, neutral values, what only OpenAI keeps", async () => {
  const neutral = {
    presence_penalty: 0,
    frequency_penalty: 0,
    logit_bias: {},
    suffix: null,
    best_of: 1,
    top_k: -1,
  };
  const kept = { user: "me", metadata: { a: "b" }, store: false, service_tier: "auto" };
  const asked = { model: "toy", prompt: "a", max_tokens: 1, stop: null, seed: null };
  expect((await complete({ ...asked, ...neutral, ...kept })).choices.length).toBe(1);
});

test("a key is asked for where the API computes or tells, and not for the page", async () => {
  const locked = await startToyServer({ apiKey: "s3cret" });
  try {
    const status = async (path: string, authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(locked.url + path, { headers })).status;
    };
    for (const path of [
      "/v1/models",
      "/v1/completions",
      "/tokenize",
      "/detokenize",
      "/tokenizer_info",
      "/v1/none",
    ]) {
      for (const wrong of [
        undefined,
        "",
        "Bearer",
        "Bearer s3cre",
        "Bearer s3cret2",
        "Basic s3cret",
      ]) {
        expect([path, wrong, await status(path, wrong)]).toEqual([path, wrong, 401]);
      }
      expect(await status(path, "Bearer s3cret")).not.toBe(401);
    }
    expect(await status("/healthz")).toBe(200);
    expect(await status("/")).toBe(200);
    const answer = await post(
      `${locked.url}/v1/completions`,
      { prompt: "a" },
      { authorization: "Bearer guess" },
    );
    const said = await answer.text();
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(said).toMatch(/"type":"authentication_error"/);
    expect(said).not.toMatch(/guess|s3cret/);
  } finally {
    await locked.close();
  }
});
