import fc from "fast-check";
import { expect, test } from "vitest";
import { cutByNames } from "../src/cut-names.ts";

const CUT = "\u{fffd}";
const utf8 = new TextEncoder();
const cut = (text: string, names: readonly (string | null)[]) =>
  cutByNames(utf8.encode(text), names)?.map((part) => Buffer.from(part).toString("hex")) ?? null;

test("each stray byte is shown as a sign of its own, and the beginning of a character as one", () => {
  expect(cut("猫", [CUT, CUT])).toEqual(["e78c", "ab"]);
  expect(cut("猫", [CUT, CUT + CUT])).toEqual(["e7", "8cab"]);
  expect(cut("猫", [CUT, CUT, CUT])).toEqual(["e7", "8c", "ab"]);
  expect(cut("a猫!", [`a${CUT}`, `${CUT}!`])).toEqual(["61e78c", "ab21"]);
});

test("a token without a name is what the others leave", () => {
  expect(cut("猫!", [null, CUT, CUT, "!"])).toEqual(["e7", "8c", "ab", "21"]);
});

test("names that fit no cut, or more than one, give none", () => {
  expect(cut("猫", [CUT, "x"])).toBeNull();
  expect(cut("猫", [null, null])).toBeNull();
  expect(cut("猫", [""])).toBeNull();
});

test("a text cut anywhere is found again from what its parts are shown as, or not at all where another cut looks the same", () => {
  expect(cut("\u0800\u0800", [CUT, CUT + CUT, CUT, CUT])).toBeNull(); // e0 | a080 | e0a0 | 80, or e0a0 | 80e0 | a0 | 80
  let found = 0;
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat(20)), (text, cuts) => {
      fc.pre(!text.includes(CUT));
      const bytes = Buffer.from(text);
      const places = [...new Set([0, ...cuts.filter((each) => each < bytes.length), bytes.length])];
      const ends = places.toSorted((a, b) => a - b);
      const parts = ends.slice(1).map((end, i) => bytes.subarray(ends[i], end));
      const names = parts.map((part) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(part));
      const wanted = parts.map((part) => part.toString("hex"));
      const got = cut(text, names);
      if (got !== null) found += 1;
      expect(got ?? wanted).toEqual(wanted);
    }),
    { numRuns: 1_000 },
  );
  expect(found).toBeGreaterThan(500);
});
