// The command as a process: what only real streams and signals show.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { TINY } from "./test-world.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const bundle = join(root, "packages/cli/bundle/main.js");

beforeAll(async () => {
  const { bundleCommand } = (await import(
    pathToFileURL(join(root, "scripts/command.mjs")).href
  )) as { bundleCommand: () => Promise<string> };
  await bundleCommand();
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], stdio: "pipe" | "ignore" = "pipe"): ChildProcess {
  return spawn(process.execPath, [bundle, ...args], { cwd: root, stdio: [stdio, "pipe", "pipe"] });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    texts.stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    texts.stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}

test("results go to stdout alone, and standard input is read by -", async () => {
  const child = start(["tokens", "--model", TINY, "--json", "-"]);
  child.stdin?.end("cat");
  const { code, stdout, stderr } = await ended(child);
  expect(JSON.parse(stdout)).toHaveLength(1);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("a usage error ends with 2 and one line", async () => {
  const { code, stdout, stderr } = await ended(start(["tokens", "--jsn", "x"]));
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^tokenscope: unknown option '--jsn' [^\n]+\n$/);
});

test("a reader that goes away (| head) ends the command without a word", async () => {
  const child = start(["tokens", "--model", TINY, "-"]);
  child.stdin?.end("a long text ".repeat(20_000)); // its table is more than a pipe holds
  if (child.stdout) await once(child.stdout, "data");
  child.stdout?.destroy();
  const { code, stderr } = await ended(child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test.skipIf(process.platform === "win32")("Ctrl-C while reading ends with 130", async () => {
  const child = start(["tokens", "--model", TINY, "-"]);
  child.stdin?.write("x".repeat(1_000_000)); // when it is taken, the command is reading
  await once(child.stdin ?? child, "drain");
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended(child);
  expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: "", stderr: "" });
});

test("a file that the runtime computes with: score from the bundle", async () => {
  const { code, stdout } = await ended(
    start(["score", "--model", TINY, "--text", "cat", "--json"], "ignore"),
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ summary: { tokens: 3, scoredTokens: 2 } });
});
