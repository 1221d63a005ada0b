// The head: from context vectors to what is kept of each distribution over V. Knows no layers and no cache.

import { KEPT_CANDIDATES } from "@tokenscope/core";
import type { ModelShape } from "../architecture.ts";
import {
  type Edge,
  FLOAT,
  GraphBuilder,
  INT32,
  INT64,
  type OnnxModel,
} from "../onnx/graph-builder.ts";
import type { WeightReader } from "../weights.ts";
import { type Arithmetic, linearOf, matrixOf, type NamedMatrix } from "./linear.ts";

/** The head's matrix [V, C]: the embedding's where the two are tied. */
export function headMatrix(weights: WeightReader): Promise<NamedMatrix> {
  return matrixOf(weights, weights.has("output.weight") ? "output.weight" : "token_embd.weight");
}

export interface HeadOptions {
  readonly shape: ModelShape;
  readonly matrix: NamedMatrix;
  readonly arithmetic: Arithmetic;
}

/** How many candidates the head keeps of a vocabulary. */
export function keptCandidates({ vocabularySize }: ModelShape): number {
  return Math.min(KEPT_CANDIDATES, vocabularySize);
}

/**
 * Inputs: context [T, C], targets [T, 1] int64.
 * Outputs: logits [T, V]; top-logits and top-ids [T, 50]; highest-logit and its highest-logprob (log Z is their difference), expected-logit (the mean logit under the distribution: entropy = log Z - it), target-logit and higher (how many logits exceed the target's), each [T, 1].
 */
export function buildHead({ shape, matrix, arithmetic }: HeadOptions): OnnxModel {
  const graph = new GraphBuilder();
  const kept = keptCandidates(shape);
  const context = graph.input("context", FLOAT, ["T", shape.hiddenWidth]);
  const targets = graph.input("targets", INT64, ["T", 1]);
  const linear = linearOf(graph, arithmetic);
  const logits =
    shape.logitCap === null
      ? linear(context, matrix, "logits") // [T, V]
      : cappedLogits(graph, shape.logitCap, (x) => linear(x, matrix));
  graph.output(logits, FLOAT, ["T", shape.vocabularySize]);
  const [topLogits = "", topIds = ""] = graph.split("TopK", [logits, graph.integers(kept)], 2, {
    attributes: { axis: -1 },
  });
  graph.node("Identity", [topLogits], {}, "top-logits");
  graph.node("Cast", [topIds], { attributes: { to: INT32 } }, "top-ids");
  graph.output("top-logits", FLOAT, ["T", kept]);
  graph.output("top-ids", INT32, ["T", kept]);
  massOutputs(graph, { logits, topLogits, topIds });
  targetOutputs(graph, logits, targets);
  return graph.build();
}

/** cap tanh(x / cap) of each logit: the division is done on the context vector, which is shorter than V. */
function cappedLogits(graph: GraphBuilder, cap: number, linear: (x: Edge) => Edge): Edge {
  const shrunk = graph.node("Mul", ["context", graph.scalar(1 / cap)]); // [T, C]
  const bent = graph.node("Tanh", [linear(shrunk)]); // [T, V]
  return graph.node("Mul", [bent, graph.scalar(cap)], {}, "logits");
}

interface Candidates {
  readonly logits: Edge;
  readonly topLogits: Edge;
  readonly topIds: Edge;
}

// ReduceLogSumExp takes 50 ms for 256 positions of 49,152 where Softmax takes 17: so log Z is read off the most likely token, log Z = logit - ln p.
// Every logprob is its logit's distance from the highest plus ln p: at p = 0.999999 a logit of 20 less a log Z of 20 would be 0 in float32.
function massOutputs(graph: GraphBuilder, { logits, topLogits, topIds }: Candidates): void {
  const probabilities = graph.node("Softmax", [logits], { attributes: { axis: -1 } }); // [T, V]
  const first = [graph.integers(0), graph.integers(1), graph.integers(1)];
  const mostLikely = graph.node("Slice", [topIds, ...first]); // [T, 1]
  graph.node("Slice", [topLogits, ...first], {}, "highest-logit");
  graph.output("highest-logit", FLOAT, ["T", 1]);
  const p = graph.node("GatherElements", [probabilities, mostLikely], { attributes: { axis: -1 } });
  graph.node("Log", [p], {}, "highest-logprob");
  graph.output("highest-logprob", FLOAT, ["T", 1]);
  const shares = graph.node("Mul", [probabilities, logits]); // [T, V]
  const attributes = { keepdims: 1 };
  graph.node("ReduceSum", [shares, graph.integers(-1)], { attributes }, "expected-logit");
  graph.output("expected-logit", FLOAT, ["T", 1]);
}

function targetOutputs(graph: GraphBuilder, logits: Edge, targets: Edge): void {
  const attributes = { axis: -1 };
  graph.node("GatherElements", [logits, targets], { attributes }, "target-logit");
  graph.output("target-logit", FLOAT, ["T", 1]);
  const isHigher = graph.node("Greater", [logits, "target-logit"]);
  const ones = graph.node("Cast", [isHigher], { attributes: { to: FLOAT } });
  graph.node("ReduceSum", [ones, graph.integers(-1)], { attributes: { keepdims: 1 } }, "higher");
  graph.output("higher", FLOAT, ["T", 1]);
}
