import { Tokenizer as Library } from "@huggingface/tokenizers";
import { tokenizerContract } from "@tokenscope/core/contracts";
import { assert, property, string } from "fast-check";
import cl100kBase from "js-tiktoken/ranks/cl100k_base";
import o200kBase from "js-tiktoken/ranks/o200k_base";
import { describe, expect, test } from "vitest";
import { referenceJson } from "../../../fixtures/index.ts";
import { byteLevelText } from "../src/byte-level.ts";
import { loadTokenizer } from "../src/index.ts";
import { preTokenizerKind } from "../src/pre-tokenizer.ts";
import { buildTokenizer } from "../src/tokenizer.ts";
import { smollm2Metadata, tinyMetadata, toyMetadata } from "./models.ts";

describe("OpenAI's vocabularies", () => {
  interface Case {
    readonly text: string;
    readonly ids: readonly number[];
    readonly tokens: readonly string[];
    readonly idsParseSpecial?: readonly number[];
  }
  interface Ranks {
    readonly bpe_ranks: string; // lines of: "!", the first rank, tokens in base64
    readonly special_tokens: Readonly<Record<string, number>>;
  }

  /** A rank is an id, and the pair that makes the token of the lowest rank merges first; a word that is a token is taken whole. */
  const tiktoken = (name: string, { bpe_ranks, special_tokens }: Ranks, pre: string) => {
    const tokens: string[] = [];
    const tokenTypes: number[] = [];
    for (const line of bpe_ranks.split("\n").filter(Boolean)) {
      const [, first, ...encoded] = line.split(" ");
      encoded.forEach((base64, i) => {
        tokens[Number(first) + i] = byteLevelText(Buffer.from(base64, "base64"));
        tokenTypes[Number(first) + i] = 1;
      });
    }
    for (const [text, id] of Object.entries(special_tokens)) {
      tokens[id] = text;
      tokenTypes[id] = 3;
    }
    return buildTokenizer(name, {
      tokens: Array.from(tokens, (token) => token ?? ""),
      tokenTypes: Array.from(tokenTypes, (type) => type ?? 5),
      startTokenId: null,
      endTokenIds: [],
      ranking: { kind: "scores", scores: Array.from(tokens, (_, rank) => -rank) },
      alphabet: {
        kind: "byte-level",
        patterns: preTokenizerKind(pre).patterns,
        wholeWords: true,
        composed: false,
      },
    });
  };
  test.each([
    ["cl100k_base", cl100kBase, "llama-bpe"],
    ["o200k_base", o200kBase, "gpt-4o"],
  ] as const)("40 strings have the ids of %s", (name, ranks, pre) => {
    const tokenizer = tiktoken(name, ranks, pre);
    const { cases } = referenceJson<{ readonly cases: readonly Case[] }>(`bpe/tokens-${name}.json`);
    expect(cases.length).toBe(40);
    for (const { text, ids, tokens, idsParseSpecial } of cases) {
      const found = tokenizer.encode(text);
      expect([text, found]).toEqual([text, ids]);
      expect(tokenizer.encode(text, { parseSpecial: true })).toEqual(idsParseSpecial ?? ids);
      const bytes = found.map((id) => Buffer.from(tokenizer.vocabulary.bytes(id)).toString("hex"));
      expect(bytes).toEqual(tokens);
    }
  });
});

describe("@huggingface/tokenizers, built from the same file,", () => {
  test("gives SmolLM2's ids for any text", () => {
    const metadata = smollm2Metadata();
    const ours = loadTokenizer({ name: "SmolLM2", metadata });
    const splits = preTokenizerKind("smollm").patterns.map((Regex) => ({
      type: "Split",
      pattern: {
        Regex: Regex.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}"),
      },
      behavior: "Isolated",
      invert: false,
    }));
    const byteLevel = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
    const tokens = metadata.get("tokenizer.ggml.tokens") as readonly string[];
    const merges = metadata.get("tokenizer.ggml.merges") as readonly string[];
    const library = new Library(
      {
        ...{ version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null },
        pre_tokenizer: { type: "Sequence", pretokenizers: [...splits, byteLevel] },
        ...{ post_processor: null, decoder: null },
        model: {
          type: "BPE",
          vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
          merges: merges.map((merge): [string, string] => {
            const [left = "", right = ""] = merge.split(" ");
            return [left, right];
          }),
        },
      },
      {},
    );
    const check = (text: string) => {
      const expected = library.encode(text, { add_special_tokens: false }).ids;
      expect([text, ours.encode(text)]).toEqual([text, expected]);
    };
    const ascii = string({ unit: "grapheme-ascii", maxLength: 60 });
    void assert(property(ascii, check), { seed: 376, numRuns: 300 });
    for (const { text } of referenceJson<readonly { readonly text: string }[]>(
      "models/smollm2-135m-instruct-q4_1.json",
    )) {
      check(text);
    }
  });
});

describe("a word that is a token", () => {
  // the tiny vocabulary merges "the" as t+he; without that merge the token is reached as a whole word alone
  const load = (pre: string) => {
    const merges = (tinyMetadata().get("tokenizer.ggml.merges") as readonly string[]).slice(0, 0);
    return loadTokenizer({
      name: pre,
      metadata: new Map([
        ...toyMetadata(["<s>"]),
        ["tokenizer.ggml.pre", pre],
        ["tokenizer.ggml.merges", merges],
        ["tokenizer.ggml.bos_token_id", 260],
      ]),
    });
  };
  const tokens = toyMetadata([]).get("tokenizer.ggml.tokens") as readonly string[];
  const longest = tokens.slice(256).reduce((a, b) => (b.length > a.length ? b : a));

  test("is taken whole by llama-bpe and not by dbrx, which cuts alike", () => {
    const text = longest.replace("Ġ", " ");
    expect(load("llama-bpe").encode(text)).toEqual([tokens.indexOf(longest)]);
    expect(load("dbrx").encode(text).length).toBe(text.length);
  });

  test("llama-bpe and tekken have a start token where the file does not say", () => {
    expect(load("llama-bpe").startTokenId).toBe(260);
    expect(load("tekken").startTokenId).toBe(260);
    expect(load("qwen2").startTokenId).toBe(null);
  });

  tokenizerContract("llama-bpe over bytes", () => load("llama-bpe"), { test, expect });
});
