// What npm would publish, in an empty project: the examples run on the packed libraries, the packed command answers and serves.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MODEL = referencePath("tiny/llama-tied.gguf");
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "tokenscope-packs-"));
  const out = join(project, "tarballs");
  const listed = node([join(ROOT, "scripts/pack.mjs"), "--out", out], ROOT);
  for (const tarball of listed.trim().split("\n")) install(tarball);
  cpSync(join(ROOT, "examples"), join(project, "examples"), { recursive: true });
}, 240_000);
afterAll(() => rmSync(project, { recursive: true }));

/** Puts a package into the project as npm does, and what it depends on beside it, from this repository's own installation. */
function install(tarball: string): void {
  const folder = join(project, "unpacked");
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  const unpacked = join(folder, "package");
  const { name, dependencies = {} } = JSON.parse(
    readFileSync(join(unpacked, "package.json"), "utf8"),
  ) as { readonly name: string; readonly dependencies?: Readonly<Record<string, string>> };
  cpSync(unpacked, join(project, "node_modules", name), { recursive: true });
  rmSync(unpacked, { recursive: true });
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith("@tokenscope/")) continue; // packed as well
    const link = join(project, "node_modules", dependency);
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(join(ROOT, "node_modules", dependency), link);
  }
}

function node(args: readonly string[], cwd = project): string {
  const { NODE_ENV: _vitests, ...env } = process.env; // a page that is built under it is React's for development
  return execFileSync(process.execPath, args, { cwd, env, encoding: "utf8" });
}

const command = () => join(project, "node_modules/tokenscope/tokenscope.mjs");

test("scoring a text: the example and the packed command say the same bits", () => {
  const lines = node(["examples/score-a-text.mjs", MODEL, "the cat"]).trimEnd().split("\n");
  const [score] = node([command(), "score", "--model", MODEL, "--text", "the cat", "--json"])
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { summary: { totalBits: number; perplexity: number } });
  expect(lines.length).toBeGreaterThan(3);
  expect(lines[0]).toMatch(/^ +n\/a bits/);
  expect(lines.at(-1)).toContain(`${score?.summary.totalBits.toFixed(2)} bits, `);
  expect(lines.at(-1)).toContain(`perplexity ${score?.summary.perplexity.toFixed(2)}`);
});

test("stepping token by token takes the likeliest, and a fork forces the second", () => {
  const lines = node(["examples/step-by-step.mjs", MODEL, "the cat"]).trim().split("\n");
  expect(lines.length).toBe(6);
  const [, first, second] =
    /: ("(?:[^"\\]|\\.)*") 0\.\d+, ("(?:[^"\\]|\\.)*")/.exec(lines[0] ?? "") ?? [];
  expect(lines[1]).toContain(`after ${first}:`);
  expect(lines[5]).toContain(`forced ${second}:`);
  expect(lines[5]).toMatch(/rank 2$/);
});

test("generating with a trace gives the same draws for the same seed", () => {
  const run = () => node(["examples/generate-with-trace.mjs", MODEL, "the cat"]);
  const lines = run().trim().split("\n");
  expect(lines.at(-1)).toMatch(/^ended: (length|end-token)$/);
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(/^\d+ {2}r 0\.\d{4} {2}".*" {2}p 0\.\d{4}, rank \d+$/);
  expect(run()).toBe(lines.join("\n").concat("\n"));
});

test("the packed command serves the page that it carries", async () => {
  const server = spawn(process.execPath, [command(), "serve", "--model", MODEL, "--port", "0"]);
  try {
    let said = "";
    const url = await new Promise<string>((resolve, reject) => {
      server.stdout.on("data", (chunk: Buffer) => {
        said += String(chunk);
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      });
      server.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
    });
    expect(await (await fetch(url)).text()).toContain('<div id="root">');
  } finally {
    server.kill();
  }
});
