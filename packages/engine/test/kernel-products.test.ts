// The kernel's products with repacked matrices, of a few positions and of many, against float64 sums of the same weights.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readableTypes } from "../src/gguf/blocks.ts";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { startKernel } from "../src/wasm/kernel-threads.ts";
import {
  KERNEL_TYPES,
  PANEL_BYTES,
  REPACKED_COLUMNS,
  REPACKED_ROWS,
  REPACKED_TYPES,
} from "../src/wasm/layout.ts";
import { Program } from "../src/wasm/program.ts";
import { compileKernel } from "../src/wasm/web-assembly.ts";
import { numbers } from "./numbers.ts";
import { kernelPaths } from "./open-kernel.ts";

const WIDTH = 512;
const OUT = 19; // two groups of eight rows and a part of one
const STRIDE = 24; // of y, so that a row's end is seen to be left alone
const UNTOUCHED = 0.25; // no more than the smallest positions' sums
const BLOCK_BYTES: Readonly<Record<string, number>> = {
  Q4_0: 18,
  Q4_1: 20,
  Q5_0: 22,
  Q6_K: 210 / 8,
  Q8_0: 34,
  Q4_K: 144 / 8,
};
// Of the sum of all products without sign. A row's 16 blocks are two roundings each, 1.9e-6 at worst; the largest that comes is 1.09e-6.
const MOST_FEW = 4; // positions in exact whose products are integers: two limbs; one alone is beyond their bound
const BOUND = { few: 1.2e-6, exact: 2e-6, compact: 4e-5 } as const;
const LIMBS = { exact: 2, compact: 1 } as const;

for (const variant of ["relaxed", "fixed"] as const) {
  for (const name of REPACKED_TYPES.keys()) {
    for (const precision of ["exact", "compact"] as const) {
      test(`${name} times 1 to 20 positions, ${precision}, ${variant}`, async () => {
        const { memory, kernel, matrix, row } = await placed(variant, name, LIMBS[precision]);
        const weights = Array.from({ length: OUT }, (_, output) => row(output));
        const biases = numbers(OUT, 3);
        const bias = memory.place(Float32Array.from(biases));
        for (const [T, adds] of [1, 2, 3, 4, 5, 16, 20].flatMap((T) => [
          [T, true] as const,
          [T, false] as const,
        ])) {
          const inputs = Array.from({ length: T }, (_, t) => {
            const scale = 10 ** ((t % 5) - 2); // positions of quite different sizes
            return numbers(WIDTH, 17 + t).map((value) => Math.fround(value * scale));
          });
          const x = memory.place(Float32Array.from(inputs.flat()));
          const y = memory.place(new Float32Array(T * STRIDE).fill(UNTOUCHED));
          const program = new Program(T);
          const rows = { address: y, stride: STRIDE };
          const options = adds ? { bias, adds } : {};
          program.linear({ address: x, stride: WIDTH }, matrix, rows, options);
          kernel.run(program.instructions());
          const sums = memory.floats(y, T * STRIDE);
          const isFew = precision === "exact" && T <= MOST_FEW;
          const bound = BOUND[isFew ? "few" : precision];
          for (const [t, input] of inputs.entries()) {
            for (const [output, weight] of weights.entries()) {
              const products = input.map((value, i) => value * (weight[i] ?? 0));
              const added = adds ? UNTOUCHED + (biases[output] ?? 0) : 0;
              const size = products.reduce(
                (sum, product) => sum + Math.abs(product),
                Math.abs(added),
              );
              const expected = products.reduce((sum, product) => sum + product, added);
              const distance = Math.abs((sums[t * STRIDE + output] ?? 0) - expected);
              expect(distance / size).toBeLessThan(bound);
            }
            const behind = sums.subarray(t * STRIDE + OUT, (t + 1) * STRIDE);
            expect([...behind]).toEqual(Array.from(behind, () => UNTOUCHED));
          }
        }
        kernel.close();
      });
    }
  }
}

test("every repacked type is one that the file reader knows", () => {
  for (const name of REPACKED_TYPES.keys()) expect(readableTypes()).toContain(name);
});

/** A repacked matrix of random integers with scales around a thousandth, and the kernel that it lies in. */
async function placed(variant: "relaxed" | "fixed", name: string, limbs: number) {
  const memory = new KernelMemory();
  const startThread = () => Promise.reject(new Error("one thread starts no helper"));
  const module = await compileKernel(readFileSync(kernelPaths[variant]));
  const scratchBytes = PANEL_BYTES * WIDTH;
  const kernel = await startKernel({ module, memory, threads: 1, scratchBytes, startThread });
  const type = KERNEL_TYPES.get(name) ?? -1;
  const repacked = REPACKED_TYPES.get(name);
  const blockBytes = BLOCK_BYTES[name];
  if (repacked === undefined || blockBytes === undefined)
    throw new Error(`${name} is not repacked`);
  const bytes = (WIDTH / REPACKED_COLUMNS) * blockBytes * OUT;
  const from = memory.allocate(bytes);
  const file = memory.bytes(from, bytes);
  file.set(numbers(bytes, 5).map((value) => Math.floor((value + 1) * 128)));
  const step = name.endsWith("_K") ? blockBytes * 8 : blockBytes;
  for (let at = 0; at < bytes; at += step) {
    const scaleAt = name === "Q6_K" ? at + 208 : at;
    file.set([(at * 7) & 255, 0x14 + (at & 3)], scaleAt); // a half from 0.001 to 0.02
    if (name === "Q4_1" || name === "Q4_K") file.set([(at * 5) & 255, 0x94 + (at & 3)], at + 2);
  }
  const groups = Math.ceil(OUT / REPACKED_ROWS);
  const values = memory.allocate(groups * (WIDTH / REPACKED_COLUMNS) * repacked.blockBytes);
  kernel.repack({ type, from, width: WIDTH, rows: OUT }, values);
  const address = memory.allocate(20);
  memory.words(address, 5).set([repacked.type, OUT, WIDTH, values, limbs]);
  const decoded = memory.allocate(WIDTH * 4);
  return {
    memory,
    kernel,
    matrix: { address, type: repacked.type, out: OUT, in: WIDTH, values },
    row: (output: number): Float32Array => {
      kernel.decodeRow({ type: repacked.type, values, row: output, width: WIDTH }, decoded);
      return memory.floats(decoded, WIDTH).slice();
    },
  };
}
