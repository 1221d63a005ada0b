import { expect, test } from "vitest";
import { int8Blocks, type Matrix } from "../src/weights.ts";

function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return {
    out: rows.length,
    in: rows[0]!.length,
    row: (output, into, at) => into.set(rows[output]!, at),
  };
}

test("a block is rounded by its largest weight, half a step up", () => {
  // scale 2 / 127; 1 is 63.5 steps, -1 is -63.5
  const { values, scales } = int8Blocks(matrixOf([[2, 1, -1, 0]]));
  expect([...values]).toEqual([127, 64, -63, 0]);
  expect(scales[0]).toBeCloseTo(2 / 127, 8);
});

test("each block of 32 has a scale, and the last one may be shorter", () => {
  const row = [...Array.from({ length: 32 }, () => 1), 4, 2];
  const { values, scales } = int8Blocks(matrixOf([row]));
  expect([...values.slice(-3)]).toEqual([127, 127, 64]);
  expect([...scales].map((scale) => Math.round(scale * 127))).toEqual([1, 4]);
});

test("a row of zeros stays zeros", () => {
  expect([...int8Blocks(matrixOf([[0, 0]])).values]).toEqual([0, 0]);
});
