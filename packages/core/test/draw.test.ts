import fc from "fast-check";
import { expect, test } from "vitest";
import { drawAt, philox4x32 } from "../src/index.ts";

// Random123, tests/kat_vectors, lines "philox4x32 10": counter, key, answer.
const KNOWN_ANSWERS = [
  "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
  "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
  "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
];

function words(line: string): number[] {
  return line.split(" ").map((word) => Number.parseInt(word, 16));
}

test.each(KNOWN_ANSWERS)("philox4x32 gives Random123's known answer for %s", (line) => {
  const [c0, c1, c2, c3, k0, k1, ...answer] = words(line) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const counter = { word0: c0, word1: c1, word2: c2, word3: c3 };
  const { word0, word1, word2, word3 } = philox4x32(counter, { word0: k0, word1: k1 });
  expect([word0, word1, word2, word3]).toEqual(answer);
});

test("seed 0, position 0, first draw is the first known answer as a fraction", () => {
  // 0x6627e8d5 >>> 5 = 53559110, 0xe169c58d >>> 6 = 59090710: (53559110 · 2^26 + 59090710) / 2^53
  expect(drawAt({ seed: 0, position: 0, redraw: 0 })).toBe(
    (53559110 * 2 ** 26 + 59090710) / 2 ** 53,
  );
});

test("the seed is the key as a 64-bit two's complement, position and redraw the first two counter words", () => {
  const fraction = ({ word0, word1 }: { word0: number; word1: number }) =>
    Number((BigInt(word0 >>> 5) << 26n) | BigInt(word1 >>> 6)) / 2 ** 53;
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(), fc.nat(9), (seed, position, redraw) => {
      const bits = BigInt.asUintN(64, BigInt(seed));
      const key = { word0: Number(bits & 0xffff_ffffn), word1: Number(bits >> 32n) };
      const counter = { word0: position, word1: redraw, word2: 0, word3: 0 };
      const draw = drawAt({ seed, position, redraw });
      expect(draw).toBe(fraction(philox4x32(counter, key)));
      expect(draw >= 0 && draw < 1).toBe(true);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("4,000 draws of one seed spread evenly over ten bins", () => {
  const bins = new Array<number>(10).fill(0);
  for (let position = 0; position < 4000; position += 1) {
    const bin = Math.floor(10 * drawAt({ seed: 376, position, redraw: 0 }));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0);
  expect(chiSquare).toBeLessThan(27.9); // 9 degrees of freedom: above this once in a thousand seeds
});

test("what is no place is a bug", () => {
  expect(() => drawAt({ seed: 0.5, position: 0, redraw: 0 })).toThrow(RangeError);
  expect(() => drawAt({ seed: 1, position: -1, redraw: 0 })).toThrow(RangeError);
  expect(() => drawAt({ seed: 1, position: 0, redraw: 2 ** 32 })).toThrow(RangeError);
});
