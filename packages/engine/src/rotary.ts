// Rotary position embedding's tables (Su et al., "RoFormer", 2021): the angle of pair i at position p is p / divisor x base^(-2i/D), over the model's own factors.

import type { ModelShape, Rotation } from "./architecture.ts";
import type { WeightReader } from "./weights.ts";

interface RotaryRows {
  readonly cosines: Float32Array; // [T, D/2]
  readonly sines: Float32Array; // [T, D/2]
}

export interface RotaryOptions extends Rotation {
  readonly headWidth: number; // D
  /** Divides the frequency of each pair; llama 3's rope_freqs tensor. */
  readonly factors?: Float32Array;
}

/** Rows of the tables for positions from `first` on. */
export type RotaryTable = (first: number, count: number) => RotaryRows;

/** Tables for any positions: only the rows that a pass needs are computed. */
export function rotaryTable({ headWidth, base, divisor, factors }: RotaryOptions): RotaryTable {
  const pairs = headWidth / 2;
  const frequencies = Float64Array.from(
    { length: pairs },
    (_, i) => base ** ((-2 * i) / headWidth) / divisor / (factors?.[i] ?? 1),
  );
  return (first, count) => {
    const cosines = new Float32Array(count * pairs);
    const sines = new Float32Array(count * pairs);
    for (let t = 0; t < count; t += 1) {
      for (const [i, frequency] of frequencies.entries()) {
        cosines[t * pairs + i] = Math.cos((first + t) * frequency);
        sines[t * pairs + i] = Math.sin((first + t) * frequency);
      }
    }
    return { cosines, sines };
  };
}

/** The tables of a model: of the layers that see all, and of local layers that rotate by themselves. */
export async function rotaryTables(
  weights: WeightReader,
  { headWidth, rotation, window }: ModelShape,
) {
  const name = "rope_freqs.weight";
  const factors = weights.has(name) ? { factors: await weights.vector(name) } : {};
  const local = window?.rotation ?? null;
  return {
    rotary: rotaryTable({ headWidth, ...rotation, ...factors }),
    localRotary: local === null ? null : rotaryTable({ headWidth, ...local }),
  };
}
