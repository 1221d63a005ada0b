import { FormatError } from "@tokenscope/core";
import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { buildWordCutter, preTokenizerKind } from "../src/pre-tokenizer.ts";
import { PRE_TOKENIZER_KINDS } from "../src/pre-tokenizer-kinds.ts";

const words = (name: string, text: string) =>
  buildWordCutter(preTokenizerKind(name).patterns)(text);

describe("every kind", () => {
  const names = PRE_TOKENIZER_KINDS.map((kind) => kind.names[0] ?? "");

  test("has names of its own", () => {
    const all = PRE_TOKENIZER_KINDS.flatMap((kind) => kind.names);
    expect(new Set(all).size).toBe(all.length);
  });

  test.each(names)("%s cuts any text and loses nothing", (name) => {
    const cut = buildWordCutter(preTokenizerKind(name).patterns);
    void assert(
      property(string({ unit: "binary", maxLength: 60 }), (text) => {
        const pieces = cut(text);
        expect(pieces.join("")).toBe(text);
        expect(pieces).not.toContain("");
      }),
      { seed: 376, numRuns: 100 },
    );
  });
});

describe("kinds cut by their own rules", () => {
  const TEXT = "I'LL pay 12345 €!!\n\n  ÉcoleABC नमस्ते";

  test("gpt-2: contractions in small letters, numbers whole, marks apart from letters", () => {
    expect(words("gpt-2", TEXT)).toEqual([
      "I",
      "'",
      "LL",
      " pay",
      " 12345",
      " €!!",
      "\n\n ",
      " ÉcoleABC",
      " नमस",
      "्",
      "त",
      "े",
    ]);
  });

  test("smollm: every digit alone", () => {
    expect(words("smollm", "x 12²")).toEqual(["x", " ", "1", "2", "²"]);
  });

  test("llama-bpe: digits by threes from the left, line ends with the punctuation before them", () => {
    expect(words("llama-bpe", TEXT)).toEqual([
      "I",
      "'LL",
      " pay",
      " ",
      "123",
      "45",
      " €!!\n\n",
      " ",
      " ÉcoleABC",
      " नमस",
      "्त",
      "े",
    ]);
  });

  test("qwen2: as llama-bpe with single digits", () => {
    expect(words("qwen2", "a 12\n \nb")).toEqual(["a", " ", "1", "2", "\n \n", "b"]);
  });

  test("qwen35: marks belong to their letters", () => {
    expect(words("qwen35", "a नमस्ते")).toEqual(["a", " नमस्ते"]);
  });

  test("gpt-4o: a new word at a capital after small letters, contractions with their word", () => {
    expect(words("gpt-4o", "ÉcoleABC I'LL नमस्ते //\n/")).toEqual([
      "École",
      "ABC",
      " I'LL",
      " नमस्ते",
      " //\n/",
    ]);
  });

  test("tekken: as gpt-4o with single digits and contractions apart", () => {
    expect(words("tekken", "camelCase it's 12")).toEqual([
      "camel",
      "Case",
      " it",
      "'s",
      " ",
      "1",
      "2",
    ]);
  });

  test("deepseek-llm: cased letters, Chinese and numbers apart, line ends alone", () => {
    expect(words("deepseek-llm", "Hi 你好 42!\r\n ok")).toEqual([
      "Hi",
      " ",
      "你好",
      " ",
      "42",
      "!",
      "\r",
      "\n",
      " ok",
    ]);
  });

  test("deepseek-v3: punctuation with the letters after it", () => {
    expect(words("deepseek-v3", "a.b 你好ab 1234")).toEqual([
      "a",
      ".b",
      " ",
      "你好",
      "ab",
      " ",
      "123",
      "4",
    ]);
  });

  test("falcon: runs of punctuation, digits by threes", () => {
    expect(words("falcon", "a+=b 12345")).toEqual(["a", "+=", "b", " ", "123", "45"]);
  });

  test("afmoe: digits by threes from the right", () => {
    expect(words("afmoe", "12345678")).toEqual(["12", "345", "678"]);
  });

  test("bloom: words up to white space and sentence marks", () => {
    expect(words("bloom", "don't stop, now")).toEqual(["don't", " stop", ",", " now"]);
  });

  test("jais-2: white space in shrinking powers of two", () => {
    expect(words("jais-2", `a${" ".repeat(7)}b`).map((w) => w.length)).toEqual([1, 4, 2, 2]);
  });

  test("aliases are the same kind, and whole words belong to some kinds only", () => {
    expect(preTokenizerKind("llama3")).toBe(preTokenizerKind("llama-bpe"));
    expect(preTokenizerKind("deepseek-r1-qwen")).toBe(preTokenizerKind("qwen2"));
    expect(preTokenizerKind("llama-bpe").wholeWords).toBe(true);
    expect(preTokenizerKind("dbrx").wholeWords).toBe(undefined);
  });

  test("an unknown name is an error that names it and those known", () => {
    expect(() => preTokenizerKind("klingon")).toThrow(FormatError);
    expect(() => preTokenizerKind("klingon")).toThrow(/"klingon".*gpt-2.*smollm.*qwen2/);
    expect(() => preTokenizerKind("default")).toThrow(/"default"/);
  });
});
