import { FormatError, tokenId, UsageError } from "@tokenscope/core";
import { tokenizerContract } from "@tokenscope/core/contracts";
import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { gemma3Path, referenceJson } from "../../../fixtures/index.ts";
import { type GgufMetadata, loadTokenizer } from "../src/index.ts";
import { ggufMetadata } from "./gguf-metadata.ts";
import { sentencePieceMetadata } from "./models.ts";

const load = (metadata: GgufMetadata) => loadTokenizer({ name: "toy", metadata });
const plain = load(sentencePieceMetadata(false));
const prefixed = load(sentencePieceMetadata(true));
const utf8 = new TextEncoder();

type Tokens = typeof plain;
const hexBytes = (tokenizer: Tokens, id: number) =>
  Buffer.from(tokenizer.vocabulary.bytes(tokenId(id))).toString("hex");
const written = (tokenizer: Tokens, text: string) =>
  tokenizer.encode(text).map((id) => Buffer.from(tokenizer.vocabulary.bytes(id)).toString());

tokenizerContract("SentencePiece", () => plain, { test, expect });
tokenizerContract("SentencePiece with a space before a text", () => prefixed, { test, expect }, [
  { test: "the pieces of a text join to its UTF-8", reason: "the tokens have a space more" },
]);

describe("a vocabulary that can be merged on paper", () => {
  // scores: he -1, ll -2, llo -3, ▁he -4, ▁hello -5
  test("the pair that makes the token of the highest score merges first", () => {
    // ▁ h e l l o -> ▁ he l l o -> ▁ he ll o -> ▁ he llo -> ▁he llo -> ▁hello
    expect(written(plain, " hello")).toEqual([" hello"]);
    expect(written(plain, "hello")).toEqual(["he", "llo"]);
    expect(written(plain, "hell hel")).toEqual(["he", "ll", " he", "l"]);
  });

  test("equal pairs merge from left to right", () => {
    expect(written(plain, "aaa")).toEqual(["aa", "a"]);
  });

  test("a character without a token is its bytes", () => {
    expect(written(plain, "日")).toEqual(["日"]);
    expect(plain.encode("é")).toEqual([7 + 0xc3, 7 + 0xa9]);
    expect(plain.encode("é").map((id) => hexBytes(plain, id))).toEqual(["c3", "a9"]);
  });

  test("user-defined tokens stand before anything merges, the longest first", () => {
    expect(plain.encode("\n\n\nhe")).toEqual([6, 5, 263]);
  });

  test("a space is put before a text and after each special token where the file asks for it", () => {
    expect(written(prefixed, "hello")).toEqual([" hello"]);
    expect(written(prefixed, "hello hello")).toEqual([" hello", " hello"]);
    const ids = prefixed.encode("hello</s>hello", { parseSpecial: true });
    expect(ids.map((id) => hexBytes(prefixed, id))).toEqual(
      [" hello", "</s>", " hello"].map((text) => Buffer.from(text).toString("hex")),
    );
    expect(prefixed.encode("")).toEqual([]);
  });

  test("a written control token or byte token never merges into one", () => {
    expect(written(plain, "<s>")).toEqual(["<", "s>"]); // s> has the higher score
    expect(plain.encode("<0x0A>").includes(tokenId(7 + 0x0a))).toBe(false);
  });

  test("a U+2581 of the text cannot be told from a space", () => {
    expect(plain.encode("\u2581hello")).toEqual(plain.encode(" hello"));
  });
});

describe("the slow oracle", () => {
  const metadata = sentencePieceMetadata(false);
  const tokens = metadata.get("tokenizer.ggml.tokens") as readonly string[];
  const scores = metadata.get("tokenizer.ggml.scores") as readonly number[];
  const FIRST_PIECE = tokens.indexOf("he");
  const scoreOf = (piece: string) => {
    const id = tokens.indexOf(piece, FIRST_PIECE);
    return id === -1 ? Number.NEGATIVE_INFINITY : (scores[id] ?? 0);
  };
  const merged = (pieces: readonly string[]): readonly string[] => {
    const pairs = pieces.slice(1).map((right, i) => scoreOf(`${pieces[i]}${right}`));
    const best = Math.max(...pairs);
    if (!Number.isFinite(best)) return pieces;
    const at = pairs.indexOf(best);
    return merged([
      ...pieces.slice(0, at),
      pieces.slice(at, at + 2).join(""),
      ...pieces.slice(at + 2),
    ]);
  };
  const ids = (piece: string) => {
    const id = tokens.indexOf(piece, FIRST_PIECE);
    return id === -1 ? Array.from(utf8.encode(piece), (byte) => 7 + byte) : [id];
  };

  test("agrees on any text of known and unknown characters", () => {
    const text = array(constantFrom(..." helloaa<s>日é𝔘"), { maxLength: 40 });
    void assert(
      property(text, (characters) => {
        const marked = characters.map((c) => (c === " " ? "\u2581" : c));
        expect(plain.encode(characters.join(""))).toEqual(merged(marked).flatMap(ids));
      }),
      { seed: 376, numRuns: 300 },
    );
  });
});

