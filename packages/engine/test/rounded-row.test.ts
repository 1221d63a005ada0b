import fc from "fast-check";
import { expect, test } from "vitest";
import { halfToFloat } from "../src/gguf/half.ts";
import { floatToHalf, roundRow, writeRoundedRow } from "../src/gguf/rounded-row.ts";

test("a half's bits come back from its value, for every half that is not negative", () => {
  for (let half = 0; half < 0x7c00; half += 1) expect(floatToHalf(halfToFloat(half))).toBe(half);
});

test("a number between two halves becomes the nearer one", () => {
  expect(floatToHalf(1 + 0.4 / 1024)).toBe(0x3c00);
  expect(floatToHalf(1 + 0.6 / 1024)).toBe(0x3c01);
  expect(floatToHalf(2 - 2 ** -12)).toBe(0x4000); // carries into the exponent
});

test("what is beyond the largest half is the largest half", () => {
  expect(halfToFloat(floatToHalf(1e9))).toBe(65_504);
});

test("a block whose largest weight is 127 keeps its whole numbers", () => {
  const row = Float32Array.from({ length: 32 }, (_, i) => (i === 31 ? 127 : i - 16));
  const blocks = new Uint8Array(34);
  writeRoundedRow(row, blocks);
  expect([...blocks.slice(0, 2)]).toEqual([0x00, 0x3c]); // a scale of 1
  expect([...new Int8Array(blocks.buffer, 2)]).toEqual([...row]);
});

test("zeros stay zeros", () => {
  const row = new Float32Array(64);
  roundRow(row);
  expect([...row]).toEqual([...new Float32Array(64)]);
});

const SMALLEST = 127 * 2 ** -25; // a block below it has a scale that a half cannot hold, and is zeros

test("no weight moves by more than half a step and the scale's own rounding", () => {
  const rows = fc.float32Array({ minLength: 32, maxLength: 32, min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(rows, (row) => {
      const largest = Math.max(...row.map(Math.abs));
      const rounded = row.slice();
      roundRow(rounded);
      const step = largest / 127;
      for (const [i, value] of row.entries()) {
        const error = Math.abs((rounded[i] ?? 0) - value);
        expect(error).toBeLessThanOrEqual(step * 0.51 + largest / 1000 + SMALLEST);
      }
    }),
  );
});
