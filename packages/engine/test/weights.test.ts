import fc from "fast-check";
import { expect, test } from "vitest";
import { int8Columns, int8Rows, type Matrix, roundingReader } from "../src/weights.ts";

function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return {
    out: rows.length,
    in: rows[0]!.length,
    row: (output, into, at) => into.set(rows[output]!, at),
  };
}

test("a row is rounded by its largest weight, half a step up", () => {
  // scale 2 / 127; 1 is 63.5 steps, -1 is -63.5
  const { values, scales } = int8Rows(matrixOf([[2, 1, -1, 0]]));
  expect([...values]).toEqual([127, 64, -63, 0]);
  expect(scales[0]).toBeCloseTo(2 / 127, 8);
});

test("a row of zeros stays zeros", () => {
  expect([...int8Rows(matrixOf([[0, 0]])).values]).toEqual([0, 0]);
});

test("a rounding reader reads a matrix once, and its rows are the rounded ones", async () => {
  let reads = 0;
  const reader = roundingReader({
    has: () => true,
    vector: async () => new Float32Array(),
    async matrix() {
      reads += 1;
      return matrixOf([[2, 1, -1, 0]]);
    },
  });
  const matrix = await reader.matrix(["a", "b"]);
  expect(await reader.matrix(["a", "b"])).toBe(matrix);
  expect(reads).toBe(1);
  expect([...int8Rows(matrix).values]).toEqual([127, 64, -63, 0]);
  const row = new Float32Array(4);
  matrix.row(0, row, 0);
  expect(row[0]).toBeCloseTo(2, 6);
  expect(row[1]).toBeCloseTo((64 * 2) / 127, 6);
});

test("columns hold the value of row r and input i at i x out + r, for any size", () => {
  const size = fc.integer({ min: 1, max: 140 });
  fc.assert(
    fc.property(size, size, (out, width) => {
      const values = Int8Array.from({ length: out * width }, (_, at) => (at * 37) % 256);
      const columns = int8Columns({ values, scales: new Float32Array(out) });
      for (let row = 0; row < out; row += 1) {
        for (let i = 0; i < width; i += 1) {
          if (columns[i * out + row] !== values[row * width + i]) return false;
        }
      }
      return true;
    }),
    {
      numRuns: 60,
      examples: [
        [64, 64],
        [68, 4],
        [4, 68],
        [3, 8],
      ],
    },
  );
});
