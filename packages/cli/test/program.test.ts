import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openModel } from "../src/open-model.ts";
import { fileWith, run, TINY, unloadable } from "./test-world.ts";

const tiny = ["--model", TINY];

/** Usage errors: exit code 2, nothing on stdout, one line on stderr. */
const USAGE: readonly (readonly [sentence: string, args: readonly string[], says: RegExp])[] = [
  [
    "an unknown option is named with the one that was meant",
    ["generate", "x", "--temprature", "1"],
    /unknown option '--temprature' \(Did you mean --temperature\?\)/,
  ],
  ["an unknown command is named with the known ones", ["scroe"], /"scroe".*tokens, next, score/],
  ["an unknown command of models too", ["models", "lst"], /"lst".*list, fetch, info, remove/],
  ["a second text is too many", ["tokens", "a", "b"], /too many arguments for 'tokens'/],
  ["an option without its value", ["generate", "x", "--max-tokens"], /argument missing/],
  ["a precision that there is not", ["next", "x", "--precision", "fp16"], /auto, exact, compact/],
  ["--csv with --json", ["score", "--text", "x", "--csv", "--json"], /cannot be used with/],
  ["a port above the last", ["serve", "--port", "65536"], /"65536".*0 to 65535/],
  ["a temperature below 0", ["generate", "x", "--temperature", "-1"], /temperature -1/],
  ["a top-p that is no number", ["generate", "x", "--top-p", "most"], /--top-p "most"/],
  ["a top-p out of range", ["generate", "x", "--top-p", "2"], /: --top-p 2 is not allowed; give/],
  ["a seed that is no whole number", ["generate", "x", "--seed", "1.5"], /: --seed "1\.5" is not/],
  ["no tokens at most", ["generate", "x", "--max-tokens", "0"], /--max-tokens "0".*from 1/],
  ["no thread", ["next", "x", "--threads", "0"], /--threads "0".*from 1/],
  ["a start token that is none", ["next", "x", "--start-token", "bos"], /auto, none or a token id/],
  ["ids that are none", ["score", "--ids", "1,x,3"], /"x", which is not a token id/],
  ["two kinds of prompt", ["next", "x", "--ids", "1"], /a text and --ids cannot go together/],
  ["no prompt", ["generate"], /there is no text/],
  ["no text to compare", ["compare", "--text", "", "--bits", "4"], /--text is empty.*give a text/],
  ["a comparison with nothing", ["compare", "--text", "x"], /needs --models A,B or --bits/],
  ["a comparison of nothing", ["compare", "--bits", "4"], /no text; give a file, "-" for/],
  [
    "a comparison of two texts",
    ["compare", "a.txt", "--text", "x", "--bits", "4"],
    /a file and --text cannot go together/,
  ],
  [
    "a file of several texts to compare",
    ["compare", fileWith("text\nx\ny\n", "a.csv"), "--bits", "4"],
    /a\.csv has 2 texts, and compare takes one/,
  ],
  ["one model to compare", ["compare", "--text", "x", "--models", "a"], /names 1 model; give two/],
  ["bits that are none", ["compare", "--text", "x", "--bits", "4,9"], /"4,9".*from 2 to 8/],
  ["no text to tokenise", ["tokens"], /there is no text/],
  ["nothing to score", ["score"], /nothing to score/],
  ["two things to score", ["score", "a.txt", "--text", "x"], /a file and --text/],
  ["--lines of an argument", ["score", "--text", "x", "--lines"], /--lines reads files/],
  ["a context before ids", ["score", "--ids", "1", "--context", "x"], /--context joins a text/],
  ["a list longer than what is kept", ["score", "--text", "x", "--top", "51"], /--top 51.*50/],
  ["a model that there is not", ["tokens", "x", "--model", "smollm3"], /no file "smollm3"/],
  ["a folder for a model", ["next", "x", "--model", "/tmp"], /"\/tmp" is a folder.*GGUF file/],
  ["an id outside the vocabulary", ["score", ...tiny, "--ids", "3,261"], /261.*from 0 to 260/],
  ["an id outside it in a prompt", ["next", ...tiny, "--ids", "261"], /261.*from 0 to 260/],
  ["a start token outside it", ["next", "x", ...tiny, "--start-token", "300"], /--start-token 300/],
  [
    "a text over the context",
    ["score", ...tiny, "--text", "x".repeat(300)],
    /300 tokens.*context holds 256/,
  ],
  [
    "a prompt over the context",
    ["generate", ...tiny, "x".repeat(300)],
    /300 tokens.*context holds 256/,
  ],
  ["an empty text", ["score", ...tiny, "--text", ""], /--text is empty.*give a text/],
  ["an empty prompt", ["next", ...tiny, ""], /empty.*needs at least 1 token/],
  ["an empty standard input", ["score", ...tiny, "-"], /standard input is empty/],
  [
    "a file that there is not",
    ["score", ...tiny, "/nowhere/a.txt"],
    /there is no such file.*score --text "\.\.\."/,
  ],
  ["a folder for a file", ["score", ...tiny, "/tmp"], /it is a folder/],
  ["several tokens as one", ["next", ...tiny, "x", "--token", "cat"], /3 tokens \(c \| a \| t\)/],
  [
    "a special token that is read as text",
    ["next", ...tiny, "x", "--token", "<|end|>"],
    /add --parse-special/,
  ],
  ["a chat without a template", ["score", ...tiny, "--chat", chatFile()], /no chat template/],
];

