// The page's questions to another server through this one.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RemotePlace } from "@tokenscope/calls";
import { toyTokenizer } from "@tokenscope/core/contracts";
import { nextRemotely, openEndpoint, openRemoteModel, scoreRemotely } from "@tokenscope/remote";
import { afterEach, describe, expect, test } from "vitest";
import {
  logprobOf,
  type Route,
  refused,
  serveRoutes,
  serveVllm,
} from "../../../fixtures/serving-engines.ts";
import { post, startToyServer, type ToyServer } from "./api/toy-server.ts";

const KEY = "sk-this-stays-in-the-server";
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function kept<T extends { close(): Promise<void> }>(server: T): T {
  open.push(server);
  return server;
}

/** A server that asks another one for its page. */
async function asking(other: { readonly baseUrl: string }): Promise<ToyServer> {
  const remote = openEndpoint({ baseUrl: other.baseUrl, apiKey: KEY, retries: 0 });
  return kept(await startToyServer({ remote }));
}

/** A Tokenscope server as the other one. */
async function toyBeyond(): Promise<{ readonly baseUrl: string }> {
  return { baseUrl: `${kept(await startToyServer()).url}/v1` };
}

const READING = {
  model: "toy",
  top: 5,
  messages: [{ role: "user", content: "Who?" }],
  role: "assistant",
  before: "It w",
  after: "as I",
};
const LIST: Route = () => ({ json: { data: [{ id: "big" }] } });

async function placeOf(server: ToyServer, body: object): Promise<RemotePlace> {
  const response = await post(`${server.url}/remote/place`, body);
  expect(response.status).toBe(200);
  return (await response.json()) as RemotePlace;
}

/** The sentence of an error in the API's shape. */
async function sentence(response: Response): Promise<string> {
  const { error } = (await response.json()) as { readonly error: { readonly message: string } };
  return error.message;
}

test("the page hears of the other server and its models, and of nothing where there is none", async () => {
  const other = await toyBeyond();
  const server = await asking(other);
  const list = await (await fetch(`${server.url}/models.json`)).json();
  expect(list).toMatchObject({ remote: "remote/" });
  const models = await (await fetch(`${server.url}/remote/models`)).json();
  expect(models).toEqual({
    host: new URL(other.baseUrl).host,
    models: ["toy", "plain", "broken"],
  });
  const alone = kept(await startToyServer());
  expect(await (await fetch(`${alone.url}/models.json`)).json()).not.toHaveProperty("remote");
  expect((await fetch(`${alone.url}/remote/models`)).status).toBe(404);
  const keyed = kept(
    await startToyServer({ remote: openEndpoint({ ...other, retries: 0 }), apiKey: "ask" }),
  );
  expect((await fetch(`${keyed.url}/remote/models`)).status).toBe(404);
});

test("a token that cannot come is no null in the answer, and half a character has no bytes", async () => {
  const names = ["A", "\u{fffd}", "B"];
  const listed = names.map((token, i) => ({ token, logprob: i === 2 ? -9_999 : -1 - i }));
  const choice = { message: {}, logprobs: { content: [{ ...listed[0], top_logprobs: listed }] } };
  const reply: Route = () => ({ json: { choices: [choice] } });
  const other = kept(await serveRoutes({ "/v1/models": LIST, "/v1/chat/completions": reply }));
  const { top } = await placeOf(await asking(other), { ...READING, model: "big", before: "" });
  expect(top.map(({ bytesHex, logprobNats }) => [bytesHex, logprobNats])).toEqual([
    ["41", -1],
    [null, -2],
    ["42", -9_999],
  ]);
});

