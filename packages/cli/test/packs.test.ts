// What npm would publish, in an empty project: the examples run on the packed libraries, the packed command answers and serves. And in this clone they run after a build.

import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { serveVllm } from "../../../fixtures/serving-engines.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MODEL = referencePath("tiny/llama-tied.gguf");
let project: string;
let scoredInClone: string;

beforeAll(() => {
  node([join(ROOT, "scripts/build.mjs")], ROOT);
  scoredInClone = node(["examples/score-a-text.mjs", MODEL, "the cat"], ROOT);
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

test("scoring a text: the example, after a build in this clone and on the packed libraries, and the packed command say the same bits", () => {
  const lines = node(["examples/score-a-text.mjs", MODEL, "the cat"]).trimEnd().split("\n");
  const [score] = node([command(), "score", "--model", MODEL, "--text", "the cat", "--json"])
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { summary: { totalBits: number; perplexity: number } });
  expect(scoredInClone).toBe(`${lines.join("\n")}\n`);
  expect(lines.length).toBeGreaterThan(3);
  expect(lines[0]).toMatch(/^ +n\/a bits/);
  expect(lines.at(-1)).toContain(`${score?.summary.totalBits.toFixed(2)} bits, `);
  expect(lines.at(-1)).toContain(`perplexity ${score?.summary.perplexity.toFixed(2)}`);
});

test("pack.mjs says what it does, and of an option that it does not know, in a sentence", () => {
  const pack = join(ROOT, "scripts/pack.mjs");
  expect(node([pack, "--help"], ROOT)).toMatch(/^Packs .*\n {2}node scripts\/pack\.mjs \[--out/);
  const { status, stderr } = spawnSync(process.execPath, [pack, "--ouut"], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: "Unknown option '--ouut'; see --help\n",
  });
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

test("what the page asks is answered: a greedy reply, and a line a layer", () => {
  const lines = node(["examples/answer-calls.mjs", MODEL, "the cat"]).trim().split("\n");
  expect(lines.slice(0, 5).every((line) => /^greedy ".*"$/.test(line))).toBe(true);
  expect(lines[5]).toBe("ended: length");
  expect(lines.length).toBeGreaterThan(7);
  for (const line of lines.slice(6))
    expect(line).toMatch(/^after layer \d+ the likeliest is ".*"$/);
  expect(lines.at(-1)).toContain(lines[0]?.replace("greedy ", "") ?? "?"); // the last layer is the model
});

test("a text scored on a server: the example's bits are what the server's tokens have", async () => {
  const server = await serveVllm();
  const script = join(project, "examples/score-on-a-server.mjs");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, server.baseUrl, "the cat sat"],
    { cwd: project },
  );
  await server.close();
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^ +n\/a bits +"the"$/);
  expect(lines[1]).toMatch(/^ +\d+\.\d\d bits {2}rank \d+ +" cat"$/);
  expect(lines[3]).toMatch(/^\d+\.\d\d bits by big at http/);
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
