// The toy's two layers, small enough to check by hand. Each has one head, which looks at the token before and copies one number of its stream.
// Streams of "abc" at c: (c + 1, 0, 0) enters, layer 0 makes it (c + 1, b + 1, 0), layer 1 (c + 1, b + 1, a + 1). The rest of a stream is
// 0 until the last norm writes a logit for each token there: so the context vector's product with a row of the head is a logit.

import type { AttentionRow, Patch } from "../engine.ts";
import type { TokenId } from "../token.ts";
import { TOY_VOCABULARY } from "./toy-tokenizer.ts";

/** How many numbers of a stream the layers write: those of the last three tokens. */
export const TOY_MEMORY = 3;
/** C: what a stream holds. */
export const TOY_WIDTH = TOY_MEMORY + TOY_VOCABULARY;
/** N. */
export const TOY_LAYERS = 2;
/** H. */
export const TOY_HEADS = 1;

/** Invariant: streams[0] is what entered, streams[1 + layer] what left a layer; a later position reads them, so a patch stays. */
export interface ToyPosition {
  readonly streams: readonly Float32Array[]; // [N + 1] of [C]
}

export interface ToyPlace {
  readonly position: number;
  readonly before: ToyPosition | undefined; // of the position before
}

/** The layers at one position. */
export function toyPosition(
  { position, before }: ToyPlace,
  id: TokenId,
  patches: readonly Patch[],
): ToyPosition {
  const entering = new Float32Array(TOY_WIDTH);
  entering[0] = id + 1;
  const streams: Float32Array[] = [entering];
  for (let layer = 0; layer < TOY_LAYERS; layer += 1) {
    const stream = Float32Array.from(streams[layer] ?? []);
    const source = before?.streams[layer]; // position 0 has none, and its head adds nothing
    if (source !== undefined && !isHeadOff(patches, layer)) {
      stream[layer + 1] = (stream[layer + 1] ?? 0) + (source[layer] ?? 0);
    }
    streams.push(residualPatch(patches, layer, position) ?? stream);
  }
  return { streams };
}

/** All of the head's attention is on the token before; at position 0 on itself. */
export function toyAttention(layer: number, position: number): AttentionRow {
  const weights = new Float32Array(position + 1);
  weights[Math.max(0, position - 1)] = 1;
  return { layer, head: 0, weights };
}

function isHeadOff(patches: readonly Patch[], layer: number): boolean {
  return patches.some((patch) => patch.kind === "head-off" && patch.layer === layer);
}

function residualPatch(
  patches: readonly Patch[],
  layer: number,
  position: number,
): Float32Array | undefined {
  const found = patches.findLast(
    (patch) => patch.kind === "residual" && patch.layer === layer && patch.position === position,
  );
  return found?.kind === "residual" ? found.vector.slice() : undefined;
}
