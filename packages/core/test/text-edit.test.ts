import {
  editableText,
  parseEditableText,
  specialText,
  specialTokens,
  type TokenId,
  type Tokenizer,
  textEdit,
  tokenId,
} from "@tokenscope/core";
import { toyTokenizer } from "@tokenscope/core/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";

// Ids 0 to 255 are the bytes, 256 the special token, then words; the longest that fits is taken, from the left.
const END = tokenId(256);
const WORDS = [" cat", " cats", " sat", "é", "un", "happy", "unhappy", "the", "ca"];
const utf8 = new TextEncoder();
const words: Tokenizer = {
  name: "words",
  vocabulary: {
    size: 257 + WORDS.length,
    bytes(id) {
      if (id < 256) return Uint8Array.of(id);
      return utf8.encode(id === END ? "<|end|>" : (WORDS[id - 257] ?? ""));
    },
    isSpecial: (id) => id === END,
  },
  startTokenId: null,
  endTokenIds: [END],
  encode(text) {
    const ids: TokenId[] = [];
    for (let rest = text; rest !== ""; ) {
      const fitting = WORDS.filter((word) => rest.startsWith(word));
      const word = fitting.toSorted((a, b) => b.length - a.length)[0];
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      if (word === undefined) ids.push(...Array.from(utf8.encode(character), tokenId));
      else ids.push(idOf(word));
      rest = rest.slice((word ?? character).length);
    }
    return ids;
  },
};
const idOf = (word: string): TokenId => tokenId(257 + WORDS.indexOf(word));
const bytes = (string: string): TokenId[] => Array.from(utf8.encode(string), tokenId);

const edited = (old: readonly TokenId[], text: string, tokenizer = words) =>
  textEdit(old, parseEditableText(text, tokenizer.vocabulary), tokenizer);
/** The old tokens with the edit made. */
const after = (old: readonly TokenId[], text: string, tokenizer = words) => {
  const { from, to, ids } = edited(old, text, tokenizer);
  return old.toSpliced(from, to - from, ...ids);
};

test("a word that changes is tokenised again, and its neighbours stay", () => {
  const old = words.encode("the cat sat");
  expect(edited(old, "the cats sat")).toEqual({ from: 1, to: 2, ids: [idOf(" cats")] });
});

test("what is kept keeps its ids even where a fresh tokenisation would differ", () => {
  const old = [idOf("the"), ...bytes(" cat"), idOf(" sat"), idOf("un")]; // " cat" letter by letter
  expect(edited(old, "the cat satunhappy")).toEqual({ from: 6, to: 7, ids: [idOf("unhappy")] });
  expect(after(old, "the cat satunhappy").slice(1, 5)).toEqual(bytes(" cat"));
});

test("where a word is taken out and no token ends at the joint, both neighbours are tokenised together", () => {
  const old = [idOf("the"), idOf("un"), idOf(" cat"), idOf("happy")];
  expect(edited(old, "theunhappy")).toEqual({ from: 1, to: 4, ids: [idOf("unhappy")] });
});

test("the same text is no edit", () => {
  const old = [...bytes(" ca"), tokenId(0xe2), END];
  expect(edited(old, editableText(old, words.vocabulary)).ids).toEqual([]);
  const { from, to } = edited(old, editableText(old, words.vocabulary));
  expect(to - from).toBe(0);
});

test("half a character is shown as its bytes, and an edit beside it leaves them alone", () => {
  const old = [idOf("the"), tokenId(0xe2), tokenId(0x81), idOf(" sat")];
  expect(editableText(old, words.vocabulary)).toBe("the⟦E2 81⟧ sat");
  expect(edited(old, "un⟦E2 81⟧ sat")).toEqual({ from: 0, to: 1, ids: [idOf("un")] });
});

test("bytes that are completed become their character", () => {
  const old = [idOf("the"), tokenId(0xc3)];
  expect(after(old, "the⟦C3 A9⟧")).toEqual([idOf("the"), idOf("é")]);
});

