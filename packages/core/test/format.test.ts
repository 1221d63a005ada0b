import fc from "fast-check";
import { expect, test } from "vitest";
import {
  countOf,
  formatBits,
  formatCount,
  formatDraw,
  formatMegabytes,
  formatPercent,
  formatPerplexity,
  formatProbability,
  formatRank,
  formatSigned,
  formatSpanRange,
  formatTurnBits,
  surpriseClass,
  surpriseHeight,
} from "../src/index.ts";

test.each([
  [0.941, "94.1 %"],
  [0.0096, "0.96 %"],
  [0.00996, "1.0 %"], // rounded once: two decimals would say 1.00
  [0.01, "1.0 %"],
  [0.00006, "<0.01 %"],
  [0.0001, "0.01 %"],
  [0.9994, "99.9 %"],
  [0.9996, ">99.9 %"],
  [1, "100 %"],
  [0, "0 %"],
  [null, "n/a"],
])("a probability of %s is %s", (probability, text) => {
  expect(formatPercent(probability)).toBe(text);
});

test.each([
  [0.1923, "0.192"], // 2.38 bits, where 0.19 would be 2.40
  [0.9412, "0.94"],
  [0.5, "0.50"],
  [2e-12, "2.0 × 10⁻¹²"],
  [0.9987, "0.999"],
  [0.9931, "0.9931"], // <0.01 bits, where 0.993 would be 0.01
  [0.9999999, ">0.999999"],
  [3.4e-7, "3.4 × 10⁻⁷"],
  [1, "1"],
  [null, "n/a"],
])("beside its bits p = %s is %s", (probability, text) => {
  expect(formatProbability(probability)).toBe(text);
});

test("−log2 of a probability as it is written beside its bits gives the bits as they are written", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.00001, max: 40, noNaN: true }), (bits) => {
      const written = formatProbability(2 ** -bits);
      const [digits = "", power = "0"] = written.split(" × 10⁻");
      const exponent = Array.from(power, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit)).join("");
      const p = Number(digits) * (power === "0" ? 1 : 10 ** -Number(exponent));
      expect(formatBits(-Math.log2(p))).toBe(formatBits(bits));
    }),
  );
});

test.each([
  [2.957, "2.96"],
  [0, "0.00"],
  [0.004, "<0.01"],
  [0.009, "<0.01"],
  [0.01, "0.01"],
  [1234.5, "1,234.50"],
  [null, "n/a"],
])("%s bits are %s", (bits, text) => {
  expect(formatBits(bits)).toBe(text);
});

test("a turn's bits have one decimal", () => {
  expect([108.33, 0, 0.02, null].map(formatTurnBits)).toEqual(["108.3", "0.0", "<0.1", "n/a"]);
});

test("perplexity loses its decimals from 1,000", () => {
  const written = [9.204, 999.994, 999.996, 33895.7, null].map(formatPerplexity);
  expect(written).toEqual(["9.20", "999.99", "1,000", "33,896", "n/a"]);
});

test("ranks and counts separate thousands", () => {
  expect(formatRank(7195, 49152)).toBe("7,195 of 49,152");
  expect(formatRank(1, 262144)).toBe("1 of 262,144");
  expect(formatRank(null, 49152)).toBe("n/a");
  expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
  const counted = [0, 1, 1000].map((count) => countOf(count, "token"));
  expect(counted).toEqual(["0 tokens", "1 token", "1,000 tokens"]);
});

test("a random number has four decimals and never says 1", () => {
  expect([0.13493, 0, 0.99999, null].map(formatDraw)).toEqual([
    "0.1349",
    "0.0000",
    ">0.9999",
    "n/a",
  ]);
});

test("a file's megabytes are 10⁶ bytes", () => {
  expect(formatMegabytes(98_362_432)).toBe("98.4 MB");
  expect(formatMegabytes(null)).toBe("n/a");
});

test("a span is closed on both sides, with an en dash", () => {
  expect(formatSpanRange(44, 48)).toBe("44–48");
  expect(formatSpanRange(44, 44)).toBe("44");
});

test.each([
  [null, null],
  [0, 0],
  [0.49, 0],
  [0.5, 1],
  [1, 2],
  [2, 3],
  [4, 4],
  [8, 5],
  [15.99, 5],
  [16, 6],
  [30, 6],
])("%s bits are of class %s", (bits, expected) => {
  expect(surpriseClass(bits)).toBe(expected);
});

test("the bar is the square root of bits / 16, capped", () => {
  expect([0, 4, 16, 40, null].map(surpriseHeight)).toEqual([0, 0.5, 1, 1, null]);
});

test("a signed number has a true minus, and none where it rounds to 0", () => {
  const cases: readonly (readonly [number, number, string])[] = [
    [-3.456, 2, "−3.46"],
    [18.4, 2, "18.40"],
    [-0.001, 2, "0.00"],
    [-0.0123, 4, "−0.0123"],
    [-12_345.6, 1, "−12,345.6"],
  ];
  for (const [value, decimals, text] of cases) expect(formatSigned(value, decimals)).toBe(text);
  expect(formatSigned(null, 2)).toBe("n/a");
});
