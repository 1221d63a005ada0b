// What a run may be asked to show or to change of its inside: the one check of layers, heads and positions.

import type { AppendOptions, Engine } from "./engine.ts";
import { UsageError } from "./errors.ts";

/** The positions of one call of append: `count` of them from `first` on. */
export interface AppendedPositions {
  readonly first: number;
  readonly count: number;
}

type Sizes = Pick<Engine, "layers" | "heads" | "hiddenWidth">;

/** Throws UsageError for the first layer, head or position of an inspection or a patch that is not there, RangeError for a patch whose vector has not C numbers. */
export function checkInspection(
  { inspect, patches = [] }: AppendOptions,
  sizes: Sizes,
  appended: AppendedPositions,
): void {
  for (const position of inspect?.positions ?? []) checkPosition(position, appended);
  for (const { layer, heads = [] } of inspect?.attention ?? []) {
    checkIndex("layer", layer, sizes.layers);
    for (const head of heads) checkIndex("head", head, sizes.heads);
  }
  for (const patch of patches) {
    checkIndex("layer", patch.layer, sizes.layers);
    if (patch.kind === "head-off") checkIndex("head", patch.head, sizes.heads);
    else {
      checkPosition(patch.position, appended);
      checkWidth(patch.vector, sizes.hiddenWidth);
    }
  }
}

/** Throws RangeError for a vector that has not C numbers. */
export function checkWidth(vector: Float32Array, hiddenWidth: number): void {
  if (vector.length === hiddenWidth) return;
  throw new RangeError(`a vector has ${vector.length} numbers where this model has ${hiddenWidth}`);
}

function checkIndex(name: "layer" | "head", index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new UsageError(
    `${name} ${index} is not in this model; its ${name}s go from 0 to ${count - 1}`,
  );
}

function checkPosition(position: number, { first, count }: AppendedPositions): void {
  if (Number.isInteger(position) && position >= first && position < first + count) return;
  const range = count === 0 ? "none" : `${first} to ${first + count - 1}`;
  throw new UsageError(
    `position ${position} is not among those that are run here (${range}); cut to before it and append from there`,
  );
}