describe("usage errors", () => {
  test.each(USAGE)("%s", async (_, args, says) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/^tokenscope: [^\n]+\n$/);
    expect(stderr).not.toMatch(/\n\s+at |should not have happened/);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});

/** Broken files: exit code 2, as of a file that there is not, and the place in the file. */
const BROKEN: readonly (readonly [sentence: string, args: readonly string[], says: RegExp])[] = [
  [
    "a model with a wrong magic",
    ["next", "x", "--model", fileWith("GGML and more of it", "wrong.gguf")],
    /wrong\.gguf.*byte 0, not with "GGUF"/,
  ],
  [
    "a truncated model",
    ["score", "--text", "x", "--model", fileWith(truncatedTiny(), "cut.gguf")],
    /cut\.gguf.*byte/,
  ],
  [
    "a model that is truncated in its header",
    ["tokens", "x", "--model", fileWith(truncatedTiny().subarray(0, 900), "short.gguf")],
    /short\.gguf.*byte/,
  ],
  ["an empty model", ["tokens", "x", "--model", fileWith("", "empty.gguf")], /empty\.gguf.*byte/],
  [
    "a wrong model for the page",
    ["serve", "--no-open", "--model", fileWith("GGML and more of it", "wrong.gguf")],
    /wrong\.gguf.*byte 0/,
  ],
  [
    "a text that is not UTF-8",
    ["score", ...tiny, fileWith(Uint8Array.of(0x61, 0xc3, 0xa9, 0xff), "latin.txt")],
    /latin\.txt is not UTF-8 at byte 3/,
  ],
  [
    "a table without a column text",
    ["score", ...tiny, fileWith("id,sentence\n1,x\n", "a.csv")],
    /line 1 names the columns id, sentence.*"text"/,
  ],
  [
    "a row that is too long",
    ["score", ...tiny, fileWith("text,id\nx,1,2\n", "a.csv")],
    /row 1 after the heading/,
  ],
  [
    "a line that is not JSON",
    ["score", ...tiny, fileWith('{"text":"x"}\n{"text":\n', "a.jsonl")],
    /not JSON at line 2/,
  ],
  [
    "a line without a text",
    ["score", ...tiny, fileWith('{"text":"x"}\n{"txt":"y"}\n', "a.jsonl")],
    /line 2 must be an object with a string "text"/,
  ],
  ["a chat that is not JSON", ["next", ...tiny, "--chat", fileWith("{x", "a.json")], /at line 1/],
  [
    "a chat without messages",
    ["score", ...tiny, "--chat", fileWith("{}", "a.json")],
    /a\.json: messages must be a list/,
  ],
];

describe("broken files", () => {
  test.each(BROKEN)("%s", async (_, args, says) => {
    const { exitCode, stderr } = await run(args);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/^tokenscope: [^\n]+\n$/);
    expect(stderr).not.toMatch(/\n\s+at |should not have happened/);
    expect(exitCode).toBe(2);
  });
});

