import { GREEDY, generateAll } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startToyServer, type ToyServer } from "./toy-server.ts";

let server: ToyServer;
let client: OpenAI;
const messages = [{ role: "user" as const, content: "hello" }];

beforeAll(async () => {
  server = await startToyServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
});

afterAll(() => server.close());

/** Ids that the toy writes behind a text, as the command line would. */
async function toyReply(text: string, maxTokens: number) {
  const engine = openToyEngine();
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(toyTokenizer.encode(text)));
  const options = { engine, sequence, endTokenIds: [], settings: GREEDY, seed: 1, maxTokens };
  return (await generateAll(options)).steps;
}

test("the models are listed and found", async () => {
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toEqual(["toy", "plain", "broken"]);
  expect(await client.models.retrieve("toy")).toMatchObject({ id: "toy", object: "model" });
  await expect(client.models.retrieve("gpt-9")).rejects.toThrow(OpenAI.NotFoundError);
});

test("a completion gives the tokens that a generation alone gives, with logprobs and counts", async () => {
  const steps = await toyReply("ab", 4);
  const { choices, usage, model } = await client.completions.create({
    model: "toy",
    prompt: "ab",
    max_tokens: 4,
    temperature: 0,
    logprobs: 3,
  });
  const logprobs = choices[0]?.logprobs;
  expect(model).toBe("toy");
  expect(choices.length).toBe(1);
  expect(logprobs?.tokens?.length).toBe(4);
  expect(logprobs?.token_logprobs).toEqual(
    steps.map(({ predictionBefore }) => predictionBefore.topLogprobsNats[0]),
  );
  expect(Object.keys(logprobs?.top_logprobs?.[0] ?? {}).length).toBe(3);
  expect(usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 });
});

test("echo with max_tokens 0 scores the prompt, the first token not", async () => {
  const { choices } = await client.completions.create({
    model: "toy",
    prompt: "abc",
    max_tokens: 0,
    echo: true,
    logprobs: 1,
  });
  const [choice] = choices;
  expect(choice?.text).toBe("abc");
  expect(choice?.finish_reason).toBe("length");
  expect(choice?.logprobs?.tokens).toEqual(["a", "b", "c"]);
  expect(choice?.logprobs?.text_offset).toEqual([0, 1, 2]);
  const [first, ...rest] = choice?.logprobs?.token_logprobs ?? [];
  expect(first).toBeNull();
  expect(rest.every((logprob) => typeof logprob === "number" && logprob < 0)).toBe(true);
  expect(choice?.logprobs?.top_logprobs?.[0]).toBeNull();
});

test("lists of texts and of ids are answered in their order, n choices each, as each alone", async () => {
  const asked = { model: "toy", max_tokens: 5, temperature: 1, seed: 7 } as const;
  const both = await client.completions.create({ ...asked, prompt: ["one", "two"], n: 2 });
  expect(both.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  const ids = await client.completions.create({
    ...asked,
    prompt: [
      [111, 110, 101],
      [116, 119, 111],
    ],
    n: 2,
  });
  expect(ids.choices.map(({ text }) => text)).toEqual(both.choices.map(({ text }) => text));
  const two = await client.completions.create({ ...asked, prompt: "two", n: 2 });
  expect(two.choices.map(({ text }) => text)).toEqual(
    both.choices.slice(2).map(({ text }) => text),
  );
  const next = await client.completions.create({ ...asked, prompt: "two", seed: 8 });
  expect(next.choices[0]?.text).toBe(both.choices[3]?.text); // the second choice draws with the next seed
  expect(both.usage?.prompt_tokens).toBe(6);
});

test("a stream of a completion is its text piece by piece, with counts at the end where asked for", async () => {
  const asked = { model: "toy", prompt: "stream", max_tokens: 9, temperature: 1, seed: 3 } as const;
  const whole = await client.completions.create({ ...asked, logprobs: 0 });
  const stream = await client.completions.create({
    ...asked,
    logprobs: 0,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  const tokens: string[] = [];
  const ends: unknown[] = [];
  let usage: unknown = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.text ?? "";
    tokens.push(...(chunk.choices[0]?.logprobs?.tokens ?? []));
    if (chunk.choices[0]?.finish_reason) ends.push(chunk.choices[0].finish_reason);
    usage = chunk.usage ?? usage;
  }
  expect(text).toBe(whole.choices[0]?.text);
  expect(tokens).toEqual(whole.choices[0]?.logprobs?.tokens);
  expect(ends).toEqual([whole.choices[0]?.finish_reason]);
  const counted = { completion_tokens: tokens.length, total_tokens: 6 + tokens.length };
  expect(usage).toMatchObject({ prompt_tokens: 6, ...counted });
});

test("a chat is answered by the template's prompt, with rows of logprobs", async () => {
  const { choices, usage } = await client.chat.completions.create({
    model: "toy",
    messages: [
      {
        role: "system",
        content: [
          { type: "text", text: "be " },
          { type: "text", text: "brief" },
        ],
      },
      ...messages,
    ],
    max_completion_tokens: 3,
    temperature: 0,
    logprobs: true,
    top_logprobs: 5,
  });
  const [choice] = choices;
  expect(choice?.message.role).toBe("assistant");
  expect(choice?.logprobs?.content?.length).toBe(3);
  expect(choice?.logprobs?.content?.[0]?.top_logprobs.length).toBe(5);
  expect(choice?.logprobs?.content?.[0]?.logprob).toBe(
    choice?.logprobs?.content?.[0]?.top_logprobs[0]?.logprob,
  );
  // <|im_start|>system\nbe brief<|im_end|> is 17 tokens, user\nhello 12, the opened turn 11
  expect(usage?.prompt_tokens).toBe(17 + 12 + 11);
});

test("a streamed chat is the whole one in pieces, for each of its choices", async () => {
  const asked = { model: "toy", messages, max_tokens: 6, seed: 11, n: 3 } as const;
  const whole = await client.chat.completions.create(asked);
  const stream = client.chat.completions.stream({ ...asked, stream: true });
  const final = await stream.finalChatCompletion();
  expect(final.choices.map(({ message }) => message.content)).toEqual(
    whole.choices.map(({ message }) => message.content),
  );
  expect(new Set(whole.choices.map(({ message }) => message.content)).size).toBeGreaterThan(1);
});

test("an error is the client's own, with the sentence and the field", async () => {
  const asked = client.chat.completions.create({
    model: "toy",
    messages,
    top_logprobs: 2000,
    logprobs: true,
  });
  await expect(asked).rejects.toThrow(
    /top_logprobs is 2000, which is not allowed; give a whole number from 0 to 1000/,
  );
  await expect(asked).rejects.toMatchObject({
    status: 400,
    param: "top_logprobs",
    type: "invalid_request_error",
  });
});