test("a character in two tokens is kept in two tokens, or tokenised again as a whole", () => {
  const old = [...bytes("é"), idOf(" cat")];
  expect(editableText(old, words.vocabulary)).toBe("é cat");
  expect(after(old, "é cats")).toEqual([...bytes("é"), idOf(" cats")]);
  expect(after(old, "è cat")).toEqual([...bytes("è"), idOf(" cat")]); // not the byte C3 kept and A8 written
  expect(edited(old, "è cat")).toEqual({ from: 1, to: 2, ids: [tokenId(0xa8)] });
});

test("a typed look-alike stays text, and the special token stands in ⟦ ⟧", () => {
  expect(after([], "<|end|>")).toEqual(bytes("<|end|>"));
  expect(after([], specialText("<|end|>"))).toEqual([END]);
  expect(editableText([END, ...bytes("<|end|>")], words.vocabulary)).toBe("⟦<|end|>⟧<|end|>");
  expect(specialTokens(words.vocabulary)).toEqual([{ id: END, name: "<|end|>" }]);
});

test("the character ⟦ itself is written ⟦⟦⟧", () => {
  const old = bytes("a⟦b⟧");
  expect(editableText(old, words.vocabulary)).toBe("a⟦⟦⟧b⟧");
  expect(after([], "a⟦⟦⟧b⟧")).toEqual(old);
});

test("⟦ ⟧ with anything else in it is refused with the remedy", () => {
  expect(() => edited([], "a⟦<|start|>⟧")).toThrow("is neither a special token of this model");
  expect(() => edited([], "a⟦b")).toThrow("is not closed");
});

test("inserted text is tokenised on its own, byte for byte", () => {
  expect(edited([], "the cats")).toEqual({
    from: 0,
    to: 0,
    ids: [idOf("the"), idOf(" cats")],
  });
  expect(after([], "⟦FF 63 61⟧")).toEqual([tokenId(0xff), idOf("ca")]);
});

test("a byte that no token has is refused by name", () => {
  const { vocabulary } = words;
  const noBytes = {
    ...words,
    vocabulary: {
      ...vocabulary,
      bytes: (id: TokenId) => (id === 0xff ? utf8.encode("x") : vocabulary.bytes(id)),
    },
  };
  expect(() => edited([], "⟦FF⟧", noBytes)).toThrow("No token of this vocabulary is the byte FF");
});

test("a tokenizer that puts a space before every text is taken at its bytes", () => {
  const spaced = { ...words, encode: (text: string) => words.encode(` ${text}`) };
  expect(after([], "cat", spaced)).toEqual([idOf("ca"), ...bytes("t")]);
});

const anyToken = fc.oneof(
  fc.integer({ min: 97, max: 101 }),
  fc.constantFrom(32, 0xc3, 0xa9, 0xe2, 256),
  fc.integer({ min: 257, max: 256 + WORDS.length }),
);
const anyTokens = fc.array(anyToken.map(tokenId), { maxLength: 12 });
const sameText = (ids: readonly TokenId[], text: string) =>
  expect(editableText(ids, words.vocabulary)).toBe(text);

test("the result says the edited text, whatever the tokens and the edit", () => {
  fc.assert(
    fc.property(anyTokens, anyTokens, fc.nat(12), fc.nat(12), (old, put, from, length) => {
      const asked = editableText(old.toSpliced(from, length, ...put), words.vocabulary);
      sameText(after(old, asked), asked);
    }),
    { seed: 376, numRuns: 500 },
  );
});

test("with a token a byte, only what lies between the common beginning and the common end is written again", () => {
  const around = fc.string({ unit: fc.constantFrom("a", "b", "日"), maxLength: 10 });
  const inside = fc.string({ unit: fc.constantFrom("c", "é", "è"), maxLength: 10 });
  const length = (text: string): number => utf8.encode(text).length;
  fc.assert(
    fc.property(around, inside, inside, around, (before, old, put, behind) => {
      fc.pre(old !== put);
      const all = toyTokenizer.encode(before + old + behind);
      const { from, to } = edited(all, before + put + behind, toyTokenizer);
      expect(from).toBeGreaterThanOrEqual(length(before));
      expect(to).toBeLessThanOrEqual(length(before) + length(old));
    }),
    { seed: 376, numRuns: 300 },
  );
});
