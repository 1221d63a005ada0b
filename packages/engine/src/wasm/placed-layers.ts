// A model's layers in the kernel's memory: what its architecture has, by the names of the file's tensors.

import type { ModelShape } from "../architecture.ts";
import type { BlockLinear } from "../architectures/description.ts";
import type { PlacedWeights } from "./placed-weights.ts";
import type { PlacedMatrix } from "./program.ts";

/** A linear layer; a bias of 0 is none. */
export interface PlacedLinear {
  readonly matrix: PlacedMatrix;
  readonly bias: number;
}

/** Addresses of a norm's weights; a bias of 0 is none. */
export interface PlacedNorm {
  readonly weights: number;
  readonly bias: number;
}

export interface PlacedLayer {
  readonly attentionNorm: PlacedNorm;
  readonly queryKeyValue: readonly PlacedLinear[]; // one joined, or three
  readonly queryNorm: PlacedNorm | null;
  readonly keyNorm: PlacedNorm | null;
  readonly attentionOutput: PlacedLinear;
  readonly postAttentionNorm: PlacedNorm | null;
  readonly feedForwardNorm: PlacedNorm;
  readonly gate: PlacedLinear | null;
  readonly up: PlacedLinear;
  readonly down: PlacedLinear;
  readonly postFeedForwardNorm: PlacedNorm | null;
}

export interface PlacedModel {
  readonly layers: readonly PlacedLayer[];
  readonly lastNorm: PlacedNorm;
  readonly head: PlacedMatrix;
}

/** Lays all tensors of a decoder down, layer by layer. */
export async function placeModel(
  weights: PlacedWeights,
  shape: ModelShape,
  onLayer: (layer: number) => void,
): Promise<PlacedModel> {
  const layers: PlacedLayer[] = [];
  for (let layer = 0; layer < shape.layers; layer += 1) {
    layers.push(await placeLayer(weights, shape, `blk.${layer}`));
    onLayer(layer);
  }
  const isTied = !weights.has("output.weight");
  return {
    layers,
    lastNorm: await placeNorm(weights, shape, "output_norm"),
    head: await weights.matrix(isTied ? "token_embd.weight" : "output.weight"),
  };
}

async function placeLayer(
  weights: PlacedWeights,
  shape: ModelShape,
  block: string,
): Promise<PlacedLayer> {
  const { description } = shape;
  const linear = async (name: BlockLinear): Promise<PlacedLinear> => ({
    matrix: await weights.matrix(`${block}.${name}.weight`),
    bias: description.biases.includes(name) ? await weights.vector(`${block}.${name}.bias`) : 0,
  });
  const linears = async (names: readonly BlockLinear[]) => {
    const placed: PlacedLinear[] = [];
    for (const name of names) placed.push(await linear(name));
    return placed;
  };
  const norm = (name: string) => placeNorm(weights, shape, `${block}.${name}`);
  const normWhere = async (isThere: boolean, name: string) => (isThere ? norm(name) : null);
  const isJoined = description.queryKeyValue === "joined";
  return {
    attentionNorm: await norm("attn_norm"),
    queryKeyValue: await linears(isJoined ? ["attn_qkv"] : ["attn_q", "attn_k", "attn_v"]),
    queryNorm: await normWhere(description.hasQueryKeyNorms, "attn_q_norm"),
    keyNorm: await normWhere(description.hasQueryKeyNorms, "attn_k_norm"),
    attentionOutput: await linear("attn_output"),
    postAttentionNorm: await normWhere(description.hasPostNorms, "post_attention_norm"),
    feedForwardNorm: await norm("ffn_norm"),
    gate: description.feedForward === "gelu" ? null : await linear("ffn_gate"),
    up: await linear("ffn_up"),
    down: await linear("ffn_down"),
    postFeedForwardNorm: await normWhere(description.hasPostNorms, "post_ffw_norm"),
  };
}

async function placeNorm(
  weights: PlacedWeights,
  { description }: ModelShape,
  name: string,
): Promise<PlacedNorm> {
  return {
    weights: await weights.vector(`${name}.weight`),
    bias: description.norm === "layer" ? await weights.vector(`${name}.bias`) : 0,
  };
}
