import { Tokenizer as Library } from "@huggingface/tokenizers";
import { FormatError, tokenId } from "@tokenscope/core";
import { tokenizerContract } from "@tokenscope/core/contracts";
import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { loadTokenizer, loadTokenizerJson } from "../src/index.ts";
import { sentencePieceMetadata, toyMetadata } from "./models.ts";

type Json = Record<string, unknown>;
const load = (json: Json) => loadTokenizerJson({ name: "toy", json: JSON.stringify(json) });
const added = (id: number, content: string, special: boolean) => ({
  ...{ id, content, special, normalized: false },
  ...{ lstrip: false, rstrip: false, single_word: false },
});
const BYTE_LEVEL = {
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: true,
};
const REPLACE = { type: "Replace", pattern: { String: " " }, content: "\u2581" };

/** GPT-2's kind of file over the tiny vocabulary. */
function byteLevelJson(changes: Json = {}): Json {
  const metadata = toyMetadata(["<s>"]);
  const tokens = metadata.get("tokenizer.ggml.tokens") as readonly string[];
  return {
    ...{ version: "1.0", truncation: null, padding: null, normalizer: null },
    added_tokens: [added(260, "<s>", true), added(261, "<think>", false)],
    pre_tokenizer: BYTE_LEVEL,
    post_processor: { ...BYTE_LEVEL },
    decoder: BYTE_LEVEL,
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.slice(0, 260).map((token, id) => [token, id])),
      merges: metadata.get("tokenizer.ggml.merges"),
    },
    ...changes,
  };
}

/** Llama 2's and Gemma's kind of file over the toy pieces, with the merges in the order of their scores. */
function characterJson(changes: Json = {}, modelChanges: Json = {}): Json {
  const tokens = sentencePieceMetadata(true).get("tokenizer.ggml.tokens") as readonly string[];
  return {
    ...{ version: "1.0", truncation: null, padding: null },
    added_tokens: [
      ...["<unk>", "<s>", "</s>", "<start_of_turn>", "<end_of_turn>"].map((t, id) =>
        added(id, t, true),
      ),
      ...["\n", "\n\n"].map((t, i) => added(5 + i, t, false)),
    ],
    normalizer: REPLACE,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: {
      ...{ type: "BPE", dropout: null, unk_token: "<unk>", fuse_unk: true, byte_fallback: true },
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [
        ["h", "e"],
        ["l", "l"],
        ["ll", "o"],
        ["\u2581", "he"],
        ["\u2581he", "llo"],
        ["a", "a"],
        ["s", ">"],
        ["<", "s"],
        [">", "\u2581"],
      ],
      ...modelChanges,
    },
    ...changes,
  };
}

const byteLevel = load(byteLevelJson());
const characters = load(characterJson());

tokenizerContract("tokenizer.json over bytes", () => byteLevel, { test, expect });
tokenizerContract("tokenizer.json over characters", () => characters, { test, expect });

describe("against @huggingface/tokenizers, which reads the same file,", () => {
  const agree = (json: Json, unit: "binary" | "grapheme-ascii") => {
    const ours = load(json);
    const library = new Library(json as ConstructorParameters<typeof Library>[0], {});
    void assert(
      property(string({ unit, maxLength: 30 }), (text) => {
        const expected = library.encode(text.replaceAll("<s>", ""), {
          add_special_tokens: false,
        }).ids;
        expect(ours.encode(text.replaceAll("<s>", ""))).toEqual(expected);
      }),
      { seed: 376, numRuns: 300 },
    );
    const sentence = "the hen said hello hello\n\nto them, in 1234 words — hé 日";
    expect(ours.encode(sentence)).toEqual(
      library.encode(sentence, { add_special_tokens: false }).ids,
    );
  };

  test("bytes with GPT-2's pattern: the same ids", () => {
    agree(byteLevelJson(), "grapheme-ascii");
  });

  test("bytes with patterns of the file's own: the same ids", () => {
    const split = (Regex: string) => ({
      type: "Split",
      pattern: { Regex },
      behavior: "Isolated",
      invert: false,
    });
    const pretokenizers = [
      { type: "Digits", individual_digits: true },
      split("(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\s+"),
      { ...BYTE_LEVEL, use_regex: false },
    ];
    agree(byteLevelJson({ pre_tokenizer: { type: "Sequence", pretokenizers } }), "grapheme-ascii");
  });

  test("characters with bytes for the others: the same ids", () => {
    agree(characterJson(), "binary");
  });
});

describe("characters", () => {
  test("have the ids of the same vocabulary in a GGUF file", () => {
    const gguf = (hasPrefix: boolean) =>
      loadTokenizer({ name: "toy", metadata: sentencePieceMetadata(hasPrefix) });
    const prepended = load(
      characterJson({
        normalizer: {
          type: "Sequence",
          normalizers: [{ type: "Prepend", prepend: "\u2581" }, REPLACE],
        },
      }),
    );
    for (const text of ["hello hell", " hello", "", "\n\nhello\n", "aaa é日"]) {
      expect(characters.encode(text)).toEqual(gguf(false).encode(text));
      expect(prepended.encode(text)).toEqual(gguf(true).encode(text));
    }
  });

  test("Metaspace puts a space before the first stretch, or before each, that has none", () => {
    const metaspace = (prepend_scheme: string) =>
      load(
        characterJson({
          normalizer: null,
          pre_tokenizer: { type: "Metaspace", replacement: "\u2581", prepend_scheme, split: false },
        }),
      );
    const pieces = (scheme: string, text: string) => {
      const tokenizer = metaspace(scheme);
      return tokenizer
        .encode(text)
        .map((id) => Buffer.from(tokenizer.vocabulary.bytes(id)).toString())
        .join("|");
    };
    expect(pieces("never", "hello\nhello")).toBe("he|llo|\n|he|llo");
    expect(pieces("first", "hello\nhello")).toBe(" hello|\n|he|llo");
    expect(pieces("always", "hello\n hello")).toBe(" hello|\n| hello");
  });
});

