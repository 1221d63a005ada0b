import { copyFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { openCommand } from "../src/open-page.ts";
import { addressLines } from "../src/serve-addresses.ts";
import { pageDir, serve } from "./served.ts";
import { fileWith, run, runJson, TINY } from "./test-world.ts";

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

test("serve answers programs on the model's own engine, as generate does, and prints the line to paste", async () => {
  const lines: string[] = [];
  const served = await serve(["serve", "--port", "0", "--no-open", "--model", TINY], { lines });
  expect(lines.join("")).toContain(`OpenAI(base_url="${served.url}/v1", api_key="none")`);
  const answer = await fetch(`${served.url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt: "hello", max_tokens: 6, temperature: 1, seed: 5, logprobs: 0 }),
  });
  const { choices, usage } = (await answer.json()) as {
    choices: readonly [{ text: string }];
    usage: { prompt_tokens: number; completion_tokens: number };
  };
  const args = ["hello", "--max-tokens", "6", "--temperature", "1", "--seed", "5", "--model", TINY];
  const [generated] = await runJson<{ ids: number[]; promptIds: number[]; text: string }>([
    "generate",
    ...args,
  ]);
  expect(choices[0].text).toBe(generated?.text);
  expect(usage.prompt_tokens).toBe(generated?.promptIds.length);
  expect(await served.stop()).toMatchObject({ exitCode: 0, stderr: "" });
});

test("a key from the environment is asked for, and one that is not set is said", async () => {
  const args = [
    "serve",
    "--port",
    "0",
    "--no-open",
    "--model",
    TINY,
    "--require-key-env",
    "CLASS_KEY",
  ];
  const lines: string[] = [];
  const served = await serve(args, { lines, world: { env: { CLASS_KEY: "tell nobody" } } });
  expect(lines.join("")).toContain('api_key=os.environ["CLASS_KEY"]');
  expect(lines.join("")).not.toContain("tell nobody");
  expect((await fetch(`${served.url}/v1/models`)).status).toBe(401);
  const headers = { authorization: "Bearer tell nobody" };
  expect((await fetch(`${served.url}/v1/models`, { headers })).status).toBe(200);
  await served.stop();
  const { exitCode, stderr } = await run(args, { world: { pageDir, env: {} } });
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringMatching(/CLASS_KEY of --require-key-env is not set/),
  ]);
});

test("another server for the page is named by --engine openai alone, said at the start, and its key is in no line", async () => {
  const other = await serve(["serve", "--port", "0", "--no-open", "--model", TINY]);
  const base = ["serve", "--port", "0", "--no-open", "--model", TINY];
  const beside = ["--engine", "openai", "--base-url", other.url];
  const env = { LAB_KEY: "tell nobody", CLASS_KEY: "nor this" };
  const args = [...base, ...beside, "--api-key-env", "LAB_KEY"];
  const served = await serve(args, { world: { env } });
  const models = await fetch(`${served.url}/remote/models`);
  expect(await models.json()).toEqual({ host: new URL(other.url).host, models: ["llama-q8_0"] });
  const { stdout, stderr, exitCode } = await served.stop();
  expect(exitCode).toBe(0);
  expect(stderr).toBe(`note: In Look deeper the page may ask llama-q8_0 at ${other.url}/v1.\n`);
  expect(stdout + stderr).not.toContain("tell nobody");
  await other.stop();
  const notes: string[] = [];
  const errors = {
    isTerminal: false,
    columns: 80,
    write: async (text: string) => void notes.push(text),
  };
  const away = await serve(args, { world: { env, stderr: errors } }); // goes on without it
  expect((await fetch(`${away.url}/remote/models`)).status).toBeGreaterThanOrEqual(400);
  await expect
    .poll(() => notes.join(""))
    .toMatch(/^note: The page may ask the models at .* once it answers; now: /);
  await away.stop();
  for (const [more, said] of [
    [["--base-url", other.url], /--base-url names a server; add --engine openai/],
    [["--engine", "openai"], /needs the server's address; add --base-url/],
    [[...beside, "--require-key-env", "CLASS_KEY"], /has no key to send.*leave out/],
  ] as const) {
    const refused = await run([...base, ...more], { world: { pageDir, env } });
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringMatching(said)]);
  }
});

test("the addresses of a class are those that others may type", () => {
  const own = { url: "http://127.0.0.1:8376", keyEnv: null };
  const lines = (host: string, allowHosts: readonly string[]) =>
    addressLines({ ...own, host, allowHosts }).slice(2);
  expect(lines("127.0.0.1", [])).toEqual([]);
  expect(lines("0.0.0.0", ["class.example", "10.0.0.7"])).toEqual([
    "Others reach it at http://class.example:8376 and http://10.0.0.7:8376; their pages compute on this machine unless they choose otherwise",
  ]);
  expect(lines("0.0.0.0", [])).toEqual([expect.stringMatching(/start it with --allow-host NAME/)]);
  const keyed = { ...own, host: "0.0.0.0", allowHosts: ["class.example"], keyEnv: "CLASS_KEY" };
  expect(addressLines(keyed).slice(2)).toEqual([
    "Others reach it at http://class.example:8376; their pages compute in their own browsers, since a key in a page would be no secret",
  ]);
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
