// Patches as inputs of the body's graph.

import type { Patch } from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import { CHANGE_INPUTS } from "./graph/changes.ts";
import type { Ort, OrtTensor } from "./ort.ts";
import type { PassLayout } from "./pass-layout.ts";

/** Turns patches into inputs for one model; those that change nothing are made once. */
export class PatchFeeds {
  readonly #ort: Ort;
  readonly #shape: ModelShape;
  readonly #allHeads: Float32Array; // [N, H] of ones
  readonly #noMask: Float32Array; // [N, 1]
  readonly #noVectors: Float32Array; // [N, 1, C]

  constructor(ort: Ort, shape: ModelShape) {
    this.#ort = ort;
    this.#shape = shape;
    this.#allHeads = new Float32Array(shape.layers * shape.heads).fill(1);
    this.#noMask = new Float32Array(shape.layers);
    this.#noVectors = new Float32Array(shape.layers * shape.hiddenWidth);
  }

  /** The inputs of a pass with these patches. */
  of(patches: readonly Patch[], layout: PassLayout): Record<string, OrtTensor> {
    const { layers: N, heads: H, keyValueHeads: K, hiddenWidth: C } = this.#shape;
    const residuals = patches.filter((patch) => patch.kind === "residual");
    const R = residuals.length === 0 ? 1 : layout.rows;
    const { mask, vectors } = this.#replaced(residuals, layout);
    return {
      [CHANGE_INPUTS.headGates]: this.#tensor(this.#gates(patches), [N, K, H / K, 1, 1]),
      [CHANGE_INPUTS.patchMask]: this.#tensor(mask, [N, R, 1]),
      [CHANGE_INPUTS.patchVectors]: this.#tensor(vectors, [N, R, C]),
    };
  }

  #gates(patches: readonly Patch[]): Float32Array {
    if (!patches.some(({ kind }) => kind === "head-off")) return this.#allHeads;
    const gates = this.#allHeads.slice();
    for (const patch of patches) {
      if (patch.kind === "head-off") gates[patch.layer * this.#shape.heads + patch.head] = 0;
    }
    return gates;
  }

  #replaced(
    patches: readonly (Patch & { readonly kind: "residual" })[],
    { rows: T, parts: [part] }: PassLayout,
  ): { readonly mask: Float32Array; readonly vectors: Float32Array } {
    if (patches.length === 0) return { mask: this.#noMask, vectors: this.#noVectors };
    const { layers: N, hiddenWidth: C } = this.#shape;
    const mask = new Float32Array(N * T);
    const vectors = new Float32Array(N * T * C);
    for (const { layer, position, vector } of patches) {
      const row = layer * T + position - (part?.firstPosition ?? 0);
      mask[row] = 1;
      vectors.set(vector, row * C);
    }
    return { mask, vectors };
  }

  #tensor(values: Float32Array, dims: number[]): OrtTensor {
    return new this.#ort.Tensor("float32", values, dims);
  }
}
