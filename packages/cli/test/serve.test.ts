import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCommand } from "../src/open-page.ts";
import type { Output, World } from "../src/world.ts";
import { fileWith, type Run, run, TINY } from "./test-world.ts";

const pageDir = mkdtempSync(join(tmpdir(), "tokenscope-page-"));
writeFileSync(join(pageDir, "index.html"), "<!doctype html><title>page</title>");

interface Served {
  readonly url: string;
  readonly opened: readonly string[];
  stop(): Promise<Run>;
}

/** Starts `serve` and waits until it says where it is. */
async function serve(args: readonly string[], world: Partial<World> = {}): Promise<Served> {
  const controller = new AbortController();
  const opened: string[] = [];
  let ended: Promise<Run> | undefined;
  const said = await new Promise<string>((resolve, reject) => {
    const stdout: Output = {
      isTerminal: false,
      columns: 80,
      write: async (text) => resolve(text),
    };
    const openPage = (url: string): void => {
      opened.push(url);
    };
    const { signal } = controller;
    ended = run(args, { world: { pageDir, signal, stdout, openPage, ...world } });
    ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return {
    url: /http:\S+/.exec(said)?.[0] ?? "",
    opened,
    stop: async () => {
      controller.abort();
      return (await ended) as Run;
    },
  };
}

test("serve answers, describes its models, opens the page, and Ctrl-C ends it with 0", async () => {
  const served = await serve(["serve", "--port", "0", "--model", TINY]);
  expect(await (await fetch(`${served.url}/healthz`)).json()).toMatchObject({ status: "ok" });
  const { models } = (await (await fetch(`${served.url}/models.json`)).json()) as {
    models: readonly { readonly id: string; readonly licence: string | null }[];
  };
  expect(models).toMatchObject([{ id: "llama-q8_0", label: "llama-q8_0", licence: null }]);
  expect(await (await fetch(served.url)).text()).toContain("<title>page</title>");
  expect(served.opened).toEqual([served.url]);
  expect(await served.stop()).toMatchObject({ exitCode: 0, stderr: "" });
});

test("serve is what runs where no command is named, and --no-open opens nothing", async () => {
  const served = await serve(["--port", "0", "--no-open", "--model", TINY]);
  expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  expect(served.opened).toEqual([]);
  await served.stop();
});

test("a port in use is said, with the remedy", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  const port = String(typeof address === "object" ? address?.port : 0);
  const args = ["serve", "--no-open", "--port", port, "--model", TINY];
  const { exitCode, stdout, stderr } = await run(args, { world: { pageDir } });
  other.close();
  expect(stderr).toMatch(new RegExp(`^tokenscope: port ${port} .* in use.*--port\n$`));
  expect(stdout).toBe("");
  expect(exitCode).toBe(2);
});

test("two models of one name are refused", async () => {
  const copy = fileWith("", "llama-q8_0.gguf");
  copyFileSync(TINY, copy);
  const args = ["serve", "--no-open", "--port", "0", "--model", TINY, "--model", copy];
  const { exitCode, stderr } = await run(args, { world: { pageDir } });
  expect(stderr).toMatch(/two models are called "llama-q8_0"/);
  expect(exitCode).toBe(2);
});

test("a page that was not built is said", async () => {
  const args = ["serve", "--no-open", "--port", "0", "--model", TINY];
  const { exitCode, stderr } = await run(args, { world: { pageDir: "/nowhere" } });
  expect(stderr).toMatch(/there is no page in \/nowhere; build it/);
  expect(exitCode).toBe(2);
});

test("a browser is opened where there is a desktop", () => {
  expect(openCommand("darwin", {})?.[0]).toBe("open");
  expect(openCommand("win32", {})?.[0]).toBe("cmd");
  expect(openCommand("linux", { DISPLAY: ":0" })).toEqual(["xdg-open"]);
  expect(openCommand("linux", { WAYLAND_DISPLAY: "wayland-0" })).toEqual(["xdg-open"]);
  expect(openCommand("linux", {})).toBe(null);
});

test("a model in several files is refused in one sentence, before anything is served", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokenscope-shards-"));
  for (const name of ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]) {
    writeFileSync(join(folder, name), "GGUF");
  }
  const path = join(folder, "m-00001-of-00002.gguf");
  const { exitCode, stderr } = await run(["serve", "--no-open", "--model", path]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("is 2 files, and the page takes one");
});
