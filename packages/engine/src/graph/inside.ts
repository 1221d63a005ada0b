// What the body shows of its inside and lets be changed, beside its context vectors. In an ordinary pass these inputs name one row, which nobody fetches, and change nothing.

import type { ModelShape } from "../architecture.ts";
import { BOOL, type Edge, FLOAT, type GraphBuilder, INT64 } from "../onnx/graph-builder.ts";

/** Names of the inputs. */
export const INSIDE_INPUTS = {
  residualRows: "residual-rows",
  attentionRows: "attention-rows",
  headGates: "head-gates",
  patchMask: "patch-mask",
  patchVectors: "patch-vectors",
} as const;

/** Names of a layer's outputs. */
export function insideNames(layer: number): { readonly residual: Edge; readonly attention: Edge } {
  return { residual: `residual.${layer}`, attention: `attention.${layer}` };
}

/** A layer's share of the inputs. */
export interface LayerChanges {
  readonly gates: Edge; // [1, K, H/K, 1, 1]
  readonly patchMask: Edge; // [1, R, 1]
  readonly patchVectors: Edge; // [1, R, C]
}

/**
 * Inputs: residual-rows [n] and attention-rows [m], rows of the pass that are wanted; head-gates [N, K, H/K, 1, 1], 0 for a head that is off, else 1; patch-mask [N, R, 1], above 0 where the stream after a layer is patch-vectors [N, R, C] instead, with R = T, or R = 1 where nothing is replaced.
 */
export function insideInputs(graph: GraphBuilder, shape: ModelShape): readonly LayerChanges[] {
  const { layers: N, heads: H, keyValueHeads: K, hiddenWidth: C } = shape;
  graph.input(INSIDE_INPUTS.residualRows, INT64, ["n"]);
  graph.input(INSIDE_INPUTS.attentionRows, INT64, ["m"]);
  const gates = graph.input(INSIDE_INPUTS.headGates, FLOAT, [N, K, H / K, 1, 1]);
  const mask = graph.input(INSIDE_INPUTS.patchMask, FLOAT, [N, "R", 1]);
  const vectors = graph.input(INSIDE_INPUTS.patchVectors, FLOAT, [N, "R", C]);
  const isPatched = graph.node("Cast", [mask], { attributes: { to: BOOL } });
  const [gatesOf, masksOf, vectorsOf] = [gates, isPatched, vectors].map((edge) =>
    graph.split("Split", [edge], N, { attributes: { axis: 0, num_outputs: N } }),
  );
  return Array.from({ length: N }, (_, layer) => ({
    gates: gatesOf?.[layer] ?? "",
    patchMask: masksOf?.[layer] ?? "",
    patchVectors: vectorsOf?.[layer] ?? "",
  }));
}

/** The stream [B, T, C] after a layer, its wanted rows an output, [B, n, C]. */
export function shownStream(
  graph: GraphBuilder,
  stream: Edge,
  {
    layer,
    changes,
    width,
  }: { readonly layer: number; readonly changes: LayerChanges; readonly width: number },
): Edge {
  const patched = graph.node("Where", [changes.patchMask, changes.patchVectors, stream]);
  const { residual } = insideNames(layer);
  const attributes = { axis: 1 };
  graph.node("Gather", [patched, INSIDE_INPUTS.residualRows], { attributes }, residual);
  graph.output(residual, FLOAT, ["B", "n", width]);
  return patched;
}

/** Makes the wanted rows of a layer's attention [B, K, H/K, T, S] an output, [B, K, H/K, m, S]. */
export function showAttention(
  graph: GraphBuilder,
  shares: Edge,
  { layer, shape }: { readonly layer: number; readonly shape: ModelShape },
): void {
  const { heads: H, keyValueHeads: K } = shape;
  const { attention } = insideNames(layer);
  const attributes = { axis: 3 };
  graph.node("Gather", [shares, INSIDE_INPUTS.attentionRows], { attributes }, attention);
  graph.output(attention, FLOAT, ["B", K, H / K, "m", "S"]);
}
