import { getEventListeners } from "node:events";
import { EngineError, UsageError } from "@tokenscope/core";
import { afterEach, expect, test } from "vitest";
import {
  type Route,
  refused,
  type ServingEngine,
  serveRoutes,
} from "../../../fixtures/serving-engines.ts";
import { openEndpoint } from "../src/endpoint.ts";

const open: ServingEngine[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(routes: Readonly<Record<string, Route>>): Promise<ServingEngine> {
  const server = await serveRoutes(routes);
  open.push(server);
  return server;
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const SOON = { "retry-after-ms": "1" };

test("an address without a path gets /v1, and what is no address is refused", async () => {
  const { baseUrl } = await serve({});
  expect(openEndpoint({ baseUrl: baseUrl.replace("/v1", "") }).baseUrl).toBe(baseUrl);
  expect(openEndpoint({ baseUrl: `${baseUrl}/` }).baseUrl).toBe(baseUrl);
  expect(() => openEndpoint({ baseUrl: "localhost" })).toThrow(/"localhost" is none; give one/);
  expect(() => openEndpoint({ baseUrl: "file:///etc" })).toThrow(UsageError);
  expect(() => openEndpoint({ baseUrl: "http://a:b@c/v1" })).toThrow(
    /name or password .*--api-key/,
  );
});

test("the key goes to the server alone: without one no header, and what the server repeats of it is hidden", async () => {
  const server = await serve({
    "/v1/x": ({ authorization }) => refused(`Incorrect API key provided: ${authorization}`, 401),
  });
  const keyed = openEndpoint({ baseUrl: server.baseUrl, apiKey: "sk-secret" });
  const error = await keyed.post("/x", {}).catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/answered 401: .*\(the key\).*--api-key-env/);
  expect(String(error)).not.toContain("sk-secret");
  await openEndpoint(server)
    .post("/x", {})
    .catch(() => {});
  expect(server.seen.map(({ authorization }) => authorization)).toEqual([
    "Bearer sk-secret",
    undefined,
  ]);
});

test("a busy server is asked again after the time it names, a refusal is not repeated", async () => {
  let left = 2;
  const server = await serve({
    "/v1/busy": () => {
      left -= 1;
      return left < 0 ? { json: { ok: true } } : { ...refused("later", 429), headers: SOON };
    },
    "/v1/wrong": () => refused("no such field"),
  });
  const endpoint = openEndpoint(server);
  expect(await endpoint.post("/busy", {})).toEqual({ ok: true });
  await expect(endpoint.post("/wrong", {})).rejects.toThrow(/answered 400: no such field/);
  expect(server.seen.map(({ path }) => path)).toEqual([
    "/v1/busy",
    "/v1/busy",
    "/v1/busy",
    "/v1/wrong",
  ]);
});

test("what fails on the way is said with the address: nobody there, a server that fails, no answer in time", async () => {
  const server = await serve({
    "/v1/broken": () => ({ status: 500, headers: SOON, text: "<html>proxy error</html>" }),
    "/v1/slow": () => new Promise(() => {}),
  });
  const { baseUrl } = server;
  const endpoint = openEndpoint({ baseUrl, retries: 1 });
  const broken = endpoint.post("/broken", {});
  await expect(broken).rejects.toThrow(EngineError);
  await expect(broken).rejects.toThrow(/broken answered 500: .*try again later/);
  const hasty = openEndpoint({ baseUrl, retries: 0, timeoutMs: 20 });
  await expect(hasty.post("/slow", {})).rejects.toThrow(/did not answer within 0.02 s/);
  const nobody = { baseUrl: "http://127.0.0.1:9/v1", retries: 0 };
  const gone = openEndpoint(nobody).post("/x", {});
  await expect(gone).rejects.toThrow(/cannot be reached: .+; check the address/);
});

test("an abort throws the signal's reason and leaves no listener behind", async () => {
  const server = await serve({
    "/v1/slow": () => new Promise(() => {}),
    "/v1/quick": () => ({ json: {} }),
  });
  const endpoint = openEndpoint(server);
  const controller = new AbortController();
  for (let i = 0; i < 5; i++) await endpoint.post("/quick", {}, { signal: controller.signal });
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  const asked = endpoint.post("/slow", {}, { signal: controller.signal });
  const reason = new Error("Ctrl-C");
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
});

test("a stream gives its events, and one that breaks off says so", async () => {
  const server = await serve({
    "/v1/s": () => ({ events: [{ a: 1 }, { a: 2 }] }),
    "/v1/torn": () => ({ headers: { "content-type": "text/event-stream" }, text: 'data: {"a\n\n' }),
  });
  const endpoint = openEndpoint(server);
  expect(await all(endpoint.stream("/s", {}))).toEqual([{ a: 1 }, { a: 2 }]);
  await expect(all(endpoint.stream("/torn", {}))).rejects.toThrow(EngineError);
});

test("a connection that is lost within an answer is tried again, and said where it stays lost", async () => {
  let left = 1;
  const server = await serve({
    "/v1/once": () => {
      left -= 1;
      return left < 0 ? { json: { ok: true } } : { text: '{"ok"', breaks: "off" };
    },
    "/v1/always": () => ({ text: '{"ok"', breaks: "off" }),
  });
  const endpoint = openEndpoint({ ...server, retries: 1 });
  expect(await endpoint.post("/once", {})).toEqual({ ok: true });
  const lost = endpoint.post("/always", {});
  await expect(lost).rejects.toThrow(EngineError);
  await expect(lost).rejects.toThrow(/\/always broke off: .+; try again/);
  expect(server.seen).toHaveLength(4);
});

test("a stream whose connection is lost has given what came, and says that it broke off", async () => {
  const server = await serve({ "/v1/lost": () => ({ events: [{ a: 1 }], breaks: "off" }) });
  const found: unknown[] = [];
  const reading = (async () => {
    for await (const event of openEndpoint(server).stream("/lost", {})) found.push(event);
  })();
  await expect(reading).rejects.toThrow(EngineError);
  await expect(reading).rejects.toThrow(/\/lost broke off: .+; try again/);
  expect(found).toEqual([{ a: 1 }]);
});

test("the deadline is the whole answer's, and each event's of a stream", async () => {
  const server = await serve({
    "/v1/body": () => ({ text: '{"ok"', breaks: "silent" }),
    "/v1/stream": () => ({ events: [{ a: 1 }], breaks: "silent" }),
  });
  const hasty = openEndpoint({ ...server, retries: 0, timeoutMs: 200 });
  await expect(hasty.post("/body", {})).rejects.toThrow(/did not answer within 0.2 s/);
  await expect(all(hasty.stream("/stream", {}))).rejects.toThrow(/did not answer within 0.2 s/);
});
