// What a server writes, and what it would write otherwise than was asked.

import { EngineError, UsageError } from "@tokenscope/core";
import { afterEach, expect, test } from "vitest";
import {
  type Route,
  refused,
  type ServingEngine,
  serveRoutes,
} from "../../../fixtures/serving-engines.ts";
import {
  type GeneratedPiece,
  generateRemotely,
  nextRemotely,
  openEndpoint,
  openRemoteModel,
  type RemoteChat,
  type RemoteInput,
  type RemoteModel,
  type RemoteStart,
} from "../src/index.ts";

const open: ServingEngine[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function modelAt(routes: Readonly<Record<string, Route>>) {
  const models: Route = () => ({ json: { data: [{ id: "m" }] } });
  const server = await serveRoutes({ "/v1/models": models, ...routes });
  open.push(server);
  return { server, model: await openRemoteModel(openEndpoint({ ...server, retries: 0 }), null) };
}

/** What a server writes, and how it ended: its reason, or the error. */
async function written(model: RemoteModel, input: RemoteInput) {
  const settings = { temperature: 0, topK: 0, topP: 1, minP: 0 };
  const options = { start: "auto" as const, settings, seed: 1, maxTokens: 5, top: 0 };
  const { pieces } = await generateRemotely(model, input, options);
  let all = "";
  for (;;) {
    const next = await pieces.next().catch((error: unknown) => ({ done: true, value: error }));
    if (next.done) return { text: all, ending: next.value };
    all += (next.value as GeneratedPiece).text;
  }
}

test("a stream that ends without a finish_reason broke off; how it would have ended is no guess", async () => {
  const events = [{ choices: [{ text: " and", finish_reason: null }] }];
  const { model } = await modelAt({ "/v1/completions": () => ({ events }) });
  const { text: all, ending } = await written(model, { kind: "text", text: "The cat" });
  expect(all).toBe(" and");
  expect(ending).toBeInstanceOf(EngineError);
  expect(String(ending)).toMatch(/\/completions broke off: .* without a finish_reason/);
});

const TOOLS = [{ type: "function", function: { name: "now", parameters: {} } }];

function chatOf(fields: Partial<RemoteChat> = {}): RemoteInput {
  const messages = [{ role: "user", content: "What time is it?" }];
  return { kind: "chat", chat: { messages, addGenerationPrompt: true, ...fields } };
}

/** A server without prompt_logprobs or /tokenize, which lists one token. */
const LISTING: Readonly<Record<string, Route>> = {
  "/v1/completions": ({ body }) => {
    const columns = { tokens: [" x"], token_logprobs: [-1], top_logprobs: [{ " x": -1 }] };
    if (body["echo"] === true) return refused("no echo");
    return { json: { choices: [{ text: " x", finish_reason: "length", logprobs: columns }] } };
  },
  "/v1/chat/completions": () => {
    const row = { token: "x", logprob: -1, top_logprobs: [{ token: "x", logprob: -1 }] };
    const message = { role: "assistant", content: "x" };
    return { json: { choices: [{ message, logprobs: { content: [row] } }] } };
  },
};

test("a chat's next token is asked for with its tools", async () => {
  const { model, server } = await modelAt(LISTING);
  const options = { start: "auto", top: 1, named: [] } as const;
  await nextRemotely(model, chatOf({ tools: TOOLS }), options);
  expect(server.seen.at(-1)?.body["tools"]).toEqual(TOOLS);
});

test.each<[string, RemoteInput, RemoteStart, RegExp]>([
  ["a text with a start token", { kind: "text", text: "one" }, 7, /leave --start-token auto/],
  ["a text without its start token", { kind: "text", text: "one" }, "none", /-token auto/],
  ["a chat behind a start token", chatOf(), 7, /own template, so .* leave --start-token auto/],
  ["an open chat", chatOf({ addGenerationPrompt: false }), "auto", /leave "addGenerationPrompt"/],
])("%s is refused where the server cannot be asked for it", async (_, input, start, sentence) => {
  const { model } = await modelAt(LISTING);
  const next = nextRemotely(model, input, { start, top: 1, named: [] });
  await expect(next).rejects.toThrow(UsageError);
  await expect(next).rejects.toThrow(sentence);
  const settings = { temperature: 0, topK: 0, topP: 1, minP: 0 };
  const options = { start, settings, seed: 1, maxTokens: 5, top: 0 };
  await expect(generateRemotely(model, input, options)).rejects.toThrow(sentence);
});

test("tool calls in a reply are its text, each on a line", async () => {
  const part = (...tool_calls: object[]) => ({ choices: [{ delta: { tool_calls } }] });
  const events = [
    part({ index: 0, id: "a", function: { name: "time", arguments: "" } }),
    part({ index: 0, function: { arguments: '{"in":' } }),
    part({ index: 0, function: { arguments: '"Bern"}' } }),
    part({ index: 1, id: "b", function: { name: "now" } }),
    part({ index: 1, id: "c", function: { name: "end", arguments: "{}" } }), // one index for two
    { choices: [{ delta: {}, finish_reason: "tool_calls" }] },
  ];
  const { model } = await modelAt({ "/v1/chat/completions": () => ({ events }) });
  expect(await written(model, chatOf({ tools: TOOLS }))).toEqual({
    text: [
      '{"name":"time","arguments":{"in":"Bern"}}',
      '{"name":"now","arguments":{}}',
      '{"name":"end","arguments":{}}',
    ].join("\n"),
    ending: "tool_calls",
  });
});

test("calls behind words begin a line of their own", async () => {
  const call = { function: { name: "now", arguments: "{}" } };
  const events = [
    { choices: [{ delta: { content: "Let me see." } }] },
    { choices: [{ delta: { tool_calls: [call] }, finish_reason: "tool_calls" }] },
  ];
  const { model } = await modelAt({ "/v1/chat/completions": () => ({ events }) });
  const { text } = await written(model, chatOf());
  expect(text).toBe('Let me see.\n{"name":"now","arguments":{}}');
});

test("a next token that would begin a tool call without logprobs is refused", async () => {
  const message = { content: null, tool_calls: [{ id: "a", function: { name: "now" } }] };
  const { model } = await modelAt({
    "/v1/completions": () => refused("chats alone"),
    "/v1/chat/completions": () => ({ json: { choices: [{ message }] } }),
  });
  const options = { start: "auto", top: 1, named: [] } as const;
  const next = nextRemotely(model, chatOf({ tools: TOOLS }), options);
  await expect(next).rejects.toThrow(/answered with a tool call, .*; leave out "tools"/);
});
