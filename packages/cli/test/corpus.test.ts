// score --jsonl: a corpus line by line, stopped and gone on with.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import {
  refused,
  type ServingEngine,
  serveEcho,
  serveVllm,
  type VllmOptions,
} from "../../../fixtures/serving-engines.ts";
import { run, TINY } from "./test-world.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const open: ServingEngine[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function vllm(options: VllmOptions = {}) {
  const server = await serveVllm(options);
  open.push(server);
  return { server, flags: ["--engine", "openai", "--base-url", server.baseUrl] };
}

/** The command as people run it. */
async function bundled(): Promise<string> {
  const script = join(root, "scripts/command.mjs");
  const { bundleCommand } = (await import(pathToFileURL(script).href)) as {
    bundleCommand: () => Promise<string>;
  };
  return bundleCommand();
}

interface OutLine {
  readonly index: number;
  readonly error?: string;
  readonly tokens?: readonly unknown[];
  readonly columns?: { readonly item: number };
}

function corpus(texts: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tokenscope-corpus-"));
  const input = join(folder, "in.jsonl");
  const output = join(folder, "out.jsonl");
  const lines = texts.map((text, item) => JSON.stringify({ text, item }));
  writeFileSync(input, `${lines.join("\n")}\n`);
  const read = (): readonly OutLine[] =>
    readFileSync(output, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as OutLine);
  return { input, output, args: ["score", "--jsonl", input, "--out", output], read };
}

/** Document i has so many words that its line can be told from its neighbours'. */
const document = (i: number): string =>
  Array.from({ length: 2 + (i % 5) }, (_, k) => `w${k}`).join(" ");

function expectWhole(lines: readonly OutLine[], count: number): void {
  expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, i) => i));
  for (const { index, tokens, columns } of lines) {
    expect({ item: columns?.item, tokens: tokens?.length }).toEqual({
      item: index,
      tokens: 2 + (index % 5),
    });
  }
}

test("2,000 documents, killed twice with a line half written, are all there once and in order", async () => {
  const { flags, server } = await vllm({ keepsRequests: true });
  const { args, output, read } = corpus(Array.from({ length: 2_000 }, (_, i) => document(i)));
  const bundle = await bundled();
  for (const enough of [40_000, 200_000]) {
    const child = spawn(process.execPath, [bundle, ...args, ...flags, "--concurrency", "64"]);
    const ended = new Promise((resolve) => child.once("close", resolve));
    while (
      child.exitCode === null &&
      !(existsSync(output) && readFileSync(output).length > enough)
    ) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    child.kill("SIGKILL");
    await ended;
    appendFileSync(output, '{"index": 99, "tok');
  }
  const before = server.seen.filter(({ path }) => path === "/v1/completions").length;
  expect(before).toBeLessThan(2_000);
  const { exitCode, stderr } = await run([...args, ...flags, "--concurrency", "64"]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stderr).toMatch(/has [\d,]+ texts already; going on\nnote: 2,000 texts are in/);
  expectWhole(read(), 2_000);
}, 120_000);

