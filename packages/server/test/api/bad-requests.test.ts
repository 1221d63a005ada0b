import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post, startToyServer, type ToyServer } from "./toy-server.ts";

const BODY_BYTES = 4_000;
let server: ToyServer;

beforeAll(async () => {
  server = await startToyServer({ limits: { bodyBytes: BODY_BYTES } });
});

afterAll(() => server.close());

const COMPLETIONS = "/v1/completions";
const CHAT = "/v1/chat/completions";
const hello = { prompt: "hello" };
const chat = { messages: [{ role: "user", content: "hello" }] };
const deep = `${"[".repeat(900)}${"]".repeat(900)}`;

/** A chat whose assistant called a tool, with some of the call changed. */
function withCall(more: object): object {
  const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" }, ...more };
  return { messages: [...chat.messages, { role: "assistant", content: "", tool_calls: [call] }] };
}

type Case = readonly [path: string, body: unknown, status: number, said: RegExp];

/** What clients get wrong; a text is sent as it is, anything else as JSON. */
const CASES: readonly Case[] = [
  // What is no JSON object
  [COMPLETIONS, "", 400, /the body is not JSON/],
  [COMPLETIONS, '{"prompt": "hel', 400, /the body is not JSON: .*; correct it there/],
  [COMPLETIONS, '{"prompt": "a",}', 400, /the body is not JSON/],
  [COMPLETIONS, "prompt=hello", 400, /the body is not JSON/],
  [COMPLETIONS, '{"prompt": "a", "temperature": NaN}', 400, /the body is not JSON/],
  [COMPLETIONS, '{"prompt": "a", "temperature": Infinity}', 400, /the body is not JSON/],
  [COMPLETIONS, "[]", 400, /the body is \[\], .*; send a JSON object/],
  [COMPLETIONS, "null", 400, /the body is null/],
  [COMPLETIONS, "7", 400, /the body is 7/],
  [COMPLETIONS, `{"prompt": ${deep}}`, 400, /nested more than 64 levels/],
  [
    COMPLETIONS,
    { prompt: "x".repeat(BODY_BYTES) },
    413,
    /the body has 40\d\d bytes .* at most 4000/,
  ],
  // Models
  [COMPLETIONS, { ...hello, model: "gpt-9" }, 404, /no model "gpt-9" here; served are: toy, plain/],
  [COMPLETIONS, { ...hello, model: 7 }, 400, /model is 7/],
  [COMPLETIONS, { ...hello, model: "broken" }, 500, /"broken" cannot be opened: the file is gone/],
  [CHAT, { ...chat, model: "../toy" }, 404, /no model "..\/toy"/],
  // Prompts
  [COMPLETIONS, {}, 400, /prompt is missing; give a text/],
  [COMPLETIONS, { prompt: null }, 400, /prompt is null/],
  [COMPLETIONS, { prompt: 5 }, 400, /prompt is neither a text nor a list/],
  [COMPLETIONS, { prompt: {} }, 400, /prompt is neither/],
  [COMPLETIONS, { prompt: [] }, 400, /prompt is neither .* at least 1 entry/],
  [COMPLETIONS, { prompt: "" }, 400, /the prompt has 0 tokens/],
  [COMPLETIONS, { prompt: [[]] }, 400, /the prompt has 0 tokens/],
  [COMPLETIONS, { prompt: [true] }, 400, /prompt\[0\] is neither/],
  [COMPLETIONS, { prompt: [1, "a"] }, 400, /prompt\[0\] is neither/],
  [COMPLETIONS, { prompt: [-1] }, 400, /prompt\[0\] is -1, which is not a token id/],
  [COMPLETIONS, { prompt: [1.5] }, 400, /prompt\[0\] is 1.5/],
  [COMPLETIONS, '{"prompt": [1e400]}', 400, /prompt\[0\] is .* not a token id/],
  [COMPLETIONS, { prompt: [[1], [2, "x"]] }, 400, /prompt\[1\]\[1\] is "x"/],
  [COMPLETIONS, { prompt: [259] }, 400, /token id 259 is not in .* vocabulary of 259/],
  [COMPLETIONS, { prompt: [2 ** 53] }, 400, /is not a token id/],
  [
    COMPLETIONS,
    { prompt: "x".repeat(300) },
    400,
    /has 300 tokens, and .* 256 has no room .* at most 255 tokens/,
  ],
  [COMPLETIONS, { ...hello, max_tokens: 252 }, 400, /together 257, .* ask for at most 251/],
  [
    COMPLETIONS,
    { prompt: Array.from({ length: 300 }, () => 5), max_tokens: 1 },
    400,
    /has 300 tokens, and .* 256 has no room .* shorten the prompt to at most 255 tokens/,
  ],
  [
    COMPLETIONS,
    { prompt: Array.from({ length: 300 }, () => 5), max_tokens: 0, echo: true },
    400,
    /has 300 tokens, and .* 256 does not hold them; shorten the prompt to at most 256 tokens/,
  ],
  [
    COMPLETIONS,
    { prompt: new Array(200).fill("a"), n: 2 },
    400,
    /200 prompts with n 2 are 400 choices/,
  ],
  // Numbers
  [
    COMPLETIONS,
    { ...hello, max_tokens: -1 },
    400,
    /max_tokens is -1, which is not allowed; give a whole number from 0/,
  ],
  [COMPLETIONS, { ...hello, max_tokens: 1.5 }, 400, /max_tokens is 1.5/],
  [COMPLETIONS, { ...hello, max_tokens: "16" }, 400, /max_tokens is "16"/],
  [COMPLETIONS, { ...hello, max_tokens: 1e300 }, 400, /max_tokens is 1e\+300/],
  [COMPLETIONS, '{"prompt": "a", "temperature": 1e999}', 400, /temperature is Infinity/],
  [COMPLETIONS, { ...hello, temperature: -0.1 }, 400, /temperature is -0.1, .* from 0 to 100/],
  [COMPLETIONS, { ...hello, temperature: "hot" }, 400, /temperature is "hot"/],
  [COMPLETIONS, { ...hello, top_p: 0 }, 400, /top_p is 0, .* above 0, at most 1/],
  [COMPLETIONS, { ...hello, top_p: 1.01 }, 400, /top_p is 1.01/],
  [COMPLETIONS, { ...hello, top_k: -2 }, 400, /top_k is -2/],
  [COMPLETIONS, { ...hello, min_p: 2 }, 400, /min_p is 2/],
  [COMPLETIONS, { ...hello, n: 0 }, 400, /n is 0, .* from 1 to 128/],
  [COMPLETIONS, { ...hello, n: 1_000_000 }, 400, /n is 1000000/],
  [COMPLETIONS, { ...hello, seed: 2 ** 60 }, 400, /seed is/],
  [COMPLETIONS, { ...hello, seed: 0.5 }, 400, /seed is 0.5/],
  [COMPLETIONS, { ...hello, logprobs: 1001 }, 400, /logprobs is 1001, .* from 0 to 1000/],
  [COMPLETIONS, { ...hello, logprobs: true }, 400, /logprobs is true/],
  [
    COMPLETIONS,
    { ...hello, prompt_logprobs: 1, stream: true },
    400,
    /prompt_logprobs comes with a whole answer/,
  ],
  [COMPLETIONS, { ...hello, logprob_token_ids: [259] }, 400, /logprob_token_ids\[0\] is 259/],
  [COMPLETIONS, { ...hello, logprob_token_ids: 5 }, 400, /logprob_token_ids is 5/],
  [COMPLETIONS, { ...hello, best_of: 3 }, 400, /best_of is 3 and n is 1/],
  // Texts and switches
  [COMPLETIONS, { ...hello, stop: "" }, 400, /stop is "", .* 1 to 1000 characters/],
  [COMPLETIONS, { ...hello, stop: new Array(17).fill("a") }, 400, /stop is \[.*at most 16 texts/],
  [COMPLETIONS, { ...hello, stop: [1] }, 400, /stop/],
  [COMPLETIONS, { ...hello, stream: "yes" }, 400, /stream is "yes", .* true or false/],
  [
    COMPLETIONS,
    { ...hello, stream_options: { usage: true } },
    400,
    /the field stream_options.usage is unknown/,
  ],
  [COMPLETIONS, { ...hello, echo: 1 }, 400, /echo is 1/],
  // What would change the result and is not done here
  [
    COMPLETIONS,
    { ...hello, temprature: 0 },
    400,
    /the field temprature is unknown here, .* known are model, (?:(?!logit_bias).)*; check the spelling/,
  ],
  [COMPLETIONS, '{"prompt": "a", "__proto__": {"n": 2}}', 400, /the field __proto__ is unknown/],
  [
    COMPLETIONS,
    { ...hello, presence_penalty: 0.5 },
    400,
    /presence_penalty is 0.5, .* give 0 or leave it out/,
  ],
  [
    COMPLETIONS,
    { ...hello, logit_bias: { "5": 100 } },
    400,
    /logit_bias is \{"5":100\}, which this server does not support; give \{\} or leave it out/,
  ],
  [COMPLETIONS, { ...hello, suffix: "end" }, 400, /suffix is "end"/],
  // Chats
  [CHAT, {}, 400, /messages is missing/],
  [CHAT, { messages: [] }, 400, /messages is \[\], .* at least 1 message/],
  [CHAT, { messages: "hello" }, 400, /messages is "hello"/],
  [CHAT, { messages: [{ role: "user", content: 5 }] }, 400, /messages\[0\].content is 5/],
  [CHAT, { messages: [{ content: "hello" }] }, 400, /messages\[0\].role is missing/],
  [
    CHAT,
    { messages: [{ role: "narrator", content: "once" }] },
    400,
    /the template knows no narrator/,
  ],
  [
    CHAT,
    { messages: [...chat.messages, { role: "robot", content: "beep" }] },
    400,
    /messages\[1\].role is "robot", which the chat template of "toy" does not name; give one of system, user, assistant, tool, narrator/,
  ],
  [
    CHAT,
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: "x" }] }] },
    400,
    /messages\[0\].content/,
  ],
  [
    CHAT,
    { messages: [{ role: "user", content: "a", colour: "red" }] },
    400,
    /messages\[0\].colour is unknown/,
  ],
  [CHAT, { ...chat, model: "plain" }, 400, /"plain" has no chat template/],
  [CHAT, { ...chat, top_logprobs: 3 }, 400, /top_logprobs is 3 and logprobs is not true/],
  [
    CHAT,
    { ...chat, max_tokens: 1, max_completion_tokens: 2 },
    400,
    /max_tokens is 1 and max_completion_tokens/,
  ],
  [CHAT, { ...chat, max_tokens: 256 }, 400, /context holds 256/],
  [CHAT, { ...chat, tools: "weather" }, 400, /tools is "weather"/],
  [CHAT, { ...chat, tool_choice: "required" }, 400, /tool_choice is "required"/],
  [CHAT, withCall({ type: "web" }), 400, /messages/],
  [CHAT, withCall({ function: { name: "f", arguments: { n: 3 } } }), 400, /messages/],
  [CHAT, withCall({ function: { name: "f", arguments: "[3]" } }), 400, /arguments is "\[3\]"/],
  [CHAT, { ...chat, response_format: { type: "json_object" } }, 400, /response_format/],
  // Tokens
  ["/tokenize", {}, 400, /neither prompt nor messages/],
  ["/tokenize", { prompt: "a", ...chat }, 400, /both prompt and messages/],
  ["/detokenize", { tokens: [300] }, 400, /tokens\[0\] is 300, .* vocabulary of 259/],
  ["/detokenize", { tokens: [-1] }, 400, /tokens\[0\] is -1/],
  ["/detokenize", { tokens: "a" }, 400, /tokens is "a"/],
  [
    "/v1/embeddings",
    { input: "a" },
    404,
    /nothing at \/v1\/embeddings; there are \/v1\/models, \/tokenizer_info, .*\/detokenize/,
  ],
  ["/v1/models", {}, 405, /\/v1\/models does not take POST; send GET/],
  ["/v1/models/toy", {}, 405, /\/v1\/models\/toy does not take POST; send GET/],
  ["/v1/models/", {}, 404, /nothing at \/v1\/models\/; there are/],
  ["/v1/modelsx", {}, 404, /nothing at \/v1\/modelsx/],
  ["/tokenizer_info", {}, 405, /\/tokenizer_info does not take POST; send GET/],
];

