import { sharedEnd, tokenId, type Vocabulary } from "@tokenscope/core";
import { expect, test } from "vitest";

const half = { logprobNats: Math.log(1 / 2), rank: 1 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Rows whose tokens are these pieces; those before `scoredFrom` are unscored. "<s>" is special. */
function text(pieces: readonly string[], scoredFrom = 1) {
  const vocabulary: Vocabulary = {
    size: pieces.length,
    bytes: (id) => bytesOf(pieces[id] ?? ""),
    isSpecial: (id) => pieces[id] === "<s>",
  };
  const rows = pieces.map((_, i) => ({ id: tokenId(i), score: i < scoredFrom ? null : half }));
  return { vocabulary, rows };
}
const shared = (...texts: ReturnType<typeof text>[]) => {
  const { bytes, rows } = sharedEnd(texts);
  return [bytes, ...rows.map(({ length }) => length)];
};

test("the first token that one of them did not score is out of the sum of all", () => {
  expect(shared(text(["the", " cat"]), text(["the", " ", "cat"]))).toEqual([4, 1, 2]);
  expect(shared(text(["the", " cat"]), text(["t", "he", " ", "cat"], 0))).toEqual([4, 1, 2]);
});

test("a token across the boundary is left out, and with it the same bytes of the others", () => {
  expect(shared(text(["the", " cat", " sat"]), text(["the c", "at", " sat"]))).toEqual([4, 1, 1]);
  expect(shared(text(["a", "b"]), text(["ab"]))).toEqual([0, 0, 0]);
});

test("a space that one tokenizer writes before the text moves nothing", () => {
  expect(shared(text([" the", " cat"], 0), text(["the", " cat"]))).toEqual([4, 1, 1]);
});

test("special tokens have no bytes", () => {
  expect(shared(text(["<s>", "the", " cat"], 1), text(["the", " cat"], 0))).toEqual([7, 2, 2]);
});
