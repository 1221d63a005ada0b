import { FormatError, tokenId, UsageError } from "@tokenscope/core";
import { tokenizerContract } from "@tokenscope/core/contracts";
import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { referenceJson } from "../../../fixtures/index.ts";
import { type GgufMetadata, loadTokenizer } from "../src/index.ts";
import { smollm2Metadata, tinyMetadata, toyMetadata, toyTokenizer } from "./models.ts";

const RUNS = { seed: 376, numRuns: 200 };
const smollm2 = loadTokenizer({ name: "SmolLM2", metadata: smollm2Metadata() });
const toy = toyTokenizer(["<|im_start|>", "<|im_end|>"]);
const utf8 = new TextEncoder();

const joinedBytes = (tokenizer: typeof toy, text: string) =>
  tokenizer.encode(text).flatMap((id) => [...tokenizer.vocabulary.bytes(id)]);
const written = (ids: readonly number[]) =>
  ids.map((id) => new TextDecoder().decode(smollm2.vocabulary.bytes(tokenId(id))));

tokenizerContract("SmolLM2", () => smollm2, { test, expect });
tokenizerContract("byte vocabulary", () => toy, { test, expect });

describe("against llama.cpp", () => {
  interface Case {
    readonly text: string;
    readonly ids: readonly number[];
    readonly tokens: readonly string[];
    readonly idsParseSpecial?: readonly number[];
  }
  const { cases } = referenceJson<{ readonly cases: readonly Case[] }>("bpe/tokens-smollm2.json");

  test("40 strings have the same ids, with special tokens read and not", () => {
    expect(cases.length).toBe(40);
    for (const { text, ids, idsParseSpecial } of cases) {
      expect([text, smollm2.encode(text)]).toEqual([text, ids]);
      expect(smollm2.encode(text, { parseSpecial: true })).toEqual(idsParseSpecial ?? ids);
    }
  });

  test("the tokens of 40 strings have the same bytes", () => {
    const hex = (id: number) =>
      Array.from(smollm2.vocabulary.bytes(tokenId(id)), (b) => b.toString(16).padStart(2, "0"));
    for (const { ids, tokens } of cases) {
      expect(ids.map((id) => hex(id).join(""))).toEqual(tokens);
    }
  });

  test("the scored texts have the ids that were scored", () => {
    interface Scored {
      readonly name: string;
      readonly text: string;
      readonly ids: readonly number[];
    }
    const texts = referenceJson<readonly Scored[]>("models/smollm2-135m-instruct-q4_1.json");
    expect(texts.length).toBe(10);
    for (const { name, text, ids } of texts) {
      expect([name, smollm2.encode(text, { parseSpecial: true })]).toEqual([name, ids]);
    }
  });
});

describe("SmolLM2", () => {
  test("digits stand alone and a word carries its space", () => {
    expect(written(smollm2.encode("pay 123 now"))).toEqual(["pay", " ", "1", "2", "3", " now"]);
  });

  test("a digit of another kind stands alone too", () => {
    // U+00B2 is a number to Unicode and no \d to JavaScript
    expect(smollm2.encode("x²3")).toEqual(["x", "²", "3"].flatMap((c) => smollm2.encode(c)));
  });

  test("no token starts a text although a BOS is named, and both end tokens are known", () => {
    expect(smollm2.startTokenId).toBe(null);
    expect(smollm2.endTokenIds).toEqual([2, 0]);
  });

  test("half a character is a legal token", () => {
    const pieces = smollm2.encode("𝔘").map((id) => smollm2.vocabulary.bytes(id));
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flatMap((bytes) => [...bytes])).toEqual([0xf0, 0x9d, 0x94, 0x98]);
  });

  test("a character whose byte the vocabulary lacks is refused, not dropped", () => {
    expect(() => smollm2.encode("a\u0004b")).toThrow(UsageError);
    expect(() => smollm2.encode("a\u0004b")).toThrow(/U\+0004.*SmolLM2/);
    expect(() => smollm2.encode("plane 4: \u{40000}")).toThrow(/U\+40000/);
  });

  test("100 kB of one word, and of one kind of white space, is tokenised in time", () => {
    for (const unit of ["a", "antidisestablish", " ", "日"]) {
      const text = unit.repeat(Math.ceil(100_000 / unit.length));
      expect(joinedBytes(smollm2, text).length).toBe(utf8.encode(text).length);
    }
  }, 30_000);
});