test.each(CASES)(
  "%s with %j answers %i and one sentence, and the server goes on",
  async (path, body, status, said) => {
    const answer = await post(server.url + path, body);
    const { error } = (await answer.json()) as { error: Readonly<Record<string, unknown>> };
    expect([answer.status, String(error["message"])]).toEqual([
      status,
      expect.stringMatching(said),
    ]);
    expect(Object.keys(error).toSorted()).toEqual(["code", "message", "param", "type"]);
    expect(error["message"]).not.toMatch(/\.$|\n|undefined|\[object/);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  },
);

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "",
])("a body of the type %j is refused: a form of another page could send it", async (type) => {
  const answer = await post(server.url + COMPLETIONS, hello, { "content-type": type });
  expect(answer.status).toBe(415);
  expect(await answer.text()).toMatch(/send JSON with the header content-type: application\/json/);
});

test("a body that never says how long it is, is read up to the limit", async () => {
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request(server.url + COMPLETIONS, { method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.write('{"prompt": "');
    for (let i = 0; i < 10; i += 1) sent.write("x".repeat(BODY_BYTES / 4));
    sent.end('"}');
  });
  expect(answer).toBe(413);
});

test("a body that is no UTF-8 is refused", async () => {
  const headers = { "content-type": "application/json" };
  const body = Uint8Array.of(0x22, 0xff, 0x22);
  const answer = await fetch(server.url + COMPLETIONS, { method: "POST", headers, body });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/not UTF-8/)]);
});

test("after all of this a request is answered", async () => {
  const answer = await post(server.url + COMPLETIONS, { ...hello, model: "toy", max_tokens: 3 });
  expect(answer.status).toBe(200);
  expect((await fetch(`${server.url}${COMPLETIONS}`)).status).toBe(405);
  expect((await fetch(`${server.url}/v1/models/`)).status).toBe(404);
});
