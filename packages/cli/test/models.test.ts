import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fetchReport, progressText } from "../src/fetch-report.ts";
import type { Output } from "../src/world.ts";
import { run, runJson, TINY } from "./test-world.ts";

const ID = "smollm2-135m-instruct-q4_1";
const SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

function emptyCache(): { readonly env: Readonly<Record<string, string>> } {
  return { env: { TOKENSCOPE_MODELS: join(mkdtempSync(join(tmpdir(), "tokenscope-")), "models") } };
}

test("models lists what is known and whether it is here, also where no command is named", async () => {
  const world = emptyCache();
  const { stdout } = await run(["models"], { world });
  expect(stdout).toMatch(new RegExp(`${ID} +98\\.4 MB +Apache-2\\.0 +not fetched`));
  const [listed] = await runJson<readonly unknown[]>(["models", "list"], { world });
  expect(listed).toMatchObject([
    { id: ID, sha256: SHA256, licence: "Apache-2.0", fileBytes: 98_362_432, path: null },
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
  });
  const { stdout } = await run(["models", "info", TINY]);
  expect(stdout).toMatch(/^contextLength +256$/m);
});

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
