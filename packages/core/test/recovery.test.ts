import { RECOVERY_WINDOW, recovery, runningMeans } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";

const eight = (bits: number): number[] => Array(8).fill(bits);

test("a running mean is there from the window's last value on", () => {
  expect(runningMeans([1, 2, 3, 6], 3)).toEqual([null, null, 2, 11 / 3]);
  expect(runningMeans([], 3)).toEqual([]);
});

test("after 9 bits and then 1 bit a token the text is back at 1 after 9 tokens", () => {
  const found = recovery([9, ...eight(1)], 1); // (9 + 7·1) / 8 = 2, then 8·1 / 8 = 1
  expect(found.meanBits.slice(7)).toEqual([2, 1]);
  expect(found).toMatchObject({ backAfter: 9, lowestMeanBits: 1 });
});

test("a text that was never worse is back as soon as there is a mean", () => {
  expect(recovery(eight(0.5), 1).backAfter).toBe(RECOVERY_WINDOW);
});

test("a text that stays above its usual mean is not back, and the lowest mean says how near it came", () => {
  expect(recovery([...eight(3), ...eight(2)], 1)).toMatchObject({
    backAfter: null,
    lowestMeanBits: 2,
  });
});

test("fewer than 8 tokens give no mean and no answer", () => {
  expect(recovery([0, 0, 0], 1)).toEqual({
    meanBits: [null, null, null],
    backAfter: null,
    lowestMeanBits: null,
  });
});

test("what comes after a text is back changes nothing, and a higher usual mean is never reached later", () => {
  const bits = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(bits, bits, fc.double({ min: 0, max: 20, noNaN: true }), (after, more, usual) => {
      const { backAfter } = recovery(after, usual);
      if (backAfter === null) return;
      expect(recovery([...after, ...more], usual).backAfter).toBe(backAfter);
      expect(recovery(after, usual + 1).backAfter).toBeLessThanOrEqual(backAfter);
    }),
    { seed: 376 },
  );
});
