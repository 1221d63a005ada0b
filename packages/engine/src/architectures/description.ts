// What may differ between decoders. The graph, the check of the tensors and the rotary tables ask these fields; none asks for an architecture's name.

/** A linear layer of a block, as its tensors are called in the file. */
export type BlockLinear =
  | "attn_q"
  | "attn_k"
  | "attn_v"
  | "attn_qkv"
  | "attn_output"
  | "ffn_gate"
  | "ffn_up"
  | "ffn_down";

/** Which layers see only the last positions: all but every `globalEvery`-th. */
interface WindowDescription {
  readonly globalEvery: number;
  /** Positions that a local layer sees where the file does not say. */
  readonly defaultPositions?: number;
  /** Rotary base of the local layers, unscaled; else local layers rotate as the others do. */
  readonly localRopeBase?: number;
}

/** An architecture in its own words: data only. Letters as in ARCHITECTURE.md. */
export interface ArchitectureDescription {
  /** RMS norm (Zhang and Sennrich, 2019), or layer norm with mean and bias (Ba et al., 2016). */
  readonly norm: "rms" | "layer";
  /** Rotary, a pair being two neighbouring elements or an element of each half; or learned rows that are added to the embeddings. */
  readonly positions: "rotary-interleaved" | "rotary-halves" | "learned";
  /** True where a tensor rope_freqs may divide the rotary frequencies. */
  readonly hasRopeFactors: boolean;
  /** True where the embedding rows are multiplied with sqrt(C). */
  readonly isEmbeddingScaled: boolean;
  /** Queries, keys and values as three tensors or as one. */
  readonly queryKeyValue: "separate" | "joined";
  /** True where each head's query and key pass an RMS norm before they are rotated. */
  readonly hasQueryKeyNorms: boolean;
  /** Linear layers that have a bias. */
  readonly biases: readonly BlockLinear[];
  /** True where what attention and feed-forward give passes a norm before it is added. */
  readonly hasPostNorms: boolean;
  /** A gate times a linear layer, or one linear layer through GELU (Hendrycks and Gimpel, 2016, by tanh). */
  readonly feedForward: "silu-gated" | "gelu-gated" | "gelu";
  readonly window?: WindowDescription;
  /** x -> cap tanh(x / cap) on attention scores and logits, where the file does not say. */
  readonly defaultCaps?: { readonly attention: number; readonly logits: number };
  /** Sizes, told by their layers, that divide query-key products by sqrt(C / H) in place of sqrt(D). */
  readonly wideScaleLayers?: number;
}

/** The plain decoder of today, from which descriptions say how they differ. */
export const PLAIN_DECODER: ArchitectureDescription = {
  norm: "rms",
  positions: "rotary-halves",
  hasRopeFactors: false,
  isEmbeddingScaled: false,
  queryKeyValue: "separate",
  hasQueryKeyNorms: false,
  biases: [],
  hasPostNorms: false,
  feedForward: "silu-gated",
};