describe("the file's parts", () => {
  test("added tokens are special or not as it says", () => {
    expect(byteLevel.encode("<think><s>")).toEqual([261, ...byteLevel.encode("<s>")]);
    expect(byteLevel.encode("<s>", { parseSpecial: true })).toEqual([260]);
    expect(byteLevel.vocabulary.isSpecial(tokenId(261))).toBe(false);
    expect(characters.endTokenIds).toEqual([2, 4]);
  });

  test("the post-processor names the start token", () => {
    const post_processor = {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    };
    expect(load(characterJson({ post_processor })).startTokenId).toBe(1);
    expect(characters.startTokenId).toBe(null);
  });

  test("NFC brings a text to composed letters first", () => {
    const composing = load(byteLevelJson({ normalizer: { type: "NFC" } }));
    expect(composing.encode("e\u0301")).toEqual(byteLevel.encode("\u00e9"));
    expect(byteLevel.encode("e\u0301")).not.toEqual(byteLevel.encode("\u00e9"));
  });

  test("ignore_merges takes a word that is a token whole", () => {
    const { model, ...rest } = byteLevelJson() as { readonly model: Json };
    const whole = load({ ...rest, model: { ...model, merges: [], ignore_merges: true } });
    expect(whole.encode("he").length).toBe(1);
    expect(load({ ...rest, model: { ...model, merges: [] } }).encode("he").length).toBe(2);
  });

  test("ids without a token are empty and never used", () => {
    const holes = load(byteLevelJson({ added_tokens: [added(265, "<s>", true)] }));
    expect(holes.vocabulary.size).toBe(266);
    expect(holes.vocabulary.bytes(tokenId(262))).toEqual(new Uint8Array());
  });
});

describe("what is not understood is named", () => {
  const model = characterJson()["model"] as Json;
  const wrong: readonly (readonly [string, Json, RegExp])[] = [
    ["Unigram", characterJson({}, { type: "Unigram" }), /model\.type is "Unigram".*"BPE"/],
    ["WordPiece", { model: { type: "WordPiece", vocab: {} } }, /model\.type is "WordPiece"/],
    ["no merges", { model: { vocab: {} } }, /model\.type is missing/],
    [
      "word ends",
      characterJson({}, { end_of_word_suffix: "</w>" }),
      /end_of_word_suffix is "<\/w>"/,
    ],
    [
      "a lower-casing normalizer",
      byteLevelJson({ normalizer: { type: "Lowercase" } }),
      /normalizer\.type is "Lowercase"/,
    ],
    [
      "another in a sequence",
      characterJson({ normalizer: { type: "Sequence", normalizers: [REPLACE, { type: "NFKC" }] } }),
      /normalizer\.normalizers\[1\]\.type is "NFKC"/,
    ],
    [
      "no pre-tokenizer",
      characterJson({ normalizer: null }),
      /pre_tokenizer is missing.*Metaspace/,
    ],
    [
      "words at spaces",
      byteLevelJson({
        pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Whitespace" }, BYTE_LEVEL] },
      }),
      /pretokenizers\[0\]\.type is "Whitespace"/,
    ],
    [
      "a prefix space",
      byteLevelJson({ pre_tokenizer: { ...BYTE_LEVEL, add_prefix_space: true } }),
      /add_prefix_space is true/,
    ],
    [
      "a split Metaspace",
      characterJson({
        normalizer: null,
        pre_tokenizer: { type: "Metaspace", replacement: "\u2581" },
      }),
      /pre_tokenizer\.split is missing/,
    ],
    [
      "BERT's frame",
      byteLevelJson({ post_processor: { type: "BertProcessing" } }),
      /post_processor\.type is "BertProcessing"/,
    ],
    [
      "stripping tokens",
      byteLevelJson({ added_tokens: [{ ...added(260, "<s>", true), rstrip: true }] }),
      /added_tokens\[0\]\.rstrip is true/,
    ],
    [
      "two texts of an id",
      byteLevelJson({ added_tokens: [added(3, "<s>", true)] }),
      /added_tokens\[0\] is .*token of id 3/,
    ],
    [
      "an id far away",
      byteLevelJson({ added_tokens: [added(9e9, "<s>", true)] }),
      /near the number of tokens/,
    ],
    ["a broken id", characterJson({}, { vocab: { a: -1 } }), /model\.vocab\.a is -1/],
    ["a broken merge", characterJson({}, { merges: [["a"]] }), /model\.merges\[0\] is \["a"\]/],
    ["a merge of nothing", characterJson({}, { merges: ["x y"] }), /model\.merges\[0\] is "x y"/],
    [
      "no vocabulary",
      characterJson({ model: { ...model, vocab: null } }),
      /model\.vocab is missing/,
    ],
  ];

  test.each(wrong)("%s", (_, json, message) => {
    expect(() => load(json)).toThrow(FormatError);
    expect(() => load(json)).toThrow(message);
  });

  test("a text that is not JSON, and one that is no object", () => {
    expect(() => loadTokenizerJson({ name: "toy", json: "{" })).toThrow(/not JSON/);
    expect(() => loadTokenizerJson({ name: "toy", json: "[]" })).toThrow(
      /the file is \[\].*an object/,
    );
  });
});
