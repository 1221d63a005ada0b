import { describe, expect, test } from "vitest";
import { referenceJson } from "../../../fixtures/index.ts";
import { blockType, dequantize, dequantizeRow, readableTypes } from "../src/gguf/blocks.ts";
import { halfToFloat } from "../src/gguf/half.ts";

interface ReferenceBlocks {
  readonly type: string;
  readonly blockSize: number;
  readonly blockBytes: number;
  readonly hex: string;
  readonly values: readonly number[];
}

const GGML_NUMBERS = { F32: 0, F16: 1, Q4_0: 2, Q4_1: 3, Q5_0: 6, Q5_1: 7, Q8_0: 8, BF16: 30 };
const references = referenceJson<readonly ReferenceBlocks[]>("quant-blocks.json");
const cases = references.filter(({ type }) => type in GGML_NUMBERS);
const typeOf = (name: string) => blockType(GGML_NUMBERS[name as keyof typeof GGML_NUMBERS])!;
const bytesOf = ({ hex }: ReferenceBlocks) => new Uint8Array(Buffer.from(hex, "hex"));

test("every readable type has a reference, but for F32, which has nothing to decode", () => {
  expect(Object.keys(GGML_NUMBERS).toSorted()).toEqual([...readableTypes()].toSorted());
  expect(["F32", ...cases.map(({ type }) => type)].toSorted()).toEqual(
    [...readableTypes()].toSorted(),
  );
});

describe.each(cases.map((reference) => [reference.type, reference] as const))(
  "%s, against ggml's values",
  (name, reference) => {
    test("has its block size", () => {
      const { blockElements, blockBytes } = typeOf(name);
      expect({ blockElements, blockBytes }).toEqual({
        blockElements: reference.blockSize,
        blockBytes: reference.blockBytes,
      });
    });

    test("has its values, to float32's rounding", () => {
      const values = dequantize(typeOf(name), bytesOf(reference));
      expect(values).toEqual(Float32Array.from(reference.values));
    });

    test("has the same values row by row", () => {
      const type = typeOf(name);
      const blocks = bytesOf(reference);
      const whole = dequantize(type, blocks);
      const rows = new Float32Array(whole.length);
      const width = type.blockElements;
      for (let row = 0; row < whole.length / width; row += 1) {
        dequantizeRow(type, { blocks, row, width }, rows, row * width);
      }
      expect(rows).toEqual(whole);
    });
  },
);

test("F32 is read as it stands", () => {
  const values = Float32Array.of(1.5, -0, 1e-40, 3.4e38, Infinity);
  expect(dequantize(typeOf("F32"), new Uint8Array(values.buffer))).toEqual(values);
});

test("half precision: one, the smallest, the largest, signs, infinity", () => {
  const bits = [0x3c00, 0x0001, 0x0400, 0x7bff, 0x8000, 0xc000, 0x7c00, 0xfc00];
  const expected = [1, 2 ** -24, 2 ** -14, 65_504, -0, -2, Infinity, -Infinity];
  expect(bits.map(halfToFloat)).toEqual(expected);
  expect(halfToFloat(0x7e00)).toBeNaN();
});
