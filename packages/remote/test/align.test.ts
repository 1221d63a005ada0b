import fc from "fast-check";
import { expect, test } from "vitest";
import { alignPieces } from "../src/align.ts";

const texts = (pieces: ReturnType<typeof alignPieces>) =>
  pieces.map(({ bytes, isKnown }) => [new TextDecoder().decode(bytes), isKnown]);

test("names that stand in the text are its pieces", () => {
  expect(texts(alignPieces("The cat", ["The", " cat"]))).toEqual([
    ["The", true],
    [" cat", true],
  ]);
});

test("one token shown as half a character is what lies between its neighbours", () => {
  expect(texts(alignPieces("naïve", ["na", "\u{fffd}", "ve"]))).toEqual([
    ["na", true],
    ["ï", true],
    ["ve", true],
  ]);
});

test("a run of such tokens has its bytes at the first and is not known", () => {
  expect(texts(alignPieces("a 🙂 b", ["a", "\u{fffd}", "\u{fffd}", "\u{fffd}", " b"]))).toEqual([
    ["a", true],
    [" 🙂", false],
    ["", false],
    ["", false],
    [" b", true],
  ]);
});

test("a name of bytes is those bytes, half characters too", () => {
  const pieces = alignPieces("h猫", ["h", "bytes:\\xe7\\x8c", "bytes:\\xab"]);
  expect(pieces.map(({ bytes, isKnown }) => [Buffer.from(bytes).toString("hex"), isKnown])).toEqual(
    [
      ["68", true],
      ["e78c", true],
      ["ab", true],
    ],
  );
});

test("a name without its leading space, as SentencePiece decodes one token, gets it back", () => {
  expect(texts(alignPieces("The cat sat", ["The", "cat", "sat"]))).toEqual([
    ["The", true],
    [" cat", true],
    [" sat", true],
  ]);
});

test("a first token without a name is what the others leave", () => {
  expect(texts(alignPieces("The cat", [null, " cat"]))).toEqual([
    ["The", true],
    [" cat", true],
  ]);
});

test("the pieces together are the text, whatever the names are", () => {
  const name = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom(" a", "a", "\u{fffd}", "🙂", "", " "),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 12 }), fc.array(name), (text, names) => {
      const pieces = alignPieces(text, names);
      const joined = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString("utf8");
      expect(joined).toBe(names.length === 0 ? "" : text);
      expect(pieces).toHaveLength(names.length);
    }),
  );
});

test("names cut from the text itself are all found", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 })), (names) => {
      const whole = names.filter((name) => !name.includes("\u{fffd}"));
      const pieces = alignPieces(whole.join(""), whole);
      expect(texts(pieces)).toEqual(whole.map((name) => [name, true]));
    }),
  );
});
