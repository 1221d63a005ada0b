// The body: from embedding rows through N layers on the key/value cache to context vectors. Knows no vocabulary.

import type { Precision } from "@tokenscope/core";
import type { ModelShape } from "../architecture.ts";
import { type Edge, FLOAT, GraphBuilder, INT64, type OnnxModel } from "../onnx/graph-builder.ts";
import type { WeightReader } from "../weights.ts";
import { type Linear, linearOf, matrixOf } from "./linear.ts";

export interface BodyOptions {
  readonly shape: ModelShape;
  readonly weights: WeightReader;
  readonly precision: Precision;
  readonly onLayer?: (layer: number) => void;
}

/** Names of a layer's cache inputs and outputs. */
export function cacheNames(
  layer: number,
): Record<"pastKeys" | "pastValues" | "keys" | "values", Edge> {
  return {
    pastKeys: `past-keys.${layer}`,
    pastValues: `past-values.${layer}`,
    keys: `keys.${layer}`,
    values: `values.${layer}`,
  };
}

interface Parts {
  readonly graph: GraphBuilder;
  readonly linear: Linear;
  readonly shape: ModelShape;
  readonly weights: WeightReader;
}

/**
 * Inputs: embeddings [B, T, C], positions [B, T] (rows of the two tables), cosines and sines [R, D/2], mask [T, S], and for each layer past keys and values [B, P, K, D].
 * Outputs: context [B, T, C] after the last norm, and for each layer the T new keys and values [B, T, K, D].
 */
export async function buildBody(options: BodyOptions): Promise<OnnxModel> {
  const { shape, weights, precision, onLayer } = options;
  const { hiddenWidth, headWidth, keyValueHeads, layers } = shape;
  const graph = new GraphBuilder();
  const parts = { graph, linear: linearOf(graph, precision), shape, weights };
  let stream = graph.input("embeddings", FLOAT, ["B", "T", hiddenWidth]);
  graph.input("positions", INT64, ["B", "T"]);
  graph.input("cosines", FLOAT, ["R", headWidth / 2]);
  graph.input("sines", FLOAT, ["R", headWidth / 2]);
  graph.input("mask", FLOAT, ["T", "S"]);
  for (let layer = 0; layer < layers; layer += 1) {
    const names = cacheNames(layer);
    graph.input(names.pastKeys, FLOAT, ["B", "P", keyValueHeads, headWidth]);
    graph.input(names.pastValues, FLOAT, ["B", "P", keyValueHeads, headWidth]);
    const attended = await attention(parts, stream, layer);
    stream = graph.node("Add", [stream, attended]);
    stream = graph.node("Add", [stream, await feedForward(parts, stream, layer)]);
    graph.output(names.keys, FLOAT, ["B", "T", keyValueHeads, headWidth]);
    graph.output(names.values, FLOAT, ["B", "T", keyValueHeads, headWidth]);
    onLayer?.(layer);
  }
  await rmsNorm(parts, stream, "output_norm.weight", "context");
  graph.output("context", FLOAT, ["B", "T", hiddenWidth]);
  return graph.build();
}

async function rmsNorm(parts: Parts, x: Edge, name: string, output?: Edge): Promise<Edge> {
  const { graph, shape, weights } = parts;
  const scale = graph.constant(name, [shape.hiddenWidth], await weights.vector(name));
  const attributes = { axis: -1, epsilon: { float: shape.normEpsilon } };
  return graph.node("SimplifiedLayerNormalization", [x, scale], { attributes }, output);
}

