import { pieceGlyphs, tokenId } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { documentPath } from "../src/views/path.ts";
import { lightToken, parsePalette } from "../src/views/picture-palette.ts";
import { pictureTurns, stripPicture } from "../src/views/strip-picture.ts";
import { brokenLines, escapeXml, textColumns } from "../src/views/svg-text.ts";
import { conversation, scoresOf, vocabulary } from "./views-document.ts";

const doc = conversation();
const path = documentPath(doc);
const turns = pictureTurns(path, scoresOf(doc), vocabulary, { from: 0, to: 6 });

test("a picture's colours are those of tokens.css in its light theme", () => {
  expect(parsePalette(":root { --a: #123; /* why: x */ --b: 4px; } .x { --a: red; }")).toEqual(
    new Map([
      ["a", "#123"],
      ["b", "4px"],
    ]),
  );
  expect(lightToken("paper")).toBe("#ffffff");
  expect(() => lightToken("nothing")).toThrow("tokens.css has no --nothing");
});

test("a range of a path is its turns, cut at both ends", () => {
  expect(turns.map(({ role, tokens }) => [role, tokens.length])).toEqual([
    ["user", 4],
    ["assistant", 3],
  ]);
  const cut = pictureTurns(path, scoresOf(doc), vocabulary, { from: 2, to: 4 });
  expect(cut.map(({ tokens }) => tokens.map(({ position }) => position))).toEqual([[2, 3], [4]]);
  expect(pictureTurns(path, scoresOf(doc), vocabulary, { from: 5, to: 5 })).toHaveLength(1);
});

test("a token of 4 bits has a bar of 5 pixels in the mark's colour, and the wash of its class", () => {
  const svg = stripPicture(pictureTurns(path, scoresOf(doc), vocabulary, { from: 1, to: 1 }), {
    caption: "",
  });
  // 10 px x sqrt(4 / 16) = 5 px; " The" has no space: 3 columns x 13.5 x 0.602 + 3 = 27.38 px
  expect(svg).toContain(`<rect y="20" width="27.38" height="5" fill="${lightToken("mark")}"/>`);
  expect(svg).toContain(`rx="2" fill="${lightToken("b4")}"/>`);
  expect(svg).not.toContain("assistant");
});

test("the first token has a dashed line, a forced one its triangle, a special one its edge", () => {
  const svg = stripPicture(turns, { caption: "Seven tokens" });
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  expect(svg.match(/M-1 -4H7L3 0Z/g)).toHaveLength(1);
  expect(svg.match(new RegExp(`stroke="${lightToken("edge")}"/><`, "g"))).toHaveLength(3);
  expect(svg).toContain("&lt;|s|&gt;");
  expect(svg).toContain('<tspan opacity="0.62">·</tspan>dog');
  expect(svg).toContain('aria-label="Seven tokens"');
});

test("rows break where the width ends, and none is wider", () => {
  const narrow = stripPicture(turns, { caption: "", widthPx: 240 });
  const boxes = [
    ...narrow.matchAll(/translate\(([\d.]+) ([\d.]+)\).*?<rect x="0.5" y="0.5" width="([\d.]+)"/g),
  ];
  expect(boxes).toHaveLength(7);
  for (const [, x, , width] of boxes)
    expect(Number(x) + Number(width)).toBeLessThanOrEqual(240 - 16);
  expect(new Set(boxes.map(([, , y]) => y)).size).toBeGreaterThan(2);
});

test("whatever the tokens say, the picture is well-formed XML without control characters", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), fc.string(), (bytes, caption) => {
      const token = {
        ...turns[0]!.tokens[0]!,
        segments: pieceGlyphs(bytes),
        title: String(tokenId(1)),
      };
      const svg = stripPicture([{ role: "user", tokens: [token] }], {
        caption: caption.replaceAll(/\p{C}/gu, ""),
      });
      const content = svg.replaceAll(/<[a-z/][^<>]*>/g, "").replaceAll(/&(amp|lt|gt|quot);/g, "");
      expect(content).not.toMatch(/[<>&]/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly what XML forbids
      expect(content).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    }),
  );
});

test("East Asian characters take two columns and marks none", () => {
  expect(textColumns("abc")).toBe(3);
  expect(textColumns("日本")).toBe(4);
  expect(textColumns("e\u0301")).toBe(1);
});

test("lines are broken between words", () => {
  expect(brokenLines("one two three", 7)).toEqual(["one two", "three"]);
  expect(brokenLines("unbreakable a", 4)).toEqual(["unbreakable", "a"]);
  expect(escapeXml('a < b & "c"')).toBe("a &lt; b &amp; &quot;c&quot;");
});
