// Which tensors a model's file must hold, and of which dimensions: a wrong one would give wrong numbers later, not an error.

import { FormatError } from "@tokenscope/core";
import { type ModelShape, tensorOf } from "./architecture.ts";
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
  const { hiddenWidth: C, headWidth: D, feedForwardWidth, layers } = shape;
  const queryWidth = shape.heads * D;
  const keyWidth = shape.keyValueHeads * D;
  yield { name: "token_embd.weight", dims: [C, shape.vocabularySize] };
  yield { name: "output_norm.weight", dims: [C] };
  for (let layer = 0; layer < layers; layer += 1) {
    const block = `blk.${layer}`;
    yield { name: `${block}.attn_norm.weight`, dims: [C] };
    yield { name: `${block}.attn_q.weight`, dims: [C, queryWidth] };
    yield { name: `${block}.attn_k.weight`, dims: [C, keyWidth] };
    yield { name: `${block}.attn_v.weight`, dims: [C, keyWidth] };
    yield { name: `${block}.attn_output.weight`, dims: [queryWidth, C] };
    yield { name: `${block}.ffn_norm.weight`, dims: [C] };
    yield { name: `${block}.ffn_gate.weight`, dims: [C, feedForwardWidth] };
    yield { name: `${block}.ffn_up.weight`, dims: [C, feedForwardWidth] };
    yield { name: `${block}.ffn_down.weight`, dims: [feedForwardWidth, C] };
  }
}

function optionalTensors({
  hiddenWidth,
  headWidth,
  vocabularySize,
}: ModelShape): readonly NeededTensor[] {
  return [
    { name: "output.weight", dims: [hiddenWidth, vocabularySize] }, // else tied to the embedding
    { name: "rope_freqs.weight", dims: [headWidth / 2] },
  ];
}