describe("metadata", () => {
  const changed = (key: string, value: unknown) =>
    load(new Map([...sentencePieceMetadata(true), [`tokenizer.ggml.${key}`, value]]));
  const without = (key: string) => {
    const rest = new Map(sentencePieceMetadata(true));
    rest.delete(`tokenizer.ggml.${key}`);
    return load(rest);
  };

  test("a start token and a space are llama.cpp's defaults, and the file has the last word", () => {
    expect(prefixed.startTokenId).toBe(1);
    expect(changed("add_bos_token", false).startTokenId).toBe(null);
    expect(written(without("add_space_prefix"), "hello")).toEqual([" hello"]);
  });

  test("all end tokens are known", () => {
    expect(plain.endTokenIds).toEqual([2, 4]);
  });

  test("scores that are missing or too few are an error", () => {
    expect(() => without("scores")).toThrow(/scores is missing/);
    expect(() => changed("scores", [1, 2])).toThrow(/scores has 2 entries/);
    expect(() => changed("scores", "all")).toThrow(FormatError);
  });

  test("a character is refused where the vocabulary lacks its bytes", () => {
    const types = (sentencePieceMetadata(true).get("tokenizer.ggml.token_type") as number[]).map(
      (type) => (type === 6 ? 1 : type),
    );
    const tokenizer = changed("token_type", types);
    expect(() => tokenizer.encode("hé")).toThrow(UsageError);
    expect(() => tokenizer.encode("hé")).toThrow(/U\+00E9.*toy/);
  });
});

const gemma = gemma3Path();
const reason = gemma ? "" : " (skipped: Gemma 3 270M is not in the cache; it has terms of its own)";

describe.skipIf(!gemma)(`Gemma 3 against llama.cpp${reason}`, () => {
  const tokenizer = gemma
    ? loadTokenizer({ name: "Gemma 3", metadata: ggufMetadata(gemma) })
    : plain;

  interface Case {
    readonly text: string;
    readonly ids: readonly number[];
    readonly tokens: readonly string[];
    readonly idsParseSpecial?: readonly number[];
  }

  test("40 strings have the same ids and bytes, with special tokens read and not", () => {
    const { cases } = referenceJson<{ readonly cases: readonly Case[] }>("bpe/tokens-gemma3.json");
    expect(cases.length).toBe(40);
    for (const { text, ids, tokens, idsParseSpecial } of cases) {
      expect([text, tokenizer.encode(text)]).toEqual([text, ids]);
      expect(ids.map((id) => hexBytes(tokenizer, id))).toEqual(tokens);
      expect(tokenizer.encode(text, { parseSpecial: true })).toEqual(idsParseSpecial ?? ids);
    }
  });

  test("the scored texts have the ids that were scored, after the start token", () => {
    const texts = referenceJson<readonly Case[]>("models/gemma3-270m-q4_k_m.json");
    for (const { text, ids } of texts) {
      expect([tokenizer.startTokenId, ...tokenizer.encode(text)]).toEqual(ids);
    }
  });

  test("100 kB without a space are tokenised in time", () => {
    for (const unit of ["a", "antidisestablish", " ", "日"]) {
      const text = unit.repeat(Math.ceil(100_000 / unit.length));
      const bytes = tokenizer
        .encode(text)
        .reduce((sum, id) => sum + tokenizer.vocabulary.bytes(id).length, 0);
      expect(bytes).toBe(utf8.encode(text).length);
    }
  }, 30_000);

  tokenizerContract("Gemma 3", () => tokenizer, { test, expect });
});
