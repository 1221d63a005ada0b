// The body: from embedding rows through N layers on the key/value cache to context vectors. Knows no vocabulary, and no architecture by name.

import { isLocalLayer, type ModelShape } from "../architecture.ts";
import type { BlockLinear } from "../architectures/description.ts";
import { type Edge, FLOAT, GraphBuilder, INT64, type OnnxModel } from "../onnx/graph-builder.ts";
import type { WeightReader } from "../weights.ts";
import { changeInputs, type LayerChanges } from "./changes.ts";
import { type Arithmetic, type Linear, linearOf, matrixOf } from "./linear.ts";

export interface BodyOptions {
  readonly shape: ModelShape;
  readonly weights: WeightReader;
  readonly arithmetic: Arithmetic;
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

/** Names of a layer's outputs that show its inside: steps that every pass takes, fetched only where they are looked at. */
export function shownNames(layer: number): { readonly stream: Edge; readonly queries: Edge } {
  return { stream: `stream.${layer}`, queries: `queries.${layer}` };
}

/** Names of the inputs that a layer's positions come by. */
export interface PositionNames {
  readonly rotation: { readonly cosines: Edge; readonly sines: Edge }; // no inputs where positions are learned
  readonly mask: Edge;
}

const GLOBAL_ROTATION = { cosines: "cosines", sines: "sines" };
const LOCAL_ROTATION = { cosines: "local-cosines", sines: "local-sines" };

/** What the layers that see all positions read, or those that see a window. */
export function positionNames({ window }: ModelShape, isLocal: boolean): PositionNames {
  const hasOwnRotation = isLocal && window !== null && window.rotation !== null;
  return {
    rotation: hasOwnRotation ? LOCAL_ROTATION : GLOBAL_ROTATION,
    mask: isLocal ? "local-mask" : "mask",
  };
}

/** A mask once for each head of a group. */
function groupMask(mask: Edge): Edge {
  return `group-${mask}`;
}

interface Parts {
  readonly graph: GraphBuilder;
  readonly linear: Linear;
  readonly shape: ModelShape;
  readonly weights: WeightReader;
  readonly changes: readonly LayerChanges[]; // of each layer
}

/**
 * Inputs: embeddings [B, T, C], mask [T, S], and for each layer past keys and values [B, P, K, 1, D]; with rotary positions also positions [B, T] (rows of the two tables), cosines and sines [R, D/2]; with local layers local-mask, and local-cosines and local-sines where these rotate by themselves; and those of changeInputs.
 * Outputs: context [B, T, C] after the last norm, and for each layer the T new keys and values [B, T, K, 1, D], its stream [B, T, C] and its rotated queries [B, T, K, H/K, D].
 */
export async function buildBody(options: BodyOptions): Promise<OnnxModel> {
  const { shape, weights, arithmetic, onLayer } = options;
  const { hiddenWidth, headWidth, keyValueHeads, layers } = shape;
  const graph = new GraphBuilder();
  let stream = graph.input("embeddings", FLOAT, ["B", "T", hiddenWidth]);
  positionInputs(graph, shape);
  const changes = changeInputs(graph, shape);
  const parts = { graph, linear: linearOf(graph, arithmetic), shape, weights, changes };
  for (let layer = 0; layer < layers; layer += 1) {
    const names = cacheNames(layer);
    graph.input(names.pastKeys, FLOAT, ["B", "P", keyValueHeads, 1, headWidth]);
    graph.input(names.pastValues, FLOAT, ["B", "P", keyValueHeads, 1, headWidth]);
    const attended = await attention(parts, stream, layer);
    stream = graph.node("Add", [stream, attended]);
    const fed = graph.node("Add", [stream, await feedForward(parts, stream, layer)]);
    stream = patched(parts, fed, layer);
    graph.output(names.keys, FLOAT, ["B", "T", keyValueHeads, 1, headWidth]);
    graph.output(names.values, FLOAT, ["B", "T", keyValueHeads, 1, headWidth]);
    onLayer?.(layer);
  }
  await norm(parts, stream, "output_norm", "context");
  graph.output("context", FLOAT, ["B", "T", hiddenWidth]);
  return graph.build();
}

function changesOf({ changes }: Parts, layer: number): LayerChanges {
  const own = changes[layer];
  if (own === undefined) throw new RangeError(`buildBody: no layer ${layer}`);
  return own;
}

/** The stream after a layer, or the vectors that it is replaced by. */
function patched(parts: Parts, stream: Edge, layer: number): Edge {
  const { graph, shape } = parts;
  const { patchMask, patchVectors } = changesOf(parts, layer);
  const names = shownNames(layer);
  const inputs = [patchMask, patchVectors, stream];
  graph.output(names.stream, FLOAT, ["B", "T", shape.hiddenWidth]);
  return graph.node("Where", inputs, {}, names.stream);
}

function positionInputs(graph: GraphBuilder, shape: ModelShape): void {
  const kinds = shape.window === null ? [false] : [false, true];
  const names = kinds.map((isLocal) => positionNames(shape, isLocal));
  if (shape.description.positions !== "learned") {
    graph.input("positions", INT64, ["B", "T"]);
    for (const { cosines, sines } of new Set(names.map(({ rotation }) => rotation))) {
      graph.input(cosines, FLOAT, ["R", shape.headWidth / 2]);
      graph.input(sines, FLOAT, ["R", shape.headWidth / 2]);
    }
  }
  for (const { mask } of names) {
    graph.input(mask, FLOAT, ["T", "S"]);
    const times = graph.integers(shape.heads / shape.keyValueHeads, 1);
    graph.node("Tile", [mask, times], {}, groupMask(mask)); // [(H/K) T, S]
  }
}

/** The norm of this name over [..., C]. */
async function norm(parts: Parts, x: Edge, name: string, output?: Edge): Promise<Edge> {
  const { graph, shape, weights } = parts;
  if (shape.description.norm === "rms") return rmsNorm(parts, x, `${name}.weight`, output);
  const constants: Edge[] = [];
  for (const tensor of [`${name}.weight`, `${name}.bias`]) {
    const values = await weights.vector(tensor);
    constants.push(graph.constant(tensor, [values.length], values));
  }
  const attributes = { axis: -1, epsilon: { float: shape.normEpsilon } };
  return graph.node("LayerNormalization", [x, ...constants], { attributes }, output);
}

async function rmsNorm(parts: Parts, x: Edge, tensor: string, output?: Edge): Promise<Edge> {
  const { graph, shape, weights } = parts;
  const values = await weights.vector(tensor);
  const scale = graph.constant(tensor, [values.length], values);
  const attributes = { axis: -1, epsilon: { float: shape.normEpsilon } };
  return graph.node("SimplifiedLayerNormalization", [x, scale], { attributes }, output);
}

interface BlockLinears {
  readonly block: string;
  /** One linear layer, or several of one input stacked along their outputs. */
  readonly linears: readonly BlockLinear[];
}

/** Linear layers of a block, with their biases where the architecture has them. */
async function linearOfBlock(parts: Parts, x: Edge, layers: BlockLinears): Promise<Edge> {
  const result = await product(parts, x, layers);
  const bias = await biasOf(parts, layers);
  return bias === null ? result : parts.graph.node("Add", [result, bias]);
}

async function product(parts: Parts, x: Edge, { block, linears }: BlockLinears): Promise<Edge> {
  const name = `${block}.${linears.join("+")}.weight`;
  const tensors = linears.map((each) => `${block}.${each}.weight`);
  return parts.linear(x, await matrixOf(parts.weights, name, tensors));
}

/** The biases one after another, or null where the architecture has none. */
async function biasOf(parts: Parts, { block, linears }: BlockLinears): Promise<Edge | null> {
  const { graph, shape, weights } = parts;
  if (!linears.some((each) => shape.description.biases.includes(each))) return null;
  const values: number[] = [];
  for (const each of linears) {
    for (const value of await weights.vector(`${block}.${each}.bias`)) values.push(value);
  }
  const name = `${block}.${linears.join("+")}.bias`;
  return graph.constant(name, [values.length], Float32Array.from(values));
}

/** What a block adds to the stream, after its own norm where the architecture has one. */
async function added(parts: Parts, x: Edge, name: string): Promise<Edge> {
  return parts.shape.description.hasPostNorms ? norm(parts, x, name) : x;
}

async function attention(parts: Parts, stream: Edge, layer: number): Promise<Edge> {
  const { graph, shape } = parts;
  const { heads: H, keyValueHeads: K, headWidth: D } = shape;
  const block = `blk.${layer}`;
  const names = positionNames(shape, isLocalLayer(shape, layer));
  const { q, k, v } = await queryKeyValue(parts, stream, block);
  const cache = cacheNames(layer);
  const rowShape = graph.integers(0, 0, K, 1, D);
  const key = await withPositions(parts, k, {
    heads: K,
    normTensor: `${block}.attn_k_norm.weight`,
    names,
  });
  graph.node("Reshape", [key, rowShape], {}, cache.keys); // [B, T, K, 1, D]
  graph.node("Reshape", [v, rowShape], {}, cache.values); // [B, T, K, 1, D]
  const query = await withPositions(parts, q, {
    heads: H,
    normTensor: `${block}.attn_q_norm.weight`,
    names,
  });
  const shares = attentionShares(parts, { query, layer, mask: names.mask });
  const values = allRows(parts, [cache.pastValues, cache.values]); // [S, K, D]
  const options = { attributes: { transBatchB: 1 }, isMicrosoft: true };
  const rows = graph.node("FusedMatMul", [shares, values], options); // [K, (H/K) T, D]
  const mixed = graph.node("Reshape", [rows, graph.integers(1, K, H / K, -1, D)]);
  const open = graph.node("Mul", [mixed, changesOf(parts, layer).gates]);
  const back = graph.node("Transpose", [open], { attributes: { perm: [0, 3, 1, 2, 4] } });
  const flat = graph.node("Reshape", [back, graph.integers(0, 0, H * D)]); // [B, T, H D]
  const result = await linearOfBlock(parts, flat, { block, linears: ["attn_output"] });
  return added(parts, result, `${block}.post_attention_norm`);
}

async function queryKeyValue(parts: Parts, stream: Edge, block: string) {
  const { graph, shape } = parts;
  const { heads: H, keyValueHeads: K, headWidth: D, description } = shape;
  const normed = await norm(parts, stream, `${block}.attn_norm`);
  const linears: readonly BlockLinear[] =
    description.queryKeyValue === "joined" ? ["attn_qkv"] : ["attn_q", "attn_k", "attn_v"];
  const joined = await linearOfBlock(parts, normed, { block, linears }); // [B, T, (H + 2K) D]
  const sizes = graph.integers(H * D, K * D, K * D);
  const [q = "", k = "", v = ""] = graph.split("Split", [joined, sizes], 3, {
    attributes: { axis: -1 },
  });
  return { q, k, v };
}

interface Scoring {
  readonly query: Edge; // [B, T, H D]
  readonly layer: number;
  readonly mask: Edge;
}

/**
 * Softmax of the query-key products: how much of each position's value a query takes, [K, (H/K) T, S] with B = 1.
 * The queries of a key head's group are rows of one product, and the cache's rows lie K D apart in it: so each key is read once, and none is moved.
 */
function attentionShares(parts: Parts, { query, layer, mask }: Scoring): Edge {
  const { graph, shape } = parts;
  const { heads: H, keyValueHeads: K, headWidth: D, attentionScale, attentionCap: cap } = shape;
  const cache = cacheNames(layer);
  const { queries: shown } = shownNames(layer);
  graph.node("Reshape", [query, graph.integers(0, 0, K, H / K, D)], {}, shown);
  graph.output(shown, FLOAT, ["B", "T", K, H / K, D]);
  const queries = graph.node("Transpose", [shown], { attributes: { perm: [0, 2, 3, 1, 4] } }); // [B, K, H/K, T, D]
  const rows = graph.node("Reshape", [queries, graph.integers(K, -1, D)]); // [K, (H/K) T, D]
  const keys = allRows(parts, [cache.pastKeys, cache.keys]); // [S, K, D]
  const alpha = { float: attentionScale / (cap ?? 1) };
  const options = { attributes: { alpha, transB: 1, transBatchB: 1 }, isMicrosoft: true };
  const products = graph.node("FusedMatMul", [rows, keys], options); // [K, (H/K) T, S]
  const scores = cap === null ? products : bent(graph, products, cap);
  const masked = graph.node("Add", [scores, groupMask(mask)]);
  return graph.node("Softmax", [masked], { attributes: { axis: -1 } });
}

/** cap tanh(x) of scores that are divided by the cap already. */
function bent(graph: GraphBuilder, scores: Edge, cap: number): Edge {
  return graph.node("Mul", [graph.node("Tanh", [scores]), graph.scalar(cap)]);
}

/** Past rows and new rows as one: [B, P, K, 1, D] and [B, T, K, 1, D] -> [S, K, D]. */
function allRows({ graph, shape }: Parts, rows: readonly Edge[]): Edge {
  const joined = graph.node("Concat", rows, { attributes: { axis: 1 } }); // [B, S, K, 1, D]
  return graph.node("Reshape", [joined, graph.integers(-1, shape.keyValueHeads, shape.headWidth)]);
}

interface HeadRows {
  readonly heads: number;
  readonly normTensor: string;
  readonly names: PositionNames;
}

/** Queries or keys [B, T, heads D]: each head normed where the architecture does so, then rotated to its position. */
async function withPositions(parts: Parts, x: Edge, rows: HeadRows): Promise<Edge> {
  const { graph, shape } = parts;
  const { description } = shape;
  const { heads, names } = rows;
  const normed = description.hasQueryKeyNorms ? await headNorm(parts, x, rows) : x;
  if (description.positions === "learned") return normed;
  const attributes = {
    interleaved: description.positions === "rotary-interleaved" ? 1 : 0,
    num_heads: heads,
    rotary_embedding_dim: 0,
  };
  const inputs = [normed, "positions", names.rotation.cosines, names.rotation.sines];
  return graph.node("RotaryEmbedding", inputs, { attributes, isMicrosoft: true });
}

async function headNorm(parts: Parts, x: Edge, { heads, normTensor }: HeadRows): Promise<Edge> {
  const { graph, shape } = parts;
  const split = graph.node("Reshape", [x, graph.integers(0, 0, heads, shape.headWidth)]);
  const normed = await rmsNorm(parts, split, normTensor); // [B, T, heads, D]
  return graph.node("Reshape", [normed, graph.integers(0, 0, heads * shape.headWidth)]);
}

async function feedForward(parts: Parts, stream: Edge, layer: number): Promise<Edge> {
  const block = `blk.${layer}`;
  const normed = await norm(parts, stream, `${block}.ffn_norm`);
  const { feedForward: kind } = parts.shape.description;
  const opened =
    kind === "gelu"
      ? await geluLayer(parts, normed, block)
      : await gatedLayer(parts, normed, block);
  const result = await linearOfBlock(parts, opened, { block, linears: ["ffn_down"] });
  return added(parts, result, `${block}.post_ffw_norm`);
}

async function gatedLayer(parts: Parts, normed: Edge, block: string): Promise<Edge> {
  const { graph, shape } = parts;
  const joined = await linearOfBlock(parts, normed, { block, linears: ["ffn_gate", "ffn_up"] });
  const [gate = "", up = ""] = graph.split("Split", [joined], 2, {
    attributes: { axis: -1, num_outputs: 2 },
  });
  const open =
    shape.description.feedForward === "gelu-gated" ? gelu(graph, [gate]) : silu(graph, gate);
  return graph.node("Mul", [open, up]);
}

/** The operator adds the bias itself. */
async function geluLayer(parts: Parts, normed: Edge, block: string): Promise<Edge> {
  const layers: BlockLinears = { block, linears: ["ffn_up"] };
  const up = await product(parts, normed, layers);
  const bias = await biasOf(parts, layers);
  return gelu(parts.graph, bias === null ? [up] : [up, bias]);
}

function silu(graph: GraphBuilder, x: Edge): Edge {
  return graph.node("Mul", [x, graph.node("Sigmoid", [x])]);
}

/** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), as gemma's and gpt2's own code has it. */
function gelu(graph: GraphBuilder, inputs: readonly Edge[]): Edge {
  return graph.node("FastGelu", inputs, { isMicrosoft: true });
}
