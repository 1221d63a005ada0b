// Matrices that are repacked in more than one call, with a part of a group at their end: rows read back as the file has them.

import { expect, test } from "vitest";
import { bytesSource } from "../src/byte-source.ts";
import { dequantizeRow } from "../src/gguf/blocks.ts";
import { Q8_0 } from "../src/gguf/legacy-blocks.ts";
import { F16 } from "../src/gguf/plain-blocks.ts";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { startKernel } from "../src/wasm/kernel-threads.ts";
import { placedRows } from "../src/wasm/placed-rows.ts";
import { placedWeights } from "../src/wasm/placed-weights.ts";
import { nodeKernel } from "./open-kernel.ts";

const WIDTH = 64;
const OUT = 5_003; // 340 kB in Q8_0: two calls, the first of 3,848 rows
const ROWS = [0, 7, 3_847, 3_848, 3_855, 3_856, 5_002];
const EIGHT_BITS = 0.005; // of a row's largest: half a step of 127

for (const [type, precision] of [
  [Q8_0, "exact"],
  [F16, "compact"],
] as const) {
  test(`a large ${type.name} matrix in ${precision} has its rows in their places`, async () => {
    const rowBytes = (WIDTH / type.blockElements) * type.blockBytes;
    const blocks = new Uint8Array(rowBytes * OUT);
    for (let i = 0; i < blocks.length; i += 1) blocks[i] = (i * 31 + (i >> 7) * 17) & 255;
    const halves = type === F16 ? 2 : type.blockBytes;
    for (let at = 1; at < blocks.length; at += halves) blocks[at] = 0x24 | ((at >> 3) & 0x83); // no number is huge
    const name = "large";
    const tensor = { name, type, dims: [WIDTH, OUT], offset: 0, byteLength: blocks.length };
    const source = bytesSource(blocks);
    const memory = new KernelMemory();
    const kernel = await startKernel({ ...nodeKernel, memory, threads: 1, scratchBytes: 8_192 });
    const gguf = { metadata: new Map(), tensors: new Map([[name, tensor]]) };
    const weights = placedWeights({ memory, kernel, source, gguf, precision });
    const matrix = await weights.matrix(name);
    const row = placedRows(matrix, { kernel, memory });
    for (const output of ROWS) {
      const expected = new Float32Array(WIDTH);
      dequantizeRow(type, { blocks, row: output, width: WIDTH }, expected, 0);
      const bound = type === F16 ? EIGHT_BITS * Math.max(...expected.map(Math.abs)) : 0;
      for (const [i, value] of row(output).entries()) {
        expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThanOrEqual(bound);
      }
    }
    kernel.close();
  });
}