test.runIf(process.env["TOKENSCOPE_LONG"] === "1")(
  "100,000 documents at 64 at once take memory that does not grow",
  async () => {
    const count = 100_000;
    const { flags } = await vllm({ keepsRequests: false });
    const { args, output } = corpus(Array.from({ length: count }, (_, i) => document(i)));
    const startedMs = performance.now();
    const child = spawn(process.execPath, [
      await bundled(),
      ...args,
      ...flags,
      "--concurrency",
      "64",
    ]);
    const resident: number[] = []; // kB, a sample every half second
    const sampling = setInterval(() => resident.push(residentKb(child.pid)), 500);
    const code = await new Promise((resolve) => child.once("close", resolve));
    clearInterval(sampling);
    expect(code).toBe(0);
    const lines = readFileSync(output, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(count);
    const known = resident.filter((kb) => kb > 0);
    const peak = (from: number, to: number): number =>
      Math.max(...known.slice(Math.floor(known.length * from), Math.ceil(known.length * to)));
    const [early, late] = [peak(0.1, 0.4), peak(0.7, 1)];
    const seconds = (performance.now() - startedMs) / 1_000;
    console.log(
      `${count} documents in ${seconds.toFixed(0)} s, ${(count / seconds).toFixed(0)} a second; resident at most ${(early / 1_024).toFixed(0)} MiB early, ${(late / 1_024).toFixed(0)} MiB late`,
    );
    expect(late).toBeLessThan(early * 1.1);
  },
);

/** Resident memory of a process in kB; 0 where it has ended. */
function residentKb(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

test("a run that is complete does nothing when it is run again", async () => {
  const { flags, server } = await vllm();
  const { args, output } = corpus([document(0), document(1)]);
  await run([...args, ...flags]);
  const before = readFileSync(output, "utf8");
  const asked = server.seen.length;
  expect(await run([...args, ...flags])).toMatchObject({ exitCode: 0 });
  expect(readFileSync(output, "utf8")).toBe(before);
  const documents = server.seen.slice(asked).filter(({ body }) => body["prompt"] === document(0));
  expect(documents).toHaveLength(0);
});

test("a text that is refused and a line that is no text get an error in their place, and the run ends with 1", async () => {
  const { flags } = await vllm();
  const { args, input, read } = corpus([document(0), "w ".repeat(4_100), document(2)]);
  appendFileSync(input, '{"txt": 1}\n');
  const { exitCode, stderr } = await run([...args, ...flags]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/2 texts could not be scored; their lines in .* have an "error"/);
  const lines = read();
  expect(lines.map(({ error }) => error === undefined)).toEqual([true, false, true, false]);
  expect(lines[1]?.error).toContain("takes at most 4095");
  expect(lines[3]?.error).toMatch(/line 4 must be an object with a string "text"/);
  const again = await run([...args, ...flags]);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toMatch(/2 texts could not be scored/);
});

test("an empty text is an error in its place, in the words that --text has for it", async () => {
  const { args, input, read } = corpus([document(0), ""]);
  const { exitCode, stderr } = await run([...args, "--model", TINY]);
  const alone = await run(["score", "--text", "", "--model", TINY]);
  expect([exitCode, alone.exitCode]).toEqual([1, 2]);
  expect(stderr).toMatch(/2 texts are in .*\n.*1 text could not be scored; its line in .* has an/);
  const is = "is empty, and a score needs at least 1 token; give a text";
  expect(alone.stderr).toContain(`--text ${is}`);
  expect(read().map(({ error }) => error)).toEqual([
    undefined,
    `the text of line 2 of ${input} ${is}`,
  ]);
});

test("a text that was changed since it was scored stops the run with its line; an output of an earlier version goes on", async () => {
  const { flags } = await vllm();
  const { args, input, output, read } = corpus([document(0), document(1), document(2)]);
  await run([...args, ...flags]);
  const [first = "", ...rest] = readFileSync(input, "utf8").trimEnd().split("\n");
  const blank = ""; // counted among the file's lines, and no text
  const changed = JSON.stringify({ text: "another", item: 1 });
  writeFileSync(input, [first, blank, changed, rest[1]].join("\n"));
  const { exitCode, stderr } = await run([...args, ...flags]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(
    /line 3 of .*in\.jsonl is not what line 2 of .*out\.jsonl was scored from/,
  );
  const older = readFileSync(output, "utf8").replace(
    /"(input|options)Sha256":"[0-9a-f]{16}",/g,
    "",
  );
  writeFileSync(output, older);
  expect(await run([...args, ...flags])).toMatchObject({ exitCode: 0 });
  expect(read()).toHaveLength(3);
});

test("a server that fails for good stops the run with what it has, and the next run goes on there", async () => {
  let left = 12;
  const failing = await vllm({
    before: () => {
      left -= 1;
      return left < 0
        ? { ...refused("out of memory", 503), headers: { "retry-after-ms": "1" } }
        : null;
    },
  });
  const { args, read } = corpus(Array.from({ length: 30 }, (_, i) => document(i)));
  const broken = await run([...args, ...failing.flags, "--concurrency", "2"]);
  expect(broken.exitCode).toBe(1);
  expect(broken.stderr).toMatch(/answered 503: out of memory; try again later/);
  const kept = read().length;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(30);
  left = 1_000;
  expect(await run([...args, ...failing.flags])).toMatchObject({ exitCode: 0 });
  expectWhole(read(), 30);
});

test("a busy server is waited for", async () => {
  let refusals = 3;
  const { flags } = await vllm({
    before: () => {
      refusals -= 1;
      return refusals < 0 ? null : { ...refused("busy", 429), headers: { "retry-after-ms": "1" } };
    },
  });
  const { args, read } = corpus([document(0), document(1)]);
  expect(await run([...args, ...flags])).toMatchObject({ exitCode: 0 });
  expectWhole(read(), 2);
});

test("another model's output, or another input's, is not added to", async () => {
  const { flags } = await vllm();
  const { args, output } = corpus([document(0), document(1)]);
  writeFileSync(output, '{"index":0,"model":{"id":"other"}}\n');
  expect((await run([...args, ...flags])).stderr).toMatch(/not line 1 of a corpus scored by big/);
  const long = corpus(Array.from({ length: 5 }, (_, i) => document(i)));
  await run([...long.args, ...flags]);
  const short = corpus([document(0)]);
  const mixed = ["score", "--jsonl", short.input, "--out", long.output];
  expect((await run([...mixed, ...flags])).stderr).toMatch(/has 5 lines and .* has 1 text,/);
});

test("files that are not a corpus of ours stay as they are: another text, half a line, the input itself", async () => {
  const { flags } = await vllm();
  const { args, input, output } = corpus([document(0), document(1)]);
  for (const content of ["my notes\nthe only copy", '{"a": 1}', '{"index": 0'] as const) {
    writeFileSync(output, content);
    const { exitCode, stderr } = await run([...args, ...flags]);
    expect([exitCode, readFileSync(output, "utf8")]).toEqual([2, content]);
    expect(stderr).toContain("give another file for --out");
  }
  const before = readFileSync(input, "utf8");
  const onto = await run(["score", "--jsonl", input, "--out", input, ...flags]);
  expect([onto.exitCode, readFileSync(input, "utf8")]).toEqual([2, before]);
  expect(onto.stderr).toMatch(/--out is .* itself/);
  writeFileSync(output, '{"index":0,"inputSha'); // what a kill may leave
  expect(await run([...args, ...flags])).toMatchObject({ exitCode: 0 });
});

test("a corpus is not gone on with under other options", async () => {
  const { flags } = await vllm();
  const { args, read } = corpus([document(0), document(1), document(2)]);
  await run([...args, ...flags, "--context", "one "]);
  for (const other of [[], ["--context", "two "], ["--context", "one ", "--words"]]) {
    const { exitCode, stderr } = await run([...args, ...flags, ...other]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/line 1 of .* was scored with other options \(--context, --start-token/);
  }
  expect(await run([...args, ...flags, "--context", "one "])).toMatchObject({ exitCode: 0 });
  expect(read()).toHaveLength(3);
});

test("a line that is not UTF-8 is that line's error", async () => {
  const { flags } = await vllm();
  const { args, input, read } = corpus([document(0), document(1)]);
  const [first, second] = readFileSync(input, "utf8").trimEnd().split("\n");
  writeFileSync(
    input,
    Buffer.concat([Buffer.from(`${first}\n`), Buffer.of(0xff, 10), Buffer.from(`${second}`)]),
  );
  const { exitCode } = await run([...args, ...flags]);
  expect(exitCode).toBe(1);
  expect(read().map(({ error }) => error ?? "")).toEqual([
    "",
    expect.stringMatching(/line 2 is not UTF-8/),
    "",
  ]);
});

test("the engine of this machine scores a corpus too, one text after the other", async () => {
  const { args, read } = corpus([document(0), document(1)]);
  const { exitCode } = await run([...args, "--model", TINY]);
  expect(exitCode).toBe(0);
  expect(read().map(({ index, columns }) => [index, columns?.item])).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test.each([
  [["score", "--jsonl", "x.jsonl"], /--jsonl needs a file for its results; add --out/],
  [["score", "--jsonl", "-", "--out", "x"], /standard input cannot give; save it as a file/],
  [["score", "--out", "x", "--text", "a"], /--out is where --jsonl puts its results/],
  [["score", "--jsonl", "a", "--out", "b", "--csv"], /--csv cannot go with it/],
  [
    ["score", "--jsonl", "nowhere.jsonl", "--out", "unwritten.jsonl", "--model", TINY],
    /cannot read nowhere/,
  ],
])("%j is refused in a sentence", async (args, sentence) => {
  const { exitCode, stderr } = await run(args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(sentence);
});

test("a text whose echo a server gets wrong is a line with an error, and the others are scored", async () => {
  const server = await serveEcho({
    change: (choice) => (choice.text.startsWith("odd") ? { ...choice, text: "even" } : choice),
  });
  open.push(server);
  const { args, read } = corpus(["The cat", "odd one", "The dog"]);
  const { exitCode, stderr } = await run([
    ...args,
    ...["--engine", "openai", "--base-url", server.baseUrl],
  ]);
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/1 text/)]);
  expect(read().map(({ index, error }) => [index, error ?? null])).toEqual([
    [0, null],
    [1, expect.stringMatching(/echoed another text than it was given/)],
    [2, null],
  ]);
});
