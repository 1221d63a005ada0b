// What a pass may change in the layers: streams replaced, heads switched off. An ordinary pass gives inputs that change nothing.

import type { ModelShape } from "../architecture.ts";
import { BOOL, type Edge, FLOAT, type GraphBuilder } from "../onnx/graph-builder.ts";

/** Names of the inputs. */
export const CHANGE_INPUTS = {
  headGates: "head-gates",
  patchMask: "patch-mask",
  patchVectors: "patch-vectors",
} as const;

/** A layer's share of the inputs. */
export interface LayerChanges {
  readonly gates: Edge; // [1, K, H/K, 1, 1]
  readonly patchMask: Edge; // [1, R, 1]
  readonly patchVectors: Edge; // [1, R, C]
}

/**
 * Inputs: head-gates [N, K, H/K, 1, 1], 0 for a head that is off, else 1; patch-mask [N, R, 1], above 0 where the stream after a layer is patch-vectors [N, R, C] instead, with R = T, or R = 1 where nothing is replaced.
 */
export function changeInputs(graph: GraphBuilder, shape: ModelShape): readonly LayerChanges[] {
  const { layers: N, heads: H, keyValueHeads: K, hiddenWidth: C } = shape;
  const gates = graph.input(CHANGE_INPUTS.headGates, FLOAT, [N, K, H / K, 1, 1]);
  const mask = graph.input(CHANGE_INPUTS.patchMask, FLOAT, [N, "R", 1]);
  const vectors = graph.input(CHANGE_INPUTS.patchVectors, FLOAT, [N, "R", C]);
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
