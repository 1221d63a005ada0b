import { afterEach, expect, test } from "vitest";
import type { ServerOptions } from "../../src/index.ts";
import { post, startToyServer, type ToyServer } from "./toy-server.ts";

const servers: ToyServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function started(options: Partial<ServerOptions> = {}): Promise<ToyServer> {
  const server = await startToyServer(options);
  servers.push(server);
  return server;
}

interface Health {
  readonly engines: { readonly toy?: { readonly running: number; readonly waiting: number } };
}

async function health({ url }: ToyServer): Promise<Health["engines"]["toy"]> {
  return ((await (await fetch(`${url}/healthz`)).json()) as Health).engines.toy;
}

/** Holds every pass until it is released. */
function closedGate(server: ToyServer): { readonly reached: Promise<void>; release(): void } {
  let release = () => {};
  let reach = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  server.gate = () => {
    reach();
    return released;
  };
  return { reached, release: () => release() };
}

test.each([
  ["/v1/completions", { prompt: "a long story", max_tokens: 200, stream: true }],
  ["/v1/completions", { prompt: ["a long story", "another"], n: 2, max_tokens: 200 }],
  [
    "/v1/chat/completions",
    { messages: [{ role: "user", content: "go" }], max_tokens: 200, stream: true },
  ],
])("a client of %s that goes away frees its place within a step", async (path, body) => {
  const server = await started();
  const { reached, release } = closedGate(server);
  const controller = new AbortController();
  const answer = fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, ignore_eos: true }),
    signal: controller.signal,
  }).then((response) => response.text());
  await reached; // its first pass is under way
  controller.abort();
  await expect(answer).rejects.toThrow();
  for (let i = 0; i < 3; i += 1) expect((await health(server))?.running).toBeGreaterThan(0);
  release();
  while ((await health(server))?.running !== 0);
  expect(server.passes.length).toBeLessThanOrEqual(2); // the pass that was under way, and one more at most
});

test("a client that goes away while the model is opened has nothing computed for it", async () => {
  const server = await started();
  let open = () => {};
  const opening = new Promise<void>((resolve) => {
    server.openGate = () => {
      resolve();
      return new Promise((opened) => {
        open = opened;
      });
    };
  });
  const leaving = new AbortController();
  const body = { prompt: "to nobody", max_tokens: 200, ignore_eos: true };
  const answer = fetch(`${server.url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  await opening;
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await health(server); // it hears of that
  open();
  const other = await post(`${server.url}/v1/completions`, { prompt: "other", max_tokens: 0 });
  expect(other.status).toBe(200);
  expect(server.passes).toEqual(["other".length]);
});

test("a beginning that requests share is read once, and usage says so", async () => {
  const server = await started();
  const prompt = "The same words for everyone, then: ";
  const answers = ["a", "b", "c"].map(async (end) => {
    const answer = await post(`${server.url}/v1/completions`, {
      prompt: prompt + end,
      max_tokens: 1,
    });
    return (await answer.json()) as { usage: { prompt_tokens_details: { cached_tokens: number } } };
  });
  const usages = (await Promise.all(answers)).map(
    ({ usage }) => usage.prompt_tokens_details.cached_tokens,
  );
  const rows = server.passes.reduce((sum, each) => sum + each, 0);
  expect(rows).toBe(prompt.length + 3);
  expect(usages.toSorted((a, b) => a - b)).toEqual([0, prompt.length, prompt.length]);
});

test("choices of one prompt read it once", async () => {
  const server = await started();
  await post(`${server.url}/v1/completions`, { prompt: "once upon a time", n: 5, max_tokens: 1 });
  expect(server.passes).toEqual([16]);
});

test("a full queue answers 429 with its numbers, and takes requests again when it is empty", async () => {
  const server = await started({ limits: { running: 1, waiting: 2 } });
  const { reached, release } = closedGate(server);
  const ask = (text: string) =>
    post(`${server.url}/v1/completions`, { prompt: text, max_tokens: 2 });
  const first = ask("running");
  await reached;
  const waiting = [ask("waiting"), ask("waiting too")];
  while ((await health(server))?.waiting !== 2);
  const refused = await ask("one too many");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  const { error } = (await refused.json()) as { error: { message: string; type: string } };
  expect(error.message).toMatch(
    /^the queue has 2 of at most 2 waiting jobs and this request asks for 1/,
  );
  expect(error.type).toBe("rate_limit_error");
  release();
  const statuses = (await Promise.all([first, ...waiting])).map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200]);
  expect((await ask("again")).status).toBe(200);
});

test("a failing pass is a JSON error of its requests, in a stream its last event, and the server goes on", async () => {
  const server = await started();
  let failures = 2;
  server.gate = async () => {
    failures -= 1;
    if (failures >= 0) throw new Error("secret details of the runtime");
  };
  const ask = (stream: boolean) =>
    post(`${server.url}/v1/completions`, { prompt: "hello", max_tokens: 2, stream });
  const whole = await ask(false);
  expect([whole.status, await whole.json()]).toMatchObject([
    500,
    { error: { message: "internal error", type: "server_error" } },
  ]);
  const events = await (await ask(true)).text();
  expect(events).toMatch(/^data: \{"error":\{"message":"internal error"/m);
  expect(events).not.toMatch(/secret|\[DONE\]/);
  expect((await ask(false)).status).toBe(200);
});

test("closing the server ends what runs", async () => {
  const server = await startToyServer();
  const { reached, release } = closedGate(server);
  const answer = post(`${server.url}/v1/completions`, { prompt: "hello", max_tokens: 200 });
  answer.catch(() => {});
  await reached;
  const closed = server.close();
  release();
  await closed;
  await expect(answer).rejects.toThrow();
  expect(server.passes.length).toBeLessThanOrEqual(2);
});
