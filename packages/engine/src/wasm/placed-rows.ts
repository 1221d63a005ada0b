// Rows of a matrix that lies in the kernel's memory, as floats: what a product with them is made of.

import type { KernelMemory } from "./kernel-memory.ts";
import type { Kernel } from "./kernel-threads.ts";
import type { PlacedMatrix } from "./program.ts";

/** One output's weights [in], a new array each time. */
export function placedRows(
  { type, in: width, values }: PlacedMatrix,
  { kernel, memory }: { readonly kernel: Kernel; readonly memory: KernelMemory },
): (output: number) => Float32Array {
  const decoded = memory.allocate(width * 4);
  return (output) => {
    kernel.decodeRow({ type, values, row: output, width }, decoded);
    return memory.floats(decoded, width).slice();
  };
}
