// Which tensors a model's file must hold, and of which dimensions: a wrong one would give wrong numbers later, not an error.

import { FormatError } from "@tokenscope/core";
import { type ModelShape, tensorOf } from "./architecture.ts";
import type { ArchitectureDescription, BlockLinear } from "./architectures/description.ts";
import type { Gguf } from "./gguf/gguf.ts";
import { shown } from "./gguf/shown.ts";

interface NeededTensor {
  readonly name: string;
  readonly dims: readonly number[]; // [in, out], as in the file
}

/** Throws FormatError for a tensor that is missing, that has other dimensions than the metadata say, or that the graph would leave out. */
export function checkTensors(gguf: Gguf, shape: ModelShape): void {
  const known = new Set<string>();
  for (const { name, dims } of neededTensors(shape)) {
    known.add(name);
    tensorOf(gguf, name);
    checkDims(gguf, { name, dims });
  }
  for (const { name, dims } of optionalTensors(shape)) {
    known.add(name);
    if (gguf.tensors.has(name)) checkDims(gguf, { name, dims });
  }
  for (const { name, offset } of gguf.tensors.values()) {
    if (known.has(name)) continue;
    throw new FormatError(
      `loadEngine: the file has a tensor ${shown(name)} (data from byte ${offset}) that the architecture "${shape.architecture}" has no use for here, and leaving it out would give wrong numbers; choose another model`,
    );
  }
}

function checkDims(gguf: Gguf, { name, dims }: NeededTensor): void {
  const tensor = tensorOf(gguf, name);
  if (tensor.dims.join() === dims.join()) return;
  throw new FormatError(
    `loadEngine: tensor "${name}" (data from byte ${tensor.offset}) is ${tensor.dims.join(" x ")} where the metadata call for ${dims.join(" x ")}; the file is damaged, fetch it again`,
  );
}

/** One by one, so that a header that claims a billion layers ends at the first that is missing. */
function* neededTensors(shape: ModelShape): Generator<NeededTensor> {
  const { description, hiddenWidth: C } = shape;
  yield { name: "token_embd.weight", dims: [C, shape.vocabularySize] };
  if (description.positions === "learned") {
    yield { name: "position_embd.weight", dims: [C, shape.contextLength] };
  }
  yield* norm(shape, "output_norm");
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const block = `blk.${layer}`;
    for (const name of blockNorms(description)) yield* norm(shape, `${block}.${name}`);
    if (description.hasQueryKeyNorms) {
      yield { name: `${block}.attn_q_norm.weight`, dims: [shape.headWidth] };
      yield { name: `${block}.attn_k_norm.weight`, dims: [shape.headWidth] };
    }
    for (const { name, dims } of blockLinears(shape)) {
      yield { name: `${block}.${name}.weight`, dims };
      if (description.biases.includes(name)) {
        yield { name: `${block}.${name}.bias`, dims: dims.slice(1) };
      }
    }
  }
}

function* norm({ description, hiddenWidth }: ModelShape, name: string): Generator<NeededTensor> {
  yield { name: `${name}.weight`, dims: [hiddenWidth] };
  if (description.norm === "layer") yield { name: `${name}.bias`, dims: [hiddenWidth] };
}

function blockNorms({ hasPostNorms }: ArchitectureDescription): readonly string[] {
  const norms = ["attn_norm", "ffn_norm"];
  return hasPostNorms ? [...norms, "post_attention_norm", "post_ffw_norm"] : norms;
}

interface NeededLinear {
  readonly name: BlockLinear;
  readonly dims: readonly number[]; // [in, out]
}

function blockLinears(shape: ModelShape): readonly NeededLinear[] {
  const { description, hiddenWidth: C, headWidth: D, feedForwardWidth } = shape;
  const queryWidth = shape.heads * D;
  const keyWidth = shape.keyValueHeads * D;
  const attention: readonly NeededLinear[] =
    description.queryKeyValue === "joined"
      ? [{ name: "attn_qkv", dims: [C, queryWidth + 2 * keyWidth] }]
      : [
          { name: "attn_q", dims: [C, queryWidth] },
          { name: "attn_k", dims: [C, keyWidth] },
          { name: "attn_v", dims: [C, keyWidth] },
        ];
  const gate: readonly NeededLinear[] =
    description.feedForward === "gelu" ? [] : [{ name: "ffn_gate", dims: [C, feedForwardWidth] }];
  return [
    ...attention,
    { name: "attn_output", dims: [queryWidth, C] },
    ...gate,
    { name: "ffn_up", dims: [C, feedForwardWidth] },
    { name: "ffn_down", dims: [feedForwardWidth, C] },
  ];
}

function optionalTensors(shape: ModelShape): readonly NeededTensor[] {
  const { description, hiddenWidth, headWidth, vocabularySize } = shape;
  const head = { name: "output.weight", dims: [hiddenWidth, vocabularySize] }; // else tied to the embedding
  const factors = { name: "rope_freqs.weight", dims: [headWidth / 2] };
  return description.hasRopeFactors ? [head, factors] : [head];
}