describe("the slow oracle", () => {
  // BPE as it is told: of all neighbouring pairs merge the one of lowest rank, leftmost first, until none is left.
  const ranks = new Map(
    (tinyMetadata().get("tokenizer.ggml.merges") as readonly string[]).map((m, i) => [m, i]),
  );
  const mergedWord = (characters: readonly string[]): readonly string[] => {
    const pairs = characters.slice(1).map((right, i) => ranks.get(`${characters[i]} ${right}`));
    const lowest = Math.min(...pairs.map((rank) => rank ?? Number.POSITIVE_INFINITY));
    const at = pairs.indexOf(lowest);
    if (at === -1) return characters;
    const pair = characters.slice(at, at + 2).join("");
    return mergedWord([...characters.slice(0, at), pair, ...characters.slice(at + 2)]);
  };
  const tokens = tinyMetadata().get("tokenizer.ggml.tokens") as readonly string[];

  test("agrees on words and spaces of the tiny vocabulary", () => {
    // the words of GPT-2's pattern for lower-case letters and single spaces are: optional space, letters
    for (const text of ["the hen in the inn", " thethe in", "hehe t", "winter then within"]) {
      const words = text.match(/ ?[a-z]+/g) ?? [];
      const expected = words.flatMap((word) =>
        mergedWord([...word.replace(" ", "Ġ")]).map((piece) => tokens.indexOf(piece)),
      );
      expect(toy.encode(text)).toEqual(expected);
    }
  });
});

describe("properties", () => {
  test("the pieces of any text join to its UTF-8", () => {
    void assert(
      property(string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(joinedBytes(toy, text)).toEqual([...utf8.encode(text)]);
      }),
      RUNS,
    );
  });

  test("any text that SmolLM2 takes is read back whole", () => {
    const single = new Set(
      Array.from({ length: smollm2.vocabulary.size }, (_, id) =>
        smollm2.vocabulary.bytes(tokenId(id)),
      )
        .filter((bytes) => bytes.length === 1)
        .map(([byte]) => byte),
    );
    const writable = (text: string) => utf8.encode(text).every((byte) => single.has(byte));
    void assert(
      property(string({ unit: "binary", maxLength: 40 }), (text) => {
        if (writable(text)) expect(joinedBytes(smollm2, text)).toEqual([...utf8.encode(text)]);
        else expect(() => smollm2.encode(text)).toThrow(UsageError);
      }),
      RUNS,
    );
  });

  test("no plain text makes a special token", () => {
    void assert(
      property(string({ unit: "grapheme", maxLength: 20 }), (text) => {
        const ids = smollm2.encode(`${text}<|im_end|>${text}`);
        expect(ids.some((id) => smollm2.vocabulary.isSpecial(id))).toBe(false);
      }),
      RUNS,
    );
  });
});

describe("metadata", () => {
  const changed = (key: string, value: unknown): GgufMetadata =>
    new Map([...toyMetadata(["<s>"]), [`tokenizer.ggml.${key}`, value]]);
  const load = (metadata: GgufMetadata) => loadTokenizer({ name: "toy", metadata });

  test("add_bos_token alone decides whether a token starts a text", () => {
    const named = changed("bos_token_id", 260);
    expect(load(named).startTokenId).toBe(null);
    expect(load(new Map([...named, ["tokenizer.ggml.add_bos_token", true]])).startTokenId).toBe(
      260,
    );
    expect(() => load(changed("add_bos_token", true))).toThrow(/bos_token_id is missing/);
  });

  test("a user-defined token is read in plain text too and is not special", () => {
    const types = (toyMetadata(["<think>"]).get("tokenizer.ggml.token_type") as number[]).with(
      260,
      4,
    );
    const tokenizer = load(
      new Map([...toyMetadata(["<think>"]), ["tokenizer.ggml.token_type", types]]),
    );
    expect(tokenizer.encode("<think>\n")).toEqual([260, 10]);
    expect(tokenizer.vocabulary.isSpecial(tokenId(260))).toBe(false);
  });

  test("an unknown kind of tokenizer or pre-tokenizer is an error that names it", () => {
    expect(() => load(changed("model", "bert"))).toThrow(/"bert"; readable are "gpt2".*"llama"/);
    expect(() => load(changed("pre", "klingon"))).toThrow(/"klingon".*gpt-2, .*smollm/);
  });

  test("missing, misshapen and contradictory fields are errors that name the key", () => {
    const wrong: readonly (readonly [string, unknown, RegExp])[] = [
      ["tokens", undefined, /tokens is missing/],
      ["tokens", ["a", 7], /tokens\[1\]/],
      ["token_type", [1, 2], /token_type has 2 entries/],
      ["merges", ["x y"], /merges\[0\] is "x y"/],
      ["eos_token_id", 999, /eos_token_id is "999".*below 261/],
      ["add_bos_token", "yes", /add_bos_token/],
    ];
    for (const [key, value, message] of wrong) {
      expect(() => load(changed(key, value))).toThrow(FormatError);
      expect(() => load(changed(key, value))).toThrow(message);
    }
  });
});