async function attention(parts: Parts, stream: Edge, layer: number): Promise<Edge> {
  const { graph, linear, shape, weights } = parts;
  const { heads: H, keyValueHeads: K, headWidth: D } = shape;
  const block = `blk.${layer}`;
  const normed = await rmsNorm(parts, stream, `${block}.attn_norm.weight`);
  const names = ["q", "k", "v"].map((part) => `${block}.attn_${part}.weight`);
  const joined = linear(normed, await matrixOf(weights, `${block}.attn_qkv`, names)); // [B, T, (H + 2K) D]
  const sizes = graph.integers(H * D, K * D, K * D);
  const [q = "", k = "", v = ""] = graph.split("Split", [joined, sizes], 3, {
    attributes: { axis: -1 },
  });
  const cache = cacheNames(layer);
  const rowShape = graph.integers(0, 0, K, D);
  graph.node("Reshape", [rotated(parts, k, K), rowShape], {}, cache.keys); // [B, T, K, D]
  graph.node("Reshape", [v, rowShape], {}, cache.values); // [B, T, K, D]
  const query = queries(parts, rotated(parts, q, H)); // [B, K, H/K, T, D]
  const keys = allRows(graph, [cache.pastKeys, cache.keys]); // [B, K, 1, S, D]
  const alpha = { float: 1 / Math.sqrt(D) };
  const options = { attributes: { alpha, transB: 1 }, isMicrosoft: true };
  const products = graph.node("FusedMatMul", [query, keys], options); // [B, K, H/K, T, S]
  const scores = graph.node("Add", [products, "mask"]);
  const shares = graph.node("Softmax", [scores], { attributes: { axis: -1 } });
  const values = allRows(graph, [cache.pastValues, cache.values]); // [B, K, 1, S, D]
  const mixed = graph.node("MatMul", [shares, values]); // [B, K, H/K, T, D]
  const back = graph.node("Transpose", [mixed], { attributes: { perm: [0, 3, 1, 2, 4] } });
  const flat = graph.node("Reshape", [back, graph.integers(0, 0, H * D)]); // [B, T, H D]
  return linear(flat, await matrixOf(weights, `${block}.attn_output.weight`));
}

/** Past rows and new rows as one, head by head: [B, P, K, D] and [B, T, K, D] -> [B, K, 1, S, D]. */
function allRows(graph: GraphBuilder, rows: readonly Edge[]): Edge {
  const joined = graph.node("Concat", rows, { attributes: { axis: 1 } }); // [B, S, K, D]
  const spread = graph.node("Unsqueeze", [joined, graph.integers(3)]); // [B, S, K, 1, D]
  return graph.node("Transpose", [spread], { attributes: { perm: [0, 2, 3, 1, 4] } });
}

function queries({ graph, shape }: Parts, rotatedQueries: Edge): Edge {
  const { heads: H, keyValueHeads: K, headWidth: D } = shape;
  const grouped = graph.node("Reshape", [rotatedQueries, graph.integers(0, 0, K, H / K, D)]);
  return graph.node("Transpose", [grouped], { attributes: { perm: [0, 2, 3, 1, 4] } });
}

function rotated({ graph, shape }: Parts, x: Edge, heads: number): Edge {
  const attributes = {
    interleaved: shape.isRopeInterleaved ? 1 : 0,
    num_heads: heads,
    rotary_embedding_dim: 0,
  };
  const inputs = [x, "positions", "cosines", "sines"];
  return graph.node("RotaryEmbedding", inputs, { attributes, isMicrosoft: true });
}

async function feedForward(parts: Parts, stream: Edge, layer: number): Promise<Edge> {
  const { graph, linear, weights } = parts;
  const block = `blk.${layer}`;
  const normed = await rmsNorm(parts, stream, `${block}.ffn_norm.weight`);
  const names = [`${block}.ffn_gate.weight`, `${block}.ffn_up.weight`];
  const joined = linear(normed, await matrixOf(weights, `${block}.ffn_gate_up`, names));
  const [gate = "", up = ""] = graph.split("Split", [joined], 2, {
    attributes: { axis: -1, num_outputs: 2 },
  });
  const open = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])]); // SiLU
  const product = graph.node("Mul", [open, up]);
  return linear(product, await matrixOf(weights, `${block}.ffn_down.weight`));
}
