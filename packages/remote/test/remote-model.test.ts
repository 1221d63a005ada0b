// What is found out of a server, once, and how a prompt's logprobs are asked for after that.

import { expect, test } from "vitest";
import { type Route, refused, serveVllm } from "../../../fixtures/serving-engines.ts";
import { type RemoteInput, scoreRemotely } from "../src/index.ts";
import { modelAt } from "./model-at.ts";

const text = (words: string): RemoteInput => ({ kind: "text", text: words });
const auto = { start: "auto" } as const;

test("a text that fills the context has no room for the token that vLLM writes, and is refused with what there is room for", async () => {
  const { model, server } = await modelAt(serveVllm());
  const words = (count: number): RemoteInput => text(Array(count).fill("a").join(" "));
  expect((await scoreRemotely(model, words(4095), auto)).tokens).toHaveLength(4095);
  const asked = server.seen.length;
  await expect(scoreRemotely(model, words(4096), auto)).rejects.toThrow(
    /asked with 4096 tokens and takes at most 4095, since it writes a token behind every prompt within its context of 4096; shorten/,
  );
  const paths = server.seen.slice(asked).map(({ path }) => path);
  expect(paths).not.toContain("/v1/completions"); // it was not asked in vain
});

test("what could not be found out because the server was busy is asked again", async () => {
  let busy = 0;
  const before = () => {
    busy += 1;
    return busy <= 2 ? refused("overloaded", 503) : null; // the request and its one retry
  };
  const { model } = await modelAt(serveVllm({ before }));
  await expect(scoreRemotely(model, text("The cat"), auto)).rejects.toThrow(/overloaded/);
  expect((await scoreRemotely(model, text("The cat"), auto)).tokens).toHaveLength(2);
});

test("a server that takes max_tokens 0 for another number is asked for one token", async () => {
  const most: unknown[] = [];
  const before = ({ body }: Parameters<Route>[0]) => {
    most.push(body["max_tokens"]);
    const rows = (body["prompt"] as readonly number[]).map(() => null);
    const choice = { text: " and so on", prompt_logprobs: rows };
    return body["max_tokens"] === 0 ? { json: { choices: [choice] } } : null;
  };
  const { model } = await modelAt(serveVllm({ before }));
  expect(await model.scoringWay()).toBe("prompt-logprobs");
  await scoreRemotely(model, text("The cat"), auto);
  expect(most).toEqual([0, 1, 1]);
});