/** What is refused before a model is opened: null, or before its weights are read: TINY. */
const EARLY: readonly (readonly [args: readonly string[], says: RegExp, model: string | null])[] = [
  [["score", "/nowhere/a.txt"], /no such file/, null],
  [["score", "/tmp"], /it is a folder/, null],
  [["score", "--text", ""], /--text is empty/, null],
  [["score", "--ids", "1,,2"], /"", which is not a token id/, null],
  [["next", "--ids", "1;2"], /"1;2", which is not a token id/, null],
  [["score", "--chat", "/nowhere/a.json"], /no such file/, null],
  [["next", "--chat", fileWith("{x", "a.json")], /a\.json is not JSON at line 1/, null],
  [["generate", "--chat", "/tmp"], /it is a folder/, null],
  [["generate", "", "--start-token", "none"], /the text is empty/, null],
  [["next", ""], /the text is empty/, TINY],
  [["score", "--ids", "3,261"], /token id 261/, TINY],
  [["next", "--ids", "261"], /token id 261/, TINY],
  [["next", "x", "--token", "cat"], /--token "cat" is 3 tokens/, TINY],
  [["score", "--text", "x", "--start-token", "300"], /--start-token 300/, TINY],
  [["score", "--chat", chatFile()], /no chat template/, TINY],
];

test.each(EARLY)("%j is refused before the model's weights are read", async (args, says, model) => {
  const fail = async (): Promise<never> => {
    throw new Error("the model was opened");
  };
  const openModel = model === null ? fail : unloadable;
  const world = { openModel };
  const { stderr } = await run([...args, ...(model === null ? [] : ["--model", model])], { world });
  expect(stderr).toMatch(says);
});

test("a model's own check comes before its weights are read and hashed", async () => {
  const said = new Error("checked");
  const check = (): never => {
    throw said;
  };
  const path = fileWith(readFileSync(TINY), "whole.gguf");
  const { stderr } = await run(["next", "x"], {
    world: {
      openModel: (_, world) => openModel({ model: path, precision: "exact", check }, world),
    },
  });
  expect(stderr).toContain("checked");
});

test.each(["tokens", "next", "generate", "score"])(
  "%s says that the last line break of standard input belongs to the text",
  async (command) => {
    const args = [command, ...tiny, "-", "--json"];
    const { stderr } = await run(args, { stdin: "cat\n" });
    const verb = command === "score" ? "scored" : "read";
    expect(stderr).toBe(`note: the text ends with a line break, which is ${verb} with it\n`);
    expect((await run(args, { stdin: "cat" })).stderr).toBe("");
  },
);

test.each(["next", "generate", "score"])("%s --help shows the file of --chat", async (command) => {
  const { stdout } = await run([command, "--help"]);
  expect(stdout).toContain('{"messages": [{"role": "system", "content"');
});

test("the help of the program says what it does without a command", async () => {
  expect((await run(["--help"])).stdout).toMatch(/Without a command it serves the page/);
});

test("--help goes to stdout and is no error", async () => {
  const { exitCode, stdout, stderr } = await run(["score", "--help"]);
  expect(stdout).toContain("--start-token");
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
});

test("after Ctrl-C a command says nothing and ends with 130", async () => {
  const world = { signal: AbortSignal.abort() };
  const { exitCode, stdout, stderr } = await run(["score", ...tiny, "--text", "x"], { world });
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 130, stdout: "", stderr: "" });
});

function chatFile(): string {
  return fileWith('{"messages":[{"role":"user","content":"x"}]}', "chat.json");
}

function truncatedTiny(): Uint8Array {
  const bytes = readFileSync(TINY);
  return bytes.subarray(0, bytes.length - 1000);
}

test("the help of every command has examples of that command, with options that it has", async () => {
  const { stdout: overview } = await run(["--help"]);
  const names = [...overview.matchAll(/^ {2}(\w+) (?:\[| {2})/gm)].map((match) => match[1] ?? "");
  expect(names).toEqual(expect.arrayContaining(["serve", "models", "score", "compare", "bench"]));
  for (const name of names.filter((each) => each !== "help")) {
    const { stdout } = await run([name, "--help"]);
    const examples = stdout.slice(stdout.indexOf("Examples:")).split("\n  tokenscope ").slice(1);
    expect(examples.length, name).toBeGreaterThan(0);
    for (const example of examples) {
      expect(example.split(" ")[0]?.trim()).toBe(name);
      if (name === "models") continue; // its options are its own commands'
      const options = example.match(/--[a-z-]+/g) ?? [];
      const described = stdout.slice(0, stdout.indexOf("Examples:"));
      for (const option of options) expect(described, example).toContain(option);
    }
  }
});
