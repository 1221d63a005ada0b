// A place of a conversation asked of servers of each shape.

import type { Reading } from "@tokenscope/core";
import { describe, expect, test } from "vitest";
import {
  type Route,
  refused,
  serveEcho,
  serveRoutes,
  serveVllm,
} from "../../../fixtures/serving-engines.ts";
import { readRemotely } from "../src/index.ts";
import { modelAt } from "./model-at.ts";

const LIST: Route = () => ({ json: { data: [{ id: "big" }] } });
const plain: Reading = { messages: [], role: "text", before: "The cat", after: " sat down" };
const reply: Reading = {
  messages: [{ role: "user", content: "Count." }],
  role: "assistant",
  before: "one two",
  after: " three",
};

test("a server that lists fewer candidates beside a prompt than are wanted gives as many as it lists", async () => {
  const { model } = await modelAt(serveVllm({ mostLogprobs: 7 }));
  const { top, next } = await readRemotely(model, plain, { top: 12 });
  expect(top.length).toBe(7); // which its refusal names
  expect(next?.text).toBe(" sat");
});

describe("a server that scores by echo", () => {
  test("tells what the token that comes next in a plain text costs, and its rank where the list shows it", async () => {
    const { model } = await modelAt(serveEcho({ logprobsNats: [-2, -0.53] }));
    const { way, top, next } = await readRemotely(model, plain, { top: 5 });
    expect([way, top.length]).toEqual(["text", 5]);
    expect(next).toMatchObject({ text: " sat", logprobNats: -0.53, rank: 2 });
  });

  test("says where its tokenizer cuts the whole text elsewhere", async () => {
    const { model } = await modelAt(serveEcho({ logprobsNats: [-2, -0.5] }));
    const cut = await readRemotely(
      model,
      { ...plain, before: "The c", after: "at sat" },
      { top: 5 },
    );
    expect(cut).toMatchObject({ isStraddled: true, next: null });
  });

  test("continues a conversation as one text where it has no chat", async () => {
    const { model, server } = await modelAt(serveEcho({ logprobsNats: [-2, -3, -4, -5, -6] }));
    const { way, next } = await readRemotely(model, reply, { top: 5 });
    expect([way, next?.text, next?.logprobNats]).toEqual(["joined", " three", -6]);
    const prompts = server.seen.map(({ body }) => body["prompt"]);
    expect(prompts).toContain("Count.\n\none two");
  });
});

/** A chat server that goes on with a begun reply, by itself or as vLLM wants to be told; with no completions. */
function serveChat(goesOn: (body: Readonly<Record<string, unknown>>) => boolean) {
  const token = { token: " three", logprob: -0.25, bytes: null };
  return serveRoutes({
    "/v1/models": LIST,
    "/v1/chat/completions": ({ body }) => ({
      json: {
        choices: [
          {
            message: { content: goesOn(body) ? " 9, 10" : "Hello" },
            logprobs: body["logprobs"] ? { content: [{ ...token, top_logprobs: [token] }] } : null,
          },
        ],
      },
    }),
  });
}

describe("inside a reply, a server that scores no prompts", () => {
  test.each([
    ["by itself", () => true, {}],
    [
      "as vLLM wants to be told",
      (body: Readonly<Record<string, unknown>>) => body["continue_final_message"] === true,
      { continue_final_message: true, add_generation_prompt: false },
    ],
  ] as const)(
    "is given the begun reply where it goes on with one, %s",
    async (_, goesOn, fields) => {
      const { model, server } = await modelAt(serveChat(goesOn));
      const read = await readRemotely(model, reply, { top: 5 });
      expect(read).toMatchObject({ way: "begun", next: null, top: [{ text: " three", rank: 1 }] });
      const begun = { role: "assistant", content: "one two" };
      expect(server.seen.at(-1)?.body).toMatchObject({
        messages: [...reply.messages, begun],
        ...fields,
      });
      const tried = server.seen.length;
      await readRemotely(model, reply, { top: 5 });
      expect(server.seen.length).toBe(tried + 1); // what it can is found out once
    },
  );

  test("is refused in a sentence where it begins each reply anew", async () => {
    const { model } = await modelAt(serveChat(() => false));
    const read = readRemotely(model, reply, { top: 5 });
    await expect(read).rejects.toThrow(/begins a reply anew.*choose the first token of a reply/);
  });

  test("is asked in a plain text or a user's message only if it continues texts", async () => {
    const { model } = await modelAt(serveChat(() => true));
    for (const role of ["text", "user"]) {
      const read = readRemotely(model, { ...plain, role }, { top: 5 });
      await expect(read).rejects.toThrow(/takes chats alone/);
    }
  });
});

test("a base model that scores prompts and has no chat template reads a conversation as one text", async () => {
  const { model } = await modelAt(serveVllm({ hasTemplate: false }));
  const read = await readRemotely(model, reply, { top: 5 });
  expect(read).toMatchObject({ way: "joined", next: { text: " three" } });
});

test("names without a word's leading space do not say which token they are", async () => {
  const told = (await readRemotely((await modelAt(serveVllm())).model, plain, { top: 5 })).next;
  expect(told?.bytes).toEqual(new TextEncoder().encode(" sat"));
  const { model } = await modelAt(serveVllm({ namesTrimmed: true }));
  const { top, next } = await readRemotely(model, plain, { top: 5 });
  expect(next).toMatchObject({ text: "sat", bytes: null });
  expect(top.map(({ bytes }) => bytes)).toEqual([null, null, null, null, null]);
});

test("what a server lacks for another reason is that server's own sentence", async () => {
  const { model } = await modelAt(
    serveRoutes({ "/v1/models": LIST, "/v1/chat/completions": () => refused("no key", 401) }),
  );
  await expect(readRemotely(model, { ...reply, before: "" }, { top: 5 })).rejects.toThrow(/no key/);
});
