import fc from "fast-check";
import { expect, test } from "vitest";
import { parseByteRange } from "../src/byte-range.ts";

test.each([
  [undefined, null],
  ["bytes=0-0", { first: 0, last: 0 }],
  ["bytes=9-", { first: 9, last: 9 }],
  ["bytes=3-5", { first: 3, last: 5 }],
  ["bytes=3-999", { first: 3, last: 9 }],
  ["bytes=-2", { first: 8, last: 9 }],
  ["bytes=-999", { first: 0, last: 9 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-3", null],
  ["bytes=-", null],
  ["bytes=0-1,4-5", null],
  ["lines=0-1", null],
  ["bytes=a-b", null],
])("of 10 bytes, %s is %o", (header, expected) => {
  expect(parseByteRange(header, 10)).toEqual(expected);
});

test("a satisfiable range lies inside the file", () => {
  const bounds = fc.option(fc.nat(50), { nil: "" });
  fc.assert(
    fc.property(bounds, bounds, fc.nat(40), (from, to, fileBytes) => {
      const range = parseByteRange(`bytes=${from}-${to}`, fileBytes);
      if (range === null || range === "unsatisfiable") return true;
      return 0 <= range.first && range.first <= range.last && range.last < fileBytes;
    }),
    { seed: 376, numRuns: 200 },
  );
});
