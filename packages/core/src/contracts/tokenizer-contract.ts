// What every tokenizer must do, as tests. The runner's `test` and `expect` are passed in, so that core needs none.

import { type TokenId, tokenId } from "../token.ts";
import type { Tokenizer } from "../tokenizer.ts";

/** The part of a test runner that a contract uses. */
export interface ContractRunner {
  readonly test: {
    (name: string, body: () => void | Promise<void>): void;
    skip(name: string, body: () => void | Promise<void>): void;
  };
  readonly expect: (value: unknown) => {
    toEqual(expected: unknown): void;
    toThrow(expected: RegExp): void;
  };
}

/** A test of a contract that one implementation cannot take, and why. */
export interface ContractSkip {
  readonly test: string;
  readonly reason: string;
}

// White space at both ends, half characters after a cut, several scripts, joiners and a written special token.
const TEXTS = [
  "",
  "a",
  " leading and trailing  ",
  "two\n\nlines\r\n\tand a tab",
  "I'll pay 1,234.50 € — “naïve”",
  "日本語 नमस्ते עברית",
  "👩‍👩‍👧‍👦 🏳️‍🌈 𝔘",
  "\uFEFFmark",
  "<|im_start|>user",
];

/** Registers the tests of a tokenizer; a skip needs the test's name and a reason. */
export function tokenizerContract(
  name: string,
  load: () => Tokenizer,
  runner: ContractRunner,
  skips: readonly ContractSkip[] = [],
): void {
  const { test, expect } = runner;
  for (const [title, body] of Object.entries(sentences(load, expect))) {
    const skip = skips.find((s) => s.test === title);
    if (skip) test.skip(`${name}: ${title} (skipped: ${skip.reason})`, body);
    else test(`${name}: ${title}`, body);
  }
}

function sentences(
  load: () => Tokenizer,
  expect: ContractRunner["expect"],
): Readonly<Record<string, () => void>> {
  return {
    "the pieces of a text join to its UTF-8": () => {
      for (const text of TEXTS) {
        expect([text, joined(load(), text)]).toEqual([text, [...new TextEncoder().encode(text)]]);
      }
    },
    "an empty text has no tokens": () => {
      expect(load().encode("")).toEqual([]);
      expect(load().encode("", { parseSpecial: true })).toEqual([]);
    },
    "the same text has the same tokens each time": () => {
      const tokenizer = load();
      for (const text of TEXTS) expect(tokenizer.encode(text)).toEqual(tokenizer.encode(text));
    },
    "a lone surrogate is read as U+FFFD": () => {
      expect(load().encode("a\uD83Db")).toEqual(load().encode("a\uFFFDb"));
      expect(load().encode("\uDC00")).toEqual(load().encode("\uFFFD"));
    },
    "a written special token is plain characters unless asked for": () => {
      const tokenizer = load();
      for (const { id, text } of specials(tokenizer)) {
        const plain = tokenizer.encode(text);
        expect(plain.some((token) => tokenizer.vocabulary.isSpecial(token))).toEqual(false);
        expect(tokenizer.encode(text, { parseSpecial: true })).toEqual([id]);
      }
    },
    "start and end tokens are in the vocabulary": () => {
      const { vocabulary, startTokenId, endTokenIds } = load();
      const named = startTokenId === null ? endTokenIds : [startTokenId, ...endTokenIds];
      expect(named.filter((id) => id >= vocabulary.size)).toEqual([]);
    },
    "an id outside the vocabulary has no bytes": () => {
      const { vocabulary } = load();
      expect(() => vocabulary.bytes(tokenId(vocabulary.size))).toThrow(/\d/);
    },
  };
}

function joined(tokenizer: Tokenizer, text: string): readonly number[] {
  return tokenizer.encode(text).flatMap((id) => [...tokenizer.vocabulary.bytes(id)]);
}

function specials(
  tokenizer: Tokenizer,
): readonly { readonly id: TokenId; readonly text: string }[] {
  const { vocabulary } = tokenizer;
  return Array.from({ length: vocabulary.size }, (_, i) => tokenId(i))
    .filter((id) => vocabulary.isSpecial(id))
    .map((id) => ({ id, text: new TextDecoder().decode(vocabulary.bytes(id)) }));
}
