import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { dequantize } from "../src/gguf/blocks.ts";
import { readGguf, readTensor } from "../src/gguf/gguf.ts";
import { roundedFile } from "../src/gguf/rounded-file.ts";
import { openFileSource } from "../src/node/file-source.ts";

const source = await openFileSource(referencePath("tiny/llama-f16.gguf"));
const gguf = await readGguf(source);
const NAME = "blk.0.ffn_down.weight";

async function weights(file: typeof rounded, name = NAME): Promise<Float32Array> {
  const tensor = file.gguf.tensors.get(name);
  if (tensor === undefined) throw new Error(`no ${name}`);
  return dequantize(tensor.type, await readTensor(file.source, tensor));
}
const rounded = roundedFile({ source, gguf }, 3);

test("at 3 bits a block of 32 has at most seven values: 0 and three of either sign, the largest weight among them", async () => {
  const own = await weights({ source, gguf });
  const few = await weights(rounded);
  expect(few.length).toBe(own.length);
  for (let block = 0; block < few.length; block += 32) {
    const values = [...few.slice(block, block + 32)];
    const step = Math.max(...own.slice(block, block + 32).map(Math.abs)) / 3;
    expect(new Set(values).size).toBeLessThanOrEqual(7);
    for (const [i, value] of values.entries()) {
      expect(Math.abs(value / step - Math.round(value / step))).toBeLessThan(2e-3); // the scale is a half
      expect(Math.abs(value - (own[block + i] ?? 0))).toBeLessThan(step * 0.51);
    }
  }
});

test("more bits are nearer, and 8 are nearly the file's own", async () => {
  const own = await weights({ source, gguf });
  const errors: number[] = [];
  for (const bits of [2, 3, 4, 8]) {
    const values = await weights(roundedFile({ source, gguf }, bits));
    const squares = values.map((value, i) => (value - (own[i] ?? 0)) ** 2);
    errors.push(Math.sqrt(squares.reduce((a, b) => a + b, 0) / own.length));
  }
  const scale = Math.sqrt(own.reduce((sum, w) => sum + w * w, 0) / own.length);
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
  expect((errors.at(-1) ?? 1) / scale).toBeLessThan(0.01);
});

test("vectors stay, rows can be read alone, and what is in no tensor is an error", async () => {
  const norm = "blk.0.attn_norm.weight";
  expect(rounded.gguf.tensors.get(norm)).toBe(gguf.tensors.get(norm));
  const tensor = rounded.gguf.tensors.get(NAME);
  if (tensor === undefined) throw new Error(`no ${NAME}`);
  const whole = await readTensor(rounded.source, tensor);
  const part = await rounded.source.read(tensor.offset + 10, 100);
  expect(part).toEqual(whole.slice(10, 110));
  await expect(rounded.source.read(rounded.source.byteLength, 1)).rejects.toThrow("no tensor");
  for (const bits of [1, 9, 2.5]) {
    expect(() => roundedFile({ source, gguf }, bits)).toThrow("from 2 to 8");
  }
});
