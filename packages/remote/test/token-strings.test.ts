import fc from "fast-check";
import { expect, test } from "vitest";
import { namedBytes, readsAsMarker, stringsBytes } from "../src/token-strings.ts";

const hex = (pieces: readonly Uint8Array[] | null) =>
  pieces?.map((piece) => Buffer.from(piece).toString("hex")) ?? null;

test("a name of bytes as OpenAI writes half characters is those bytes, and no other name is", () => {
  expect(hex([namedBytes("bytes:\\xe7\\x8c") ?? new Uint8Array()])).toEqual(["e78c"]);
  for (const name of ["bytes:", "bytes:\\xe", "bytes:\\xe7 ", "byte", ""]) {
    expect(namedBytes(name)).toBeNull();
  }
});

test("strings as text, as GPT-2's letters and as SentencePiece's pieces give every byte", () => {
  const text = "a 猫!";
  const wanted = ["61", "20", "e78c", "ab", "21"];
  expect(hex(stringsBytes(text, ["a", " ", "bytes:\\xe7\\x8c", "bytes:\\xab", "!"]))).toEqual(
    wanted,
  );
  expect(hex(stringsBytes(text, ["a", "Ġ", "çĮ", "«", "!"]))).toEqual(wanted);
  expect(hex(stringsBytes(text, ["▁a", "▁", "<0xE7>", "<0x8C>", "<0xAB>", "!"]))).toEqual([
    "61",
    "20",
    "e7",
    "8c",
    "ab",
    "21",
  ]);
});

test("strings that are not the text's bytes in any way are not guessed at", () => {
  expect(stringsBytes("猫", ["\u{fffd}", "\u{fffd}"])).toBeNull();
  expect(stringsBytes("cat", ["c", "a"])).toBeNull();
  expect(stringsBytes("cat", ["ca", "ts"])).toBeNull();
});

test("any text cut anywhere comes back from GPT-2's letters", () => {
  const letters = letterOfBytes();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat(20)), (text, cuts) => {
      const bytes = Buffer.from(text);
      const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])];
      const ends = places.toSorted((a, b) => a - b);
      const pieces = ends.slice(1).map((end, i) => bytes.subarray(ends[i], end));
      const strings = pieces.map((piece) => Array.from(piece, (byte) => letters[byte]).join(""));
      expect(Buffer.concat([...(stringsBytes(text, strings) ?? [])])).toEqual(bytes);
    }),
  );
});

test("what reads as a marker is told from words, tags and indices", () => {
  const markers = ["<|im_end|>", "<s>", "</s>", "<bos>", "<end_of_turn>", "[INST]", "[/INST]"];
  expect(markers.filter(readsAsMarker)).toEqual(markers);
  expect(["<b>", "[i]", "[0]", "<", " <s>", "|>", "[A]"].filter(readsAsMarker)).toEqual([]);
});

/** GPT-2's bytes_to_unicode, written as there. */
function letterOfBytes(): readonly string[] {
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const plain = new Set([...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)]);
  let others = 0;
  return range(0, 255).map((byte) => String.fromCharCode(plain.has(byte) ? byte : 256 + others++));
}
