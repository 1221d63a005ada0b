// The kernel's reading of every block type, against the readable one in src/gguf and the reference blocks.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { referenceJson } from "../../../fixtures/index.ts";
import { readableTypes } from "../src/gguf/blocks.ts";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { type Kernel, startKernel } from "../src/wasm/kernel-threads.ts";
import {
  KERNEL_TYPES,
  REPACKED_COLUMNS,
  REPACKED_ROWS,
  REPACKED_TYPES,
} from "../src/wasm/layout.ts";
import { compileKernel } from "../src/wasm/web-assembly.ts";
import { kernelPaths } from "./open-kernel.ts";

interface ReferenceBlocks {
  readonly type: string;
  readonly blockSize: number;
  readonly blockBytes: number;
  readonly hex: string;
  readonly values: readonly number[];
}

const references = referenceJson<readonly ReferenceBlocks[]>("quant-blocks.json");

for (const variant of ["relaxed", "fixed"] as const) {
  const memory = new KernelMemory();
  const kernel = await oneThread(variant, memory);
  for (const { type, hex, values } of references) {
    test(`${type} reads bit for bit as the reference, ${variant}`, () => {
      const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
      for (const shift of [0, 1, 2]) {
        const from = memory.allocate(bytes.length + 64) + shift; // blocks lie at any byte
        const out = memory.allocate(values.length * 4);
        memory.bytes(from, bytes.length).set(bytes);
        const row = { type: KERNEL_TYPES.get(type) ?? -1, values: from, row: 0 };
        kernel.decodeRow({ ...row, width: values.length }, out);
        expect(unsigned(memory.floats(out, values.length))).toEqual(unsigned(values));
      }
    });
  }
}

const ROWS = 11; // a group of eight and a part of one

for (const variant of ["relaxed", "fixed"] as const) {
  const memory = new KernelMemory();
  const kernel = await oneThread(variant, memory);
  for (const [name, repacked] of REPACKED_TYPES) {
    test(`${name}, repacked, has every row bit for bit, ${variant}`, () => {
      const { hex, values, blockBytes, blockSize } = referenceOf(name);
      const bytes = Buffer.from(hex, "hex");
      const width = values.length;
      const rotated = <T>(all: readonly T[], by: number): readonly T[] => [
        ...all.slice(by % all.length),
        ...all.slice(0, by % all.length),
      ];
      const from = memory.allocate(bytes.length * ROWS + 64);
      for (let row = 0; row < ROWS; row += 1) {
        const at = from + row * bytes.length;
        memory.bytes(at, bytes.length).set(rotated([...bytes], row * blockBytes));
      }
      const groupBytes = (width / REPACKED_COLUMNS) * repacked.blockBytes;
      const to = memory.allocate(Math.ceil(ROWS / REPACKED_ROWS) * groupBytes);
      kernel.repack({ type: KERNEL_TYPES.get(name) ?? -1, from, width, rows: ROWS }, to);
      const out = memory.allocate(width * 4);
      for (let row = 0; row < ROWS; row += 1) {
        kernel.decodeRow({ type: repacked.type, values: to, row, width }, out);
        const expected = rotated(values, row * blockSize);
        expect(unsigned(memory.floats(out, width))).toEqual(unsigned(expected));
      }
      kernel.decodeRow({ type: repacked.type, values: to, row: ROWS, width }, out);
      expect(unsigned(memory.floats(out, width))).toEqual(new Float32Array(width)); // nobody's row
    });
  }
}

function referenceOf(name: string): ReferenceBlocks {
  const reference = references.find(({ type }) => type === name);
  if (reference === undefined) throw new Error(`quant-blocks.json has no ${name}`);
  return reference;
}

test("every type that the file reader knows is known to the kernel", () => {
  expect([...KERNEL_TYPES.keys()].toSorted()).toEqual([...readableTypes()].toSorted());
});

/** Zeros without their sign, of which the formats say nothing. */
function unsigned(values: ArrayLike<number>): Float32Array {
  return Float32Array.from(values, (value) => value + 0);
}

async function oneThread(variant: "relaxed" | "fixed", memory: KernelMemory): Promise<Kernel> {
  const startThread = () => Promise.reject(new Error("one thread starts no helper"));
  const module = await compileKernel(readFileSync(kernelPaths[variant]));
  return startKernel({ module, memory, threads: 1, scratchBytes: 4096, startThread });
}
