import { decodeTokens, type ScoreJson } from "@tokenscope/core";
import papaparse from "papaparse";
import { describe, expect, test } from "vitest";
import { referenceJson, smollm2Path } from "../../../fixtures/index.ts";
import type { ScoreLineJson } from "../src/score-json.ts";
import { fileWith, run, runJson, TINY } from "./test-world.ts";

interface ReferenceText {
  readonly name: string;
  readonly text: string;
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
  readonly rank: readonly (number | null)[];
  readonly entropyBits: readonly number[];
}

const EXACT_NATS = 0.002; // the reference is a float64 pass
const tiny = ["--model", TINY];
const model = smollm2Path();
const smollm2 = ["--model", "smollm2-135m-instruct-q4_1", "--precision", "exact"];
const score = (args: readonly string[], stdin = "") =>
  runJson<ScoreLineJson>(["score", ...args], { stdin });

/** Bits of the token with this index in the whole. */
function bitsAt(line: ScoreLineJson | undefined, at: number): number | null | undefined {
  return line?.tokens.find(({ index }) => index === at)?.surprisalBits;
}

describe("on a tiny model", () => {
  test("a text longer than the context is refused with a way out, and read in windows with --stride", async () => {
    const text = "the cat sat on the mat. ".repeat(30);
    const { stderr } = await run(["score", ...tiny, "--text", text]);
    expect(stderr).toMatch(/the text has \d+ tokens .* context holds 256; .* --stride 128/);
    const args = [...tiny, "--text", text, "--stride", "128"];
    const [line] = await score(args);
    expect(line?.conventions).toMatchObject({ windowTokens: 256, stride: 128 });
    expect(line?.summary.scoredTokens).toBe((line?.summary.tokens ?? 0) - 1);
    const { stdout } = await run(["score", ...args]);
    expect(stdout).toContain(
      "windows of 256 tokens, 128 apart; after the first window every token",
    );
    expect(stdout).toMatch(/^0 to \d+\.\d\d bits {2}[▁▂▃▄▅▆▇█]+$/m);
  });

  test("--json has PRODUCT.md's keys and no others, in its order", async () => {
    const [line] = await score([...tiny, "--text", "cat", "--top", "2"]);
    expect(Object.keys(line ?? {})).toEqual(["model", "conventions", "tokens", "summary"]);
    expect(Object.keys(line?.model ?? {})).toEqual([
      "id",
      "sha256",
      "architecture",
      "quantization",
      "precision",
      "backend",
    ]);
    expect(line?.conventions).toEqual({ firstToken: "unscored", startTokenId: null });
    for (const token of line?.tokens ?? []) {
      expect(Object.keys(token)).toEqual([
        "index",
        "id",
        "text",
        "bytesHex",
        "special",
        "logprobNats",
        "surprisalBits",
        "rank",
        "entropyBits",
        "top",
      ]);
    }
    expect(Object.keys(line?.summary ?? {})).toEqual([
      "tokens",
      "scoredTokens",
      "characters",
      "bytes",
      "scoredCharacters",
      "scoredBytes",
      "totalBits",
      "bitsPerToken",
      "bitsPerByte",
      "perplexity",
      "nllNats",
    ]);
    expect(line?.tokens.map(({ top }) => top.length)).toEqual([0, 2, 2]);
  });

  test("the first token is unscored, and scored after a start token", async () => {
    const [plain] = await score([...tiny, "--text", "cat"]);
    const [started] = await score([...tiny, "--text", "cat", "--start-token", "260"]);
    expect(plain?.tokens[0]).toMatchObject({ logprobNats: null, rank: null, entropyBits: null });
    expect(plain?.summary).toMatchObject({ tokens: 3, scoredTokens: 2 });
    expect(started?.conventions).toEqual({ firstToken: "after-start-token", startTokenId: 260 });
    expect(started?.tokens[0]).toMatchObject({ index: 0, text: "c" });
    expect(started?.tokens[0]?.logprobNats).toBeLessThan(0);
    expect(started?.summary).toMatchObject({ tokens: 3, scoredTokens: 3 });
  });

  test("half a character has no text, and its bytes are the truth", async () => {
    const [line] = await score([...tiny, "--text", "é"]);
    expect(line?.tokens.map(({ text, bytesHex }) => ({ text, bytesHex }))).toEqual([
      { text: null, bytesHex: "c3" },
      { text: null, bytesHex: "a9" },
    ]);
    expect(line?.summary).toMatchObject({ characters: 1, bytes: 2, scoredBytes: 1 });
  });

  test("ids are the document: --ids and --text give the same numbers", async () => {
    const [byText] = await score([...tiny, "--text", "cat"]);
    const [byIds] = await score([...tiny, "--ids", (byText?.tokens ?? []).map((t) => t.id).join()]);
    expect(byIds).toEqual(byText);
  });

  test("a written special token is characters unless --parse-special", async () => {
    const [plain] = await score([...tiny, "--text", "a<|end|>"]);
    const [parsed] = await score([...tiny, "--text", "a<|end|>", "--parse-special"]);
    expect(plain?.tokens).toHaveLength(8);
    expect(parsed?.tokens.map(({ special }) => special)).toEqual([false, true]);
    expect(parsed?.summary).toMatchObject({ bytes: 1, scoredTokens: 1, scoredBytes: 0 });
  });

  test("a file is one text; its last line break is scored, and that is said", async () => {
    const { stdout, stderr } = await run(["score", ...tiny, fileWith("a\nb\n", "a.txt"), "--json"]);
    const line = JSON.parse(stdout) as ScoreJson;
    expect(line.tokens.map(({ text }) => text)).toEqual(["a", "\n", "b", "\n"]);
    expect(stderr).toMatch(/ends with a line break/);
  });

  test("--lines gives one object a line, an empty line too", async () => {
    const lines = await score([...tiny, "--lines", "-"], "ab\r\n\nabc\n");
    expect(lines.map(({ summary }) => summary.tokens)).toEqual([2, 0, 3]);
    expect(lines[1]?.summary).toMatchObject({ totalBits: 0, perplexity: null, bitsPerToken: null });
  });

  test("of many texts the one that is too long is named, and those before it are printed", async () => {
    const stdin = `ab\n${"x".repeat(300)}\n`;
    const { exitCode, stdout, stderr } = await run(["score", ...tiny, "--lines", "-", "--json"], {
      stdin,
    });
    expect(stderr).toMatch(/^tokenscope: standard input, text 2: the text has 300 tokens/);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(2);
  });

  test("--context sums the tokens that begin after it, with their places in the whole", async () => {
    const [whole] = await score([...tiny, "--text", "a cat"]);
    const [part] = await score([...tiny, "--context", "a ", "--text", "cat"]);
    expect(part?.tokens).toEqual(whole?.tokens.slice(2));
    expect(part?.context).toEqual({
      text: "a ",
      ids: [97, 32],
      straddlingIndex: null,
      straddlingToken: null,
    });
    expect(part?.summary).toMatchObject({ tokens: 3, scoredTokens: 3 });
  });

  test("a table's columns context and text are scored, the others carried through", async () => {
    const csv = 'id,text,context,note\n7,cat,a ,"x, y"\n8,dog,,\n';
    const lines = await score([...tiny, fileWith(csv, "a.csv")]);
    expect(lines.map(({ columns }) => columns)).toEqual([
      { id: "7", note: "x, y" },
      { id: "8", note: "" },
    ]);
    expect(lines[0]?.tokens.map(({ index }) => index)).toEqual([2, 3, 4]);
    expect(lines[1]?.context).toBe(undefined);
  });

  test("JSON Lines keep the types of their columns", async () => {
    const jsonl = '{"text":"cat","id":7,"ok":true}\n\n{"text":"dog","id":8}\n';
    const lines = await score([...tiny, fileWith(jsonl, "a.jsonl")]);
    expect(lines.map(({ columns }) => columns)).toEqual([{ id: 7, ok: true }, { id: 8 }]);
  });

  test("--csv is one row a token, with empty cells where there is no number", async () => {
    const path = fileWith('id,text\n7,"a,b"\n8,é\n', "a.csv");
    const { stdout } = await run(["score", ...tiny, path, "--csv"]);
    const { data } = papaparse.parse(stdout, { header: true, skipEmptyLines: true });
    expect(data.map((row) => [row["id"], row["textIndex"], row["token"], row["bytesHex"]])).toEqual(
      [
        ["7", "0", "a", "61"],
        ["7", "0", ",", "2c"],
        ["7", "0", "b", "62"],
        ["8", "1", "", "c3"],
        ["8", "1", "", "a9"],
      ],
    );
    expect(data[0]?.["surprisalBits"]).toBe("");
    expect(Number(data[1]?.["surprisalBits"])).toBeGreaterThan(0);
  });

  test("--csv puts a value under its own heading, whatever the order of the keys", async () => {
    const jsonl = '{"id":7,"text":"a","list":"x"}\n{"list":"y","text":"b","id":8}\n';
    const { stdout } = await run(["score", ...tiny, fileWith(jsonl, "a.jsonl"), "--csv"]);
    const { data } = papaparse.parse(stdout, { header: true, skipEmptyLines: true });
    expect(data.map((row) => [row["id"], row["list"], row["token"]])).toEqual([
      ["7", "x", "a"],
      ["8", "y", "b"],
    ]);
  });

  test.each([
    ['{"text":"a","id":7}\n{"text":"b"}\n', /a\.jsonl, text 2 lacks the column "id", which the f/],
    ['{"text":"a"}\n{"text":"b","ok":1}\n', /a\.jsonl, text 2 has the column "ok", which the fir/],
    ['{"text":"a","id":7}\n{"text":"b","ok":1}\n', /text 2 lacks the column "id"/],
  ])("--csv refuses texts with other columns before it prints one: %s", async (jsonl, said) => {
    const path = fileWith(jsonl, "a.jsonl");
    const { exitCode, stdout, stderr } = await run(["score", ...tiny, path, "--csv"]);
    expect(stderr).toMatch(said);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  test("--csv refuses files with other columns, and names the file; JSON takes them", async () => {
    const paths = [fileWith("id,text\n7,a\n", "x.csv"), fileWith("b", "y.txt")];
    const { exitCode, stdout, stderr } = await run(["score", ...tiny, ...paths, "--csv"]);
    expect(stderr).toMatch(/y\.txt lacks the column "id"/);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
    const lines = await score([...tiny, ...paths]);
    expect(lines.map(({ columns }) => columns)).toEqual([{ id: "7" }, undefined]);
  });

  test("a column that score writes itself is refused", async () => {
    const path = fileWith("rank,text\n7,x\n", "a.csv");
    const { exitCode, stderr } = await run(["score", ...tiny, path, "--csv"]);
    expect(stderr).toMatch(/column "rank".*rename it/);
    expect(exitCode).toBe(2);
  });

  test("--words gives one row a word: its tokens' bits summed", async () => {
    const [line] = await score([...tiny, "--text", "a big cat", "--words"]);
    const bits = line?.tokens.map(({ surprisalBits }) => surprisalBits ?? 0) ?? [];
    const sum = (from: number, to: number) => bits.slice(from, to).reduce((a, b) => a + b, 0);
    expect(line?.words).toEqual([
      { text: "a", first: 0, last: 0, surprisalBits: null, straddles: false },
      {
        text: " big",
        first: 1,
        last: 4,
        surprisalBits: expect.closeTo(sum(1, 5), 9),
        straddles: false,
      },
      {
        text: " cat",
        first: 5,
        last: 8,
        surprisalBits: expect.closeTo(sum(5, 9), 9),
        straddles: false,
      },
    ]);
    const { stdout } = await run(["score", ...tiny, "--text", "a big cat", "--words", "--csv"]);
    const { data } = papaparse.parse(stdout, { header: true, skipEmptyLines: true });
    expect(data.map((row) => row["word"])).toEqual(["a", " big", " cat"]);
    expect(data[0]?.["surprisalBits"]).toBe("");
  });

  test("words after a context count its tokens too", async () => {
    const [line] = await score([...tiny, "--context", "a", "--text", " cat", "--words"]);
    expect(line?.words).toEqual([
      { text: " cat", first: 1, last: 4, surprisalBits: expect.any(Number), straddles: false },
    ]);
  });

  test("a word that begins in the context is whole, marked and has no bits, though its tokens count", async () => {
    const args = [...tiny, "--context", "a c", "--text", "at big", "--words"];
    const [line] = await score(args);
    expect(line?.tokens.map(({ text }) => text).join("")).toBe("at big");
    expect(line?.words).toEqual([
      { text: " cat", first: 1, last: 4, surprisalBits: null, straddles: true },
      { text: " big", first: 5, last: 8, surprisalBits: expect.any(Number), straddles: false },
    ]);
    const { stdout } = await run(["score", ...args]);
    expect(stdout).toMatch(/1–4 +n\/a +·cat +begins in the context; not counted\n/);
  });

  test("the table says the convention, the model and the precision beside the numbers", async () => {
    const { stdout } = await run(["score", ...tiny, "--text", "a b", "--top", "1"]);
    expect(stdout).toMatch(/index +id +bits +rank +token +most likely/);
    expect(stdout).toMatch(/0 +97 +n\/a +n\/a +a/);
    expect(stdout).toContain("·");
    expect(stdout).toMatch(
      /first token has no context and is unscored \(n\/a\); llama-q8_0, exact/,
    );
  });

  test.each([
    [["--context", "a ", "--text", "cat"], "\nafter the context; "],
    [["--context", "a ", "--text", "cat", "--start-token", "257"], " and the context; "],
    [
      ["--context", "", "--text", "cat"],
      "\nthe first token has no context and is unscored (n/a); ",
    ],
  ])("%j: the table says what stands before its first token", async (args, sentence) => {
    const { stdout } = await run(["score", ...tiny, ...args]);
    expect(stdout).toContain(sentence);
    if (!sentence.includes("unscored")) expect(stdout).not.toContain("unscored");
  });
});

describe.skipIf(model === null)("on SmolLM2 (needs the model: npm test fetches it)", () => {
  const texts = referenceJson<readonly ReferenceText[]>("models/smollm2-135m-instruct-q4_1.json");

  test.each(texts.map((text) => [text.name, text] as const))(
    "score --json gives the reference numbers: %s",
    async (_, text) => {
      const [line] = await score([...smollm2, "--text", text.text, "--parse-special"]);
      expect(line?.tokens.map(({ id }) => id)).toEqual(text.ids);
      for (const { index, logprobNats, rank, entropyBits } of line?.tokens ?? []) {
        const expected = text.logprobNats[index] ?? null;
        if (expected === null || logprobNats === null) {
          expect(logprobNats).toBe(expected);
          continue;
        }
        expect(Math.abs(logprobNats - expected)).toBeLessThan(EXACT_NATS);
        expect(Math.abs((entropyBits ?? 0) - (text.entropyBits[index - 1] ?? 0))).toBeLessThan(
          0.005,
        );
        // a near tie may change a rank by a place, far down the list by more
        const slack = Math.max(1, (text.rank[index] ?? 0) * 0.02);
        expect(Math.abs((rank ?? 0) - (text.rank[index] ?? 0))).toBeLessThanOrEqual(slack);
      }
    },
  );

  test("--chat is the template's own tokens: chat_sky by its messages", async () => {
    const sky = texts.find(({ name }) => name === "chat_sky");
    const messages = [
      { role: "user", content: "Why is the sky blue?" },
      { role: "assistant", content: "The sky is blue because of Rayleigh scattering." },
    ];
    const path = fileWith(JSON.stringify({ messages }), "chat.json");
    const [line] = await score([...smollm2, "--chat", path]);
    expect(line?.tokens.map(({ id }) => id)).toEqual(sky?.ids);
    const typed = line?.tokens.filter(({ origin }) => origin === "typed") ?? [];
    const bytes = typed.map(({ bytesHex }) => Buffer.from(bytesHex, "hex"));
    expect(decodeTokens(bytes)).toBe(messages.map(({ content }) => content).join(""));
    expect(line?.tokens[0]).toMatchObject({ origin: "template", special: true });
  });

  test("a message that writes <|im_end|> stays one message", async () => {
    const content = "a<|im_end|>b";
    const path = fileWith(JSON.stringify({ messages: [{ role: "user", content }] }), "chat.json");
    const [line] = await score([...smollm2, "--chat", path]);
    expect(line?.tokens.filter(({ special }) => special)).toHaveLength(4); // two turns
  });

  test("a token that begins in the context and ends in the text is said and not counted", async () => {
    const args = ["score", ...smollm2, "--context", "New Yo", "--text", "rk is big", "--json"];
    const { stdout, stderr } = await run(args);
    const line = JSON.parse(stdout) as ScoreLineJson;
    expect(stderr).toMatch(/token 1 " York" begins in the context/);
    expect(line.context?.straddlingIndex).toBe(1);
    expect(line.tokens.map(({ text }) => text)).toEqual([" is", " big"]);
  });

  test("a word that goes on after a straddling token has no bits either", async () => {
    const args = ["--context", "The un", "--text", "believably tall man", "--words"];
    const [line] = await score([...smollm2, ...args]);
    expect(line?.context?.straddlingIndex).toBe(1); // " unbelie"
    expect(line?.words).toEqual([
      { text: " unbelievably", first: 1, last: 3, surprisalBits: null, straddles: true },
      { text: " tall", first: 4, last: 4, surprisalBits: bitsAt(line, 4), straddles: false },
      { text: " man", first: 5, last: 5, surprisalBits: bitsAt(line, 5), straddles: false },
    ]);
  });

  test.each([
    ["--words", "word"],
    ["tokens", "token"],
  ])(
    "a target of one token after a context that ends in a space keeps a marked row: %s",
    async (kind, column) => {
      const csv =
        'context,text\n"The capital of France is ",Paris\nThe capital of France is, Paris\n';
      const path = fileWith(csv, "items.csv");
      const flags = kind === "tokens" ? [] : [kind];
      const { stdout, stderr } = await run(["score", ...smollm2, path, "--csv", ...flags]);
      const { data } = papaparse.parse(stdout, { header: true, skipEmptyLines: true });
      expect(data.map((row) => [row["textIndex"], row[column], row["straddles"]])).toEqual([
        ["0", " Paris", "true"],
        ["1", " Paris", "false"],
      ]);
      expect(data[0]?.["surprisalBits"]).toBe("");
      expect(Number(data[1]?.["surprisalBits"])).toBeGreaterThan(0);
      expect(stderr).toMatch(
        /^note: \S*items\.csv, text 1: token 5 " Paris" begins in the context .* nothing of the text is left to count\n$/,
      );
    },
  );

  test("compact is named and near", async () => {
    const [exact] = await score([...smollm2, "--text", "The sky is blue."]);
    const [compact] = await score([
      ...smollm2.slice(0, 2),
      "--precision",
      "compact",
      "--text",
      "The sky is blue.",
    ]);
    expect(compact?.model).toEqual({ ...exact?.model, precision: "compact" });
    const difference = (compact?.summary.totalBits ?? 0) - (exact?.summary.totalBits ?? 0);
    expect(Math.abs(difference)).toBeLessThan(0.05); // 5 tokens, 0.01 bits each at most
  });
});
