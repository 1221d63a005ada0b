// A look as inputs of the body's graph, and what it asked for out of the graph's outputs.

import type { Patch } from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import { INSIDE_INPUTS, insideNames } from "./graph/inside.ts";
import { floats, type Ort, type OrtTensor } from "./ort.ts";
import { type PassLayout, weightsByPosition } from "./pass-layout.ts";
import type { Look, PassResult } from "./runtime.ts";

type Outputs = Readonly<Record<string, OrtTensor>>;

/** Turns looks into inputs for one model; those of a look that changes nothing are made once. */
export class InsideFeeds {
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

  /** The inputs of a pass with this look. */
  of(
    { residualRows, attentionRows, patches }: Look,
    layout: PassLayout,
  ): Record<string, OrtTensor> {
    const { layers: N, heads: H, keyValueHeads: K, hiddenWidth: C } = this.#shape;
    const residuals = patches.filter((patch) => patch.kind === "residual");
    const R = residuals.length === 0 ? 1 : layout.rows;
    const { mask, vectors } = this.#patched(residuals, layout);
    return {
      [INSIDE_INPUTS.residualRows]: this.#rows(residualRows),
      [INSIDE_INPUTS.attentionRows]: this.#rows(attentionRows),
      [INSIDE_INPUTS.headGates]: this.#tensor(this.#gates(patches), [N, K, H / K, 1, 1]),
      [INSIDE_INPUTS.patchMask]: this.#tensor(mask, [N, R, 1]),
      [INSIDE_INPUTS.patchVectors]: this.#tensor(vectors, [N, R, C]),
    };
  }

  /** One row where none is wanted: tensors without elements are new ground for some runtimes, and a row costs nothing. */
  #rows(rows: readonly number[]): OrtTensor {
    const wanted = rows.length === 0 ? [0] : rows;
    return new this.#ort.Tensor("int64", BigInt64Array.from(wanted, BigInt), [wanted.length]);
  }

  #gates(patches: readonly Patch[]): Float32Array {
    const { heads: H } = this.#shape;
    if (!patches.some(({ kind }) => kind === "head-off")) return this.#allHeads;
    const gates = this.#allHeads.slice();
    for (const patch of patches) {
      if (patch.kind === "head-off") gates[patch.layer * H + patch.head] = 0;
    }
    return gates;
  }

  #patched(
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

/** Names of the outputs that a look needs. */
export function insideFetches(look: Look, layers: number): readonly string[] {
  const names = Array.from({ length: layers }, (_, layer) => insideNames(layer).residual);
  const residuals = look.residualRows.length === 0 ? [] : names;
  const attention = look.attentionRows.length === 0 ? [] : look.attention;
  return [...residuals, ...attention.map(({ layer }) => insideNames(layer).attention)];
}

/** What a look asked for, row by row. */
export function insideOf(
  outputs: Outputs,
  look: Look,
  { shape, layout }: { readonly shape: ModelShape; readonly layout: PassLayout },
): Omit<PassResult, "contexts"> {
  const { layers, heads, hiddenWidth: C } = shape;
  const columns = layout.past + layout.rows; // S
  const m = look.attentionRows.length;
  return {
    residuals: look.residualRows.map((_, n) =>
      Array.from({ length: layers }, (__, layer) =>
        floats(outputs, insideNames(layer).residual).slice(n * C, (n + 1) * C),
      ),
    ),
    attention: look.attentionRows.map((row, i) =>
      look.attention.flatMap(({ layer, heads: wanted }) => {
        const shares = floats(outputs, insideNames(layer).attention); // [H, m, S]
        if (shares.length !== heads * m * columns) {
          throw new RangeError(`insideOf: ${shares.length} shares of layer ${layer}`);
        }
        return wanted.map((head) => {
          const start = (head * m + i) * columns;
          return weightsByPosition(layout, row, shares.subarray(start, start + columns));
        });
      }),
    ),
  };
}
