import type { TokensJson } from "@tokenscope/core";
import { readGguf } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { fittingPrecision } from "../src/open-model.ts";
import { tableLines } from "../src/table.ts";
import { fileWith, run, runJson, TINY } from "./test-world.ts";

const tiny = ["--model", TINY];

test("tokens --json is PRODUCT.md's list with one tokenizer", async () => {
  const [list] = await runJson<readonly TokensJson[]>(["tokens", ...tiny, "é!"]);
  expect(list).toEqual([
    {
      tokenizer: "llama-q8_0",
      tokens: [
        { index: 0, id: 195, text: null, bytesHex: "c3", special: false },
        { index: 1, id: 169, text: null, bytesHex: "a9", special: false },
        { index: 2, id: 33, text: "!", bytesHex: "21", special: false },
      ],
      summary: {
        tokens: 3,
        characters: 2,
        bytes: 3,
        charactersPerToken: expect.closeTo(2 / 3, 12),
        bytesPerToken: 1,
      },
    },
  ]);
});

test("an empty text has no tokens, and no figure is made up", async () => {
  const [list] = await runJson<readonly TokensJson[]>(["tokens", ...tiny, ""]);
  expect(list?.[0]).toMatchObject({
    tokens: [],
    summary: { tokens: 0, charactersPerToken: null, bytesPerToken: null },
  });
});

test("- reads standard input to the byte, without a byte order mark", async () => {
  const args = ["tokens", ...tiny, "-"];
  const [list] = await runJson<readonly TokensJson[]>(args, { stdin: "\ufeffa\r\n" });
  expect(list?.[0]?.tokens.map(({ id }) => id)).toEqual([97, 13, 10]);
});

test("--parse-special reads a written special token as the token", async () => {
  const args = ["tokens", ...tiny, "<|end|>", "--parse-special"];
  const [list] = await runJson<readonly TokensJson[]>(args);
  expect(list?.[0]?.tokens).toMatchObject([{ id: 260, text: "<|end|>", special: true }]);
  expect(list?.[0]?.summary).toMatchObject({ tokens: 1, characters: 0, bytes: 0 });
});

test("the table shows what cannot be seen", async () => {
  const { stdout } = await run(["tokens", ...tiny, "a \n"]);
  expect(stdout).toBe(
    [
      "index  id  token  bytes",
      "    0  97  a      61",
      "    1  32  ·      20",
      "    2  10  ↵      0a",
      "",
      "3 tokens, 3 characters (1.00 a token), 3 bytes (1.00 a token)",
      "",
    ].join("\n"),
  );
});

test("a special token has no bytes of the text, in the table as in the sum", async () => {
  const { stdout } = await run(["tokens", ...tiny, "<|end|>hi", "--parse-special"]);
  expect(stdout).toMatch(/^ +0 +260 +<\|end\|> +special, 0 bytes$/m);
  expect(stdout).toMatch(
    /^3 tokens, 1 of them special and of 0 bytes, 2 characters \(0\.67 a token\), 2 bytes \(0\.67 a token\)$/m,
  );
  const { stdout: one } = await run(["tokens", ...tiny, "a"]);
  expect(one).toContain("\n1 token, 1 character (1.00 a token), 1 byte (1.00 a token)\n");
});

test("columns line up by what a terminal shows: wide characters take two cells, marks none", () => {
  const columns = [{ heading: "t" }, { heading: "n", isNumber: true }];
  const rows = [
    ["日本", "1"],
    ["e\u0301", "22"],
  ];
  expect(tableLines(columns, rows)).toEqual(["t      n", "日本   1", "e\u0301     22"]);
});

test("precision auto is exact while the fp32 weights take at most a quarter of the memory", async () => {
  const source = await openFileSource(TINY);
  const gguf = await readGguf(source);
  await source.close();
  let elements = 0;
  for (const { dims } of gguf.tensors.values()) elements += dims.reduce((a, b) => a * b, 1);
  expect(fittingPrecision(gguf, elements * 4 * 4)).toBe("exact");
  expect(fittingPrecision(gguf, elements * 4 * 4 - 1)).toBe("compact");
});

const SENTENCE = referencePath("tiny/gemma3.gguf");

test("several tokenizers stand side by side, with their counts and their pieces", async () => {
  const both = ["--tokenizer", TINY, "--tokenizer", SENTENCE];
  const [list] = await runJson<readonly TokensJson[]>(["tokens", ...both, "a cat"]);
  expect(list?.map(({ tokenizer }) => tokenizer)).toEqual(["llama-q8_0", "gemma3"]);
  const { stdout } = await run(["tokens", ...both, "a cat"]);
  expect(stdout).toMatch(/^tokenizer +tokens +characters a token +bytes a token$/m);
  expect(stdout).toMatch(/^llama-q8_0 +5 +1\.00 +1\.00$/m);
  expect(stdout).toMatch(/^llama-q8_0 +a\|·\|c\|a\|t$/m);
});

test("a tokenizer.json is a tokenizer too, and one that is none is refused with its name", async () => {
  const path = fileWith("{}", "broken.json");
  const { exitCode, stderr } = await run(["tokens", "--tokenizer", path, "a"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${path}: `);
  const missing = await run(["tokens", "--tokenizer", "nowhere.json", "a"]);
  expect(missing.stderr).toMatch(/nowhere\.json/);
});
