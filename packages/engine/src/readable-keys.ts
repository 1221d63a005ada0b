// Metadata that would change what a decoder computes in ways that the graph has not: unseen, every number would be a little wrong.

import { FormatError } from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import type { GgufValue } from "./gguf/gguf.ts";
import { shown } from "./gguf/shown.ts";

interface StatedKey {
  readonly name: string;
  readonly value: GgufValue;
}

/** Throws FormatError for a key whose value asks for something that the graph does not do. */
export function checkKeys(metadata: ReadonlyMap<string, GgufValue>, shape: ModelShape): void {
  for (const [key, readable] of readableValues(shape)) {
    const name = `${shape.architecture}.${key}`;
    const value = metadata.get(name);
    if (value === undefined || readable.includes(value)) continue;
    refuse({ name, value }, readable.map((each) => shown(each)).join(" or "));
  }
  checkNoWindow(metadata, shape);
}

function readableValues({ headWidth: D, attentionScale }: ModelShape) {
  return new Map<string, readonly GgufValue[]>([
    ["attention.value_length", [D]],
    ["attention.scale", [attentionScale, Math.fround(attentionScale)]],
    ["attention.causal", [true]],
    ["attention.clamp_kqv", [0]],
    ["attention.max_alibi_bias", [0]],
    ["rope.dimension_count", [D]],
    ["rope.scaling.type", ["none", "linear"]],
    ["rope.scaling.attn_factor", [1]],
    ["embedding_scale", [1]],
    ["residual_scale", [1]],
    ["logit_scale", [1]],
    ["expert_count", [0]],
  ]);
}

/** llama.cpp reads past a window that an architecture has no layers for; the model's makers had one. */
function checkNoWindow(metadata: ReadonlyMap<string, GgufValue>, shape: ModelShape): void {
  const name = `${shape.architecture}.attention.sliding_window`;
  const value = metadata.get(name) ?? 0;
  if (shape.window !== null || value === 0 || Number(value) >= shape.contextLength) return;
  refuse({ name, value }, `a window of at least the context, ${shape.contextLength}`);
}

function refuse({ name, value }: StatedKey, readable: string): never {
  throw new FormatError(
    `loadEngine: ${name} is ${shown(value)} (in the metadata, before the tensor table); readable is ${readable}; choose another model`,
  );
}
