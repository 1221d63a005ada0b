// The sizes of the built page, from its files alone: what the first screen loads, and what nothing may make it load.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("../../dist/", import.meta.url));
const MAIN_BYTES = 200_000; // gzipped, before the engine
const RECORDING_BYTES = 90_000;
const WORKER_BYTES = 90_000;
const LARGEST_LAZY_BYTES = 60_000;

interface Built {
  readonly file: string;
  readonly gzipBytes: number;
}

function built(file: string): Built {
  return { file, gzipBytes: gzipSync(readFileSync(FOLDER + file), { level: 9 }).length };
}

const total = (files: readonly Built[]): number =>
  files.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);

/** The scripts that a script imports before it runs. */
function importsOf(file: string): readonly string[] {
  const code = readFileSync(FOLDER + file, "utf8");
  const names = [...code.matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)];
  return names.map(([, name]) => `assets/${name}`);
}

/** What index.html names, and all that those scripts import. */
function firstFiles(): readonly Built[] {
  const html = readFileSync(`${FOLDER}index.html`, "utf8");
  const found = new Set(["index.html"]);
  const open = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file]) => file);
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    if (file.endsWith(".js")) open.push(...importsOf(file));
  }
  return [...found].map(built);
}

const first = firstFiles();
const firstNames = new Set(first.map(({ file }) => file));
const lazy = readdirSync(`${FOLDER}assets`)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => `assets/${name}`)
  .filter((file) => !firstNames.has(file))
  .map(built)
  .toSorted((a, b) => b.gzipBytes - a.gzipBytes);
const isEngine = ({ file }: Built) => /model-worker|kernel-thread|gpu-engine/.test(file);
const isRecording = ({ file }: Built) => /dragon/.test(file);

test("the first screen's code and styles are at most 200 kB gzipped", () => {
  console.log(`first screen: ${total(first)} bytes gzipped in ${first.length} files`);
  for (const { file, gzipBytes } of lazy.slice(0, 12)) console.log(`  ${gzipBytes} ${file}`);
  expect(first.length).toBeGreaterThan(2);
  expect(total(first)).toBeLessThanOrEqual(MAIN_BYTES);
});

test("the engine, the recording and each part that opens later stay within their own budgets", () => {
  expect(lazy.filter(isEngine).length).toBeGreaterThan(1);
  expect(total(lazy.filter(({ file }) => /model-worker/.test(file)))).toBeLessThan(WORKER_BYTES);
  expect(total(lazy.filter(isRecording))).toBeLessThan(RECORDING_BYTES);
  const parts = lazy.filter((file) => !isEngine(file) && !isRecording(file));
  expect(parts.length).toBeGreaterThan(5);
  expect(parts.filter(({ gzipBytes }) => gzipBytes > LARGEST_LAZY_BYTES)).toEqual([]);
});

test("nothing of the engine is among what the first screen loads", () => {
  expect(first.filter(isEngine)).toEqual([]);
  expect(first.filter(({ file }) => /\.wasm$/.test(file))).toEqual([]);
});
