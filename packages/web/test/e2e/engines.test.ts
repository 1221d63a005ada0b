// The page's engines in a browser, on tiny models: the kernel isolated and not, and WebGPU on Chromium's software adapter.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engineContract } from "@tokenscope/core/contracts";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referenceJson, referencePath } from "../../../../fixtures/index.ts";
import { newPage, openStage, type Stage } from "./browser.ts";
import type { EngineUnderTest, Heard, Question } from "./engines/protocol.ts";

const SEVERAL_CHUNKS = 700; // positions
const TWO_CHUNKS = 260; // positions: as few as that, because the software adapter is slow
const LLAMA_CPP_NATS = 0.002; // fixtures/README.md: f32 weights
const isLong = process.env["TOKENSCOPE_LONG"] === "1";
const ARCHITECTURES = ["llama-tied", "qwen2", "qwen3", "gemma2", "gemma3", "gpt2"];

interface Reference {
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
}
const references = referenceJson<Record<string, Reference>>("tiny/expected-llama-cpp.json");

let stage: Stage;
let pageDir: string;
beforeAll(async () => {
  pageDir = mkdtempSync(join(tmpdir(), "tokenscope-engines-"));
  await build({
    configFile: fileURLToPath(new URL("../../vite.config.ts", import.meta.url)),
    publicDir: referencePath("tiny"),
    logLevel: "warn",
    build: {
      outDir: pageDir,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input: fileURLToPath(new URL("./engines/page.ts", import.meta.url)),
        output: { entryFileNames: "page.js" },
      },
    },
  });
  const icon = '<link rel="icon" href="data:," />'; // else the browser asks for one
  const html = `<!doctype html><title>Engines</title>${icon}<script type="module" src="page.js"></script>`;
  writeFileSync(join(pageDir, "index.html"), html);
  stage = await openStage({ pageDir, models: [], hasGpu: true });
});
afterAll(async () => {
  await stage.close();
  rmSync(pageDir, { recursive: true });
});

/** The test's page in a profile of its own; not isolated where the document comes without the server's headers. */
async function openPage({ isIsolated = true } = {}): Promise<Page> {
  const { page } = await newPage(stage);
  if (!isIsolated) {
    await page.route(`${stage.url}/`, async (route) => {
      const response = await route.fetch();
      const { "content-type": type = "" } = response.headers();
      await route.fulfill({ response, headers: { "content-type": type } });
    });
  }
  await page.goto(`${stage.url}/`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(isIsolated);
  return page;
}

function ask(page: Page, question: Question): Promise<Heard> {
  return page.evaluate(
    (asked) => (window as unknown as { ask(q: unknown): Promise<Heard> }).ask(asked),
    question,
  );
}

const SENTENCES = sentencesOfContract();

function sentencesOfContract(): readonly string[] {
  const names: string[] = [];
  const never = () => Promise.reject(new Error("only the names are read here"));
  engineContract("", never, { test: (name) => void names.push(name.replace(/^: /, "")), expect });
  return names;
}

/** The sentences that one browser test runs on the software adapter; with TOKENSCOPE_LONG=1 it runs all, in two and a half minutes. */
const ON_SOFTWARE_ADAPTER = [
  "the first position has no score, every later one has",
  "a fork goes its own way",
  "a score is what its id's logit says, and what the head says of it",
  "looking back runs the head and not the model",
  "closing waits for the run under way",
  "the last layer's stream gives the context vector, and that the prediction",
  "a head's attention is shares of the positions so far",
  "a stream replaced by itself changes nothing",
  "append gives each member's new tokens",
  "one pass takes a token of each of eight members",
];

type Engine = Omit<EngineUnderTest, "file">;

/** What is wrong with each sentence that does not hold. */
async function failuresOf(
  page: Page,
  engine: Engine,
  sentences: readonly string[],
): Promise<readonly string[]> {
  const under = { ...engine, file: "llama-q4_1.gguf" };
  const failures: string[] = [];
  for (const sentence of sentences) {
    const heard = await ask(page, { kind: "sentence", engine: under, sentence });
    if (heard.kind === "failed") failures.push(`${sentence}: ${heard.message}`);
  }
  return failures;
}

test.each(["exact", "compact"] as const)(
  "the kernel keeps the engine contract in %s",
  async (precision) => {
    const page = await openPage();
    const engine: Engine = { backend: "wasm", precision, contextLength: SEVERAL_CHUNKS };
    expect(SENTENCES.length).toBeGreaterThan(30);
    expect(await failuresOf(page, engine, SENTENCES)).toEqual([]);
    await page.context().close();
  },
);

test("WebGPU keeps the engine contract", { timeout: 900_000 }, async () => {
  const page = await openPage();
  const engine: Engine = { backend: "webgpu", precision: "exact", contextLength: TWO_CHUNKS };
  const sentences = isLong ? SENTENCES : ON_SOFTWARE_ADAPTER;
  expect(ON_SOFTWARE_ADAPTER.filter((sentence) => !SENTENCES.includes(sentence))).toEqual([]);
  expect(await failuresOf(page, engine, sentences)).toEqual([]);
  await page.context().close();
});

async function largestDistanceNats(page: Page, engine: EngineUnderTest, size: number) {
  const { ids, logprobNats } = references[engine.file]!;
  const heard = await ask(page, { kind: "scores", engine, ids, size });
  if (heard.kind !== "scores") throw new Error(JSON.stringify(heard));
  const { logprobsNats, threads } = heard;
  expect(logprobsNats.map((value) => value === null)).toEqual(logprobNats.map((v) => v === null));
  const distances = logprobsNats.map((value, i) => Math.abs((value ?? 0) - (logprobNats[i] ?? 0)));
  return { nats: Math.max(...distances), threads };
}

test("WebGPU scores every architecture as llama.cpp does, and Gemma's windows in parts too", async () => {
  const page = await openPage();
  for (const name of ARCHITECTURES) {
    const engine = { backend: "webgpu", precision: "exact", file: `${name}.gguf` } as const;
    const sizes = isLong || name.startsWith("gemma") ? [46, 7] : [46];
    for (const size of sizes) {
      const { nats } = await largestDistanceNats(page, engine, size);
      expect([name, nats < LLAMA_CPP_NATS]).toEqual([name, true]); // measured: at most 0.0016
    }
  }
  await page.context().close();
});

test("a page that is not isolated runs the kernel on one thread, with the same numbers", async () => {
  const engine = { backend: "wasm", precision: "exact", file: "llama-tied.gguf" } as const;
  for (const isIsolated of [false, true]) {
    const page = await openPage({ isIsolated });
    const { nats, threads } = await largestDistanceNats(page, engine, 46);
    expect(nats).toBeLessThan(LLAMA_CPP_NATS);
    expect(threads > 1).toBe(isIsolated);
    await page.context().close();
  }
});
