import { describe, expect, test } from "vitest";
import { referenceJson } from "../../../fixtures/index.ts";
import {
  blockType,
  dequantize,
  dequantizeRow,
  readableTypes,
  shownType,
} from "../src/gguf/blocks.ts";
import { halfToFloat } from "../src/gguf/half.ts";

interface ReferenceBlocks {
  readonly type: string;
  readonly blockSize: number;
  readonly blockBytes: number;
  readonly hex: string;
  readonly values: readonly number[];
}

// enum ggml_type of ggml.h
const GGML_NUMBERS = {
  ...{ F32: 0, F16: 1, Q4_0: 2, Q4_1: 3, Q5_0: 6, Q5_1: 7, Q8_0: 8 },
  ...{ Q2_K: 10, Q3_K: 11, Q4_K: 12, Q5_K: 13, Q6_K: 14, IQ4_NL: 20, IQ4_XS: 23, BF16: 30 },
  MXFP4: 39,
};
const references = referenceJson<readonly ReferenceBlocks[]>("quant-blocks.json");
const typeOf = (name: string) => blockType(GGML_NUMBERS[name as keyof typeof GGML_NUMBERS])!;
const bytesOf = ({ hex }: ReferenceBlocks) => new Uint8Array(Buffer.from(hex, "hex"));

test("every readable type has a reference, but for F32, which has nothing to decode", () => {
  expect(Object.keys(GGML_NUMBERS).toSorted()).toEqual([...readableTypes()].toSorted());
  expect(["F32", ...references.map(({ type }) => type)].toSorted()).toEqual(
    [...readableTypes()].toSorted(),
  );
});

describe.each(references.map((reference) => [reference.type, reference] as const))(
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

    test("has the same values at an odd byte and behind other numbers", () => {
      const type = typeOf(name);
      const bytes = Uint8Array.of(255, ...bytesOf(reference)).subarray(1);
      const out = new Float32Array(reference.values.length + 1);
      dequantizeRow(type, { blocks: bytes, row: 0, width: reference.values.length }, out, 1);
      expect(out).toEqual(Float32Array.of(0, ...reference.values));
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

test("MXFP4's smallest scale is 2^-128; its largest goes beyond float32, which is infinity", () => {
  const blocks = new Uint8Array(34);
  blocks.set([0, 0x71], 0); // levels 1 (low half: element 0) and 12 (high half: element 16)
  blocks.set([255, 0x9f], 17); // levels -12 and -1
  const values = dequantize(typeOf("MXFP4"), blocks);
  expect([values[0], values[16]]).toEqual([2 ** -128, 12 * 2 ** -128]);
  expect([values[32], values[48]]).toEqual([-Infinity, -(2 ** 127)]);
});

test("a type's number is shown with its name, where it has one", () => {
  expect([19, 12, 999].map(shownType)).toEqual(["19 (IQ1_S)", "12 (Q4_K)", "999"]);
});

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