test("an answer that is late, or is garbage, is a sentence", async () => {
  const silent = kept(
    await serveRoutes({ "/v1/models": LIST, "/tokenize": () => new Promise<never>(() => {}) }),
  );
  const remote = openEndpoint({ ...silent, retries: 0, timeoutMs: 100 });
  const patient = kept(await startToyServer({ remote }));
  const late = await post(`${patient.url}/remote/place`, { ...READING, model: "big" });
  expect([late.status, await sentence(late)]).toEqual([
    502,
    expect.stringMatching(/did not answer within 0\.1 s/),
  ]);
  const strange = kept(await serveRoutes({ "/v1/models": () => ({ text: "<html>" }) }));
  const garbage = await fetch(`${(await asking(strange)).url}/remote/models`);
  expect([garbage.status, await sentence(garbage)]).toEqual([
    502,
    expect.stringMatching(/answered what is not JSON|answered what OpenAI's API does not/),
  ]);
});

describe("a place", () => {
  test("inside a reply has the numbers of the commands: the list, and what the next token costs", async () => {
    const other = await toyBeyond();
    const place = await placeOf(await asking(other), READING);
    const model = await openRemoteModel(openEndpoint({ ...other, retries: 0 }), "toy");
    const { messages } = READING;
    const chat = { messages, addGenerationPrompt: true };
    const opening = await scoreRemotely(model, { kind: "chat", chat }, { start: "auto" });
    const ids = [
      ...opening.tokens.map(({ id }) => id ?? -1),
      ...toyTokenizer.encode(READING.before),
    ];
    const next = await nextRemotely(
      model,
      { kind: "ids", ids },
      { start: "auto", top: 5, named: ["a"] },
    );
    expect(place).toMatchObject({ way: "ids", contextTokens: ids.length, isStraddled: false });
    expect(place.top.map(({ text, logprobNats }) => [text, logprobNats])).toEqual(
      next.top.map(({ text, logprobNats }) => [text, logprobNats]),
    );
    expect(place.top.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
    const [named] = next.named;
    expect(place.next).toMatchObject({
      text: "a",
      bytesHex: "61",
      isSpecial: false,
      logprobNats: named?.logprobNats,
      rank: named?.rank,
    });
  });

  test("at the end has no next token, in a plain text no markers, and where the other tokenizer cuts elsewhere no price", async () => {
    const server = await asking(await toyBeyond());
    expect((await placeOf(server, { ...READING, after: "" })).next).toBeNull();
    const plain = { ...READING, role: "text", messages: [] };
    const { contextTokens, next } = await placeOf(server, plain);
    expect([contextTokens, next?.text]).toEqual([toyTokenizer.encode(READING.before).length, "a"]);
    const words = kept(await serveVllm());
    const beside = await asking(words);
    const cut = await placeOf(beside, { ...plain, model: "big", before: "The ca", after: "t sat" });
    expect(cut).toMatchObject({ isStraddled: true, next: null });
    const whole = await placeOf(beside, { ...plain, model: "big", before: "The", after: " cat" });
    expect(whole.isStraddled).toBe(false);
    expect(whole.next).toMatchObject({ text: " cat", isSpecial: null });
    const { tokens } = (await (
      await post(`${words.baseUrl.replace("/v1", "")}/tokenize`, { model: "big", prompt: " cat" })
    ).json()) as { readonly tokens: readonly number[] };
    expect(whole.next?.logprobNats).toBe(logprobOf(tokens[0] ?? -1));
  });

  test("is asked by the messages where a reply begins and the server scores no prompts, and refused elsewhere in a sentence", async () => {
    const listed = ["A", "B"].map((token, i) => ({ token, logprob: -1 - i, bytes: null }));
    const reply: Route = ({ body }) =>
      Number(body["top_logprobs"] ?? 0) <= 5
        ? {
            json: {
              choices: [
                {
                  message: { content: "B" }, // whatever reply is begun
                  logprobs: { content: [{ ...listed[1], top_logprobs: listed }] },
                },
              ],
            },
          }
        : refused("top_logprobs is at most 5");
    const other = kept(await serveRoutes({ "/v1/models": LIST, "/v1/chat/completions": reply }));
    const server = await asking(other);
    const start = { ...READING, model: "big", top: 12, before: "" };
    expect(await placeOf(server, start)).toEqual({
      way: "chat",
      contextTokens: null,
      isStraddled: false,
      top: [
        { text: "A", bytesHex: "41", isSpecial: null, logprobNats: -1, rank: 1 },
        { text: "B", bytesHex: "42", isSpecial: null, logprobNats: -2, rank: 2 },
      ],
      next: null,
    });
    const inside = await post(`${server.url}/remote/place`, { ...READING, model: "big" });
    expect(inside.status).toBe(400);
    expect(await sentence(inside)).toMatch(/can be asked only where a reply begins; choose/);
  });
});

test("the key goes to the other server and to nobody else, whatever that one answers", async () => {
  const other = kept(
    await serveRoutes({
      "/v1/models": LIST,
      "/v1/completions": ({ authorization }) => refused(`no such key: ${authorization}`, 401),
      "/v1/chat/completions": ({ authorization }) => refused(`no such key: ${authorization}`, 401),
      "/tokenize": ({ authorization }) => refused(`no such key: ${authorization}`, 401),
    }),
  );
  const server = await asking(other);
  const response = await post(`${server.url}/remote/place`, { ...READING, model: "big" });
  expect(response.status).toBe(400); // 401 would ask the page for a key
  const said = `${await response.text()} ${JSON.stringify([...response.headers])}`;
  expect(said).toContain("no such key");
  expect(said).not.toContain(KEY);
  expect(other.seen.some(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true);
});

test("what fails is a sentence, and the next question is asked anew", async () => {
  const gone = kept(await serveVllm());
  const server = await asking(gone);
  await gone.close();
  open.splice(open.indexOf(gone), 1);
  for (const response of [
    await fetch(`${server.url}/remote/models`),
    await post(`${server.url}/remote/place`, { ...READING, model: "big" }),
  ]) {
    expect(response.status).toBe(502);
    expect(await sentence(response)).toMatch(/127\.0\.0\.1.*\w/);
  }
  let answers = 0;
  const flaky = kept(
    await serveRoutes({
      "/v1/models": () => {
        answers += 1;
        return answers === 1 ? refused("not yet", 503) : { json: { data: [{ id: "big" }] } };
      },
    }),
  );
  const later = await asking(flaky);
  const ask = () => post(`${later.url}/remote/place`, { ...READING, model: "big", before: "" });
  expect(await (await ask()).text()).toContain("not yet");
  expect(await (await ask()).text()).not.toContain("not yet");
});

test("pages of other sites, other types and other shapes are refused", async () => {
  const server = await asking(await toyBeyond());
  const url = `${server.url}/remote/place`;
  const foreign = await post(url, READING, { origin: "https://elsewhere.example" });
  const hidden = await fetch(`${server.url}/remote/models`, {
    headers: { "sec-fetch-site": "cross-site" },
  });
  const form = await post(url, READING, { "content-type": "text/plain" });
  const strange = await post(url, { ...READING, top: 1e9 });
  expect([foreign, hidden, form, strange].map(({ status }) => status)).toEqual([
    403, 403, 415, 400,
  ]);
  expect(await sentence(strange)).toMatch(/^top is not what the page sends/);
});

test("a page that goes away ends its question at the other server, and no more than sixteen wait at once", async () => {
  let waiting = 0;
  let ended = 0;
  const slow = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
    const answer = (json: object): void => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(json));
    };
    if (request.url === "/v1/models") answer({ data: [{ id: "big" }] });
    else if (request.url === "/tokenize") answer({ count: 2, tokens: [1, 2] });
    else if (body.prompt_logprobs === 0) {
      answer({ choices: [{ text: "", prompt_logprobs: [null, { 2: { logprob: -1 } }] }] });
    } else {
      waiting += 1;
      response.once("close", () => {
        ended += 1;
      });
    }
  }).listen(0, "127.0.0.1");
  await once(slow, "listening");
  const { port } = slow.address() as AddressInfo;
  open.push({
    close: async () => {
      slow.closeAllConnections();
      slow.close();
    },
  });
  const server = await asking({ baseUrl: `http://127.0.0.1:${port}/v1` });
  const aborter = new AbortController();
  const ask = () =>
    fetch(`${server.url}/remote/place`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...READING, model: "big", role: "text", messages: [] }),
      signal: aborter.signal,
    });
  const asked = Array.from({ length: 16 }, () => ask().catch((error: Error) => error.name));
  await expect.poll(() => waiting).toBe(16);
  const refusal = await ask();
  expect(refusal.status).toBe(429);
  expect(await sentence(refusal)).toMatch(/^16 requests .* try again/);
  aborter.abort();
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["AbortError"]));
  await expect.poll(() => ended).toBe(16);
});
