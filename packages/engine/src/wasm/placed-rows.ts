// Rows of a matrix that lies in the kernel's memory, as floats: what a product with them is made of.

import type { KernelMemory } from "./kernel-memory.ts";
import type { Kernel } from "./kernel-threads.ts";
import { INT8_ROWS } from "./layout.ts";
import { scalesAddress } from "./placed-weights.ts";
import type { PlacedMatrix } from "./program.ts";

const OVERRUN = 16; // floats that the kernel may write behind a row: int8 rows are decoded so many at a time

/** One output's weights [in], a new array each time. */
export function placedRows(
  matrix: PlacedMatrix,
  { kernel, memory }: { readonly kernel: Kernel; readonly memory: KernelMemory },
): (output: number) => Float32Array {
  const { type, in: width, values, rowBytes } = matrix;
  const decoded = memory.allocate((width + OVERRUN) * 4);
  return (output) => {
    kernel.decodeRow(type, values + output * rowBytes, width, decoded);
    const row = memory.floats(decoded, width).slice();
    if (type !== INT8_ROWS) return row;
    const scale = memory.floats(scalesAddress(matrix) + output * 4, 1)[0] ?? 0;
    return row.map((value) => value * scale);
  };
}
