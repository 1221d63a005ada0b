// What a server writes, and what it would write otherwise than was asked.

import { EngineError } from "@tokenscope/core";
import { afterEach, expect, test } from "vitest";
import { type Route, type ServingEngine, serveRoutes } from "../../../fixtures/serving-engines.ts";
import {
  type GeneratedPiece,
  generateRemotely,
  openEndpoint,
  openRemoteModel,
  type RemoteInput,
  type RemoteModel,
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
