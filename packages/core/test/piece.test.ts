import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytesHex,
  decodeTokens,
  pieceGlyphs,
  pieceName,
  pieceText,
  textStream,
} from "../src/index.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const bytes = (...values: number[]) => Uint8Array.from(values);
const drawn = (piece: Uint8Array) =>
  pieceGlyphs(piece)
    .map(({ text, isGlyph }) => (isGlyph ? `[${text}]` : text))
    .join("");

test.each([
  [" intricate", "[·]intricate", "space intricate"],
  ["\n", "[↵]", "newline"],
  ["\n\n", "[↵][↵]", "2 newlines"],
  ["\t", "[→]", "tab"],
  ["\r\n", "[␍][↵]", "return newline"],
  ["    x", "[·][·][·][·]x", "4 spaces x"],
  ["\u200b", "[U+200B]", "U+200B"],
  ["\u00a0a", "[U+00A0]a", "U+00A0 a"],
  ["\ufeff", "[U+FEFF]", "U+FEFF"],
  ["\u0000", "[U+0000]", "U+0000"],
  ["\u{e0041}", "[U+E0041]", "U+E0041"],
  ["dragon", "dragon", "dragon"],
  ["日本", "日本", "日本"],
  ["", "", "empty token"],
])("%j is drawn as %s and read as %s", (text, glyphs, name) => {
  expect(drawn(bytesOf(text))).toBe(glyphs);
  expect(pieceName(bytesOf(text))).toBe(name);
  expect(pieceText(bytesOf(text))).toBe(text);
});

test.each([
  [bytes(0xe2), "[E2]", "byte E2"],
  [bytes(0xe2, 0x81), "[E2 81]", "bytes E2 81"],
  [bytes(0x81, 0x61), "[81]a", "byte 81 a"],
  [bytes(0x20, 0xf0, 0x9f), "[·][F0 9F]", "space bytes F0 9F"],
  [bytes(0x80, 0xc3, 0xa9, 0xc3), "[80]é[C3]", "byte 80 é byte C3"],
  [bytes(0xed, 0xa0, 0x80), "[ED A0 80]", "bytes ED A0 80"], // a surrogate is no character
  [bytes(0xc0, 0xaf), "[C0 AF]", "bytes C0 AF"], // overlong
])(
  "bytes that are only part of a character are drawn in hexadecimal: %s",
  (piece, glyphs, name) => {
    expect(drawn(piece)).toBe(glyphs);
    expect(pieceName(piece)).toBe(name);
    expect(pieceText(piece)).toBeNull();
  },
);

test("bytesHex writes two digits a byte", () => {
  expect(bytesHex(bytes(0x0a, 0xc3, 0xa9))).toBe("0ac3a9");
});

test("halves of a character that come in two tokens decode to the character", () => {
  const [first, second] = [bytes(0x61, 0xe2, 0x82), bytes(0xac)];
  expect(decodeTokens([first, second])).toBe("a€");
  const stream = textStream();
  expect([stream.push(first), stream.push(second), stream.end()]).toEqual(["a", "€", ""]);
});

test("bytes that are truly broken become U+FFFD, also at the end", () => {
  expect(decodeTokens([bytes(0x61, 0x80, 0x62)])).toBe("a\ufffdb");
  expect(decodeTokens([bytes(0x61, 0xe2)])).toBe("a\ufffd");
});

test("a text cut anywhere decodes to itself, whole and streamed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(40)), (text, cuts) => {
      const all = bytesOf(text);
      const places = [0, ...cuts.map((cut) => cut % (all.length + 1)), all.length].sort(
        (a, b) => a - b,
      );
      const pieces = places.slice(1).map((end, i) => all.subarray(places[i], end));
      expect(decodeTokens(pieces)).toBe(text);
      const visible = pieceGlyphs(all).filter(({ isGlyph }) => !isGlyph);
      for (const { text: part } of visible) expect(text).toContain(part);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("any bytes at all are drawn and named without loss", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (piece) => {
      const shown = pieceGlyphs(piece);
      const broken = shown.filter(({ isGlyph, text }) => isGlyph && /^[0-9A-F]{2}( |$)/.test(text));
      expect(broken.length === 0).toBe(pieceText(piece) !== null);
      expect(pieceName(piece).length).toBeGreaterThan(0);
    }),
    { seed: 376, numRuns: 200 },
  );
});
