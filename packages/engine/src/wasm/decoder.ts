// The program of one pass: a decoder's layers over T rows, as its description has them, with what is to be shown or changed.

import { isLocalLayer, type ModelShape } from "../architecture.ts";
import type { Look } from "../runtime.ts";
import type { DecoderBuffers } from "./decoder-buffers.ts";
import type { PlacedLayer, PlacedLinear, PlacedModel, PlacedNorm } from "./placed-layers.ts";
import { Program, type Rows, type Scoring } from "./program.ts";

/** Where the pass's look goes: addresses by the order of the look's rows. */
export interface LookAddresses {
  /** [residualRows, N, C]. */
  readonly residuals: number;
  /** Of each attention row, layer and head in the look's order: [position + 1]. */
  readonly attention: (row: number, layer: number, head: number) => number;
  /** Vectors [C] of the residual patches, in their order. */
  readonly patches: number;
}

export interface PassOptions {
  readonly model: PlacedModel;
  readonly shape: ModelShape;
  readonly buffers: DecoderBuffers;
  readonly T: number;
  readonly look: Look;
  readonly addresses: LookAddresses;
  /** Row of the pass that is at this position, for residual patches. */
  readonly rowAt: (position: number) => number;
}

/** Instructions from embedding rows in buffers.stream to context vectors in buffers.normed. */
export function decoderProgram(options: PassOptions): Int32Array {
  const { model, shape, buffers, T } = options;
  const program = new Program(T);
  for (const [layer, placed] of model.layers.entries()) {
    attention({ ...options, program, layer, placed });
    feedForward({ ...options, program, layer, placed });
    residualLook(program, options, layer);
  }
  norm(program, shape, buffers.stream, { norm: model.lastNorm, out: buffers.normed.address });
  return program.instructions();
}

interface LayerOptions extends PassOptions {
  readonly program: Program;
  readonly layer: number;
  readonly placed: PlacedLayer;
}

function norm(
  program: Program,
  { description, hiddenWidth: width, normEpsilon: epsilon }: ModelShape,
  x: Rows,
  { norm: { weights, bias }, out }: { readonly norm: PlacedNorm; readonly out: number },
): void {
  if (description.norm === "rms") program.rmsNorm(x, out, { heads: 1, width, weights, epsilon });
  else program.layerNorm(x, out, { weights, bias, epsilon });
}

function attention(options: LayerOptions): void {
  const { program, shape, buffers, placed, layer } = options;
  const { heads: H, headWidth: D } = shape;
  const { query, key, value, mixed } = buffers;
  norm(program, shape, buffers.stream, { norm: placed.attentionNorm, out: buffers.normed.address });
  const targets = placed.queryKeyValue.length === 1 ? [query] : [query, key, value];
  for (const [i, { matrix, bias }] of placed.queryKeyValue.entries()) {
    const apart = i < targets.length - 1;
    program.linear(buffers.normed, matrix, targets[i] ?? query, { bias, apart });
  }
  turn(options);
  const scoring = scoringOf(options);
  program.keep(scoring, key, value.address);
  attentionLook(options, scoring);
  program.attend(scoring, query, mixed.address);
  for (const patch of options.look.patches) {
    if (patch.kind !== "head-off" || patch.layer !== layer) continue;
    program.clear({ address: mixed.address + patch.head * D * 4, stride: H * D }, D);
  }
  addLinear(options, mixed, placed.attentionOutput, placed.postAttentionNorm);
}

/** Queries and keys with their positions: each head normed where the architecture does so, then rotated. */
function turn({ program, shape, buffers, placed, layer }: LayerOptions): void {
  const { heads: H, keyValueHeads: K, headWidth: width, description, normEpsilon } = shape;
  const { query, key } = buffers;
  if (placed.queryNorm !== null && placed.keyNorm !== null) {
    const head = { width, epsilon: normEpsilon };
    const queryNorm = { ...head, heads: H, weights: placed.queryNorm.weights };
    const keyNorm = { ...head, heads: K, weights: placed.keyNorm.weights };
    program.rmsNorm(query, query.address, queryNorm, true);
    program.rmsNorm(key, key.address, keyNorm);
  }
  if (description.positions === "learned") return;
  const isInterleaved = description.positions === "rotary-interleaved";
  const hasOwnRotation = isLocalLayer(shape, layer) && shape.window?.rotation != null;
  const angles = { ...(hasOwnRotation ? buffers.localAngles : buffers.angles), isInterleaved };
  program.rotate(query, { count: H, width }, angles, true);
  program.rotate(key, { count: K, width }, angles);
}

function scoringOf({ shape, buffers, layer }: LayerOptions): Scoring {
  return {
    shape: buffers.attentionShape,
    rows: buffers.rows,
    layer,
    scale: shape.attentionScale,
    cap: shape.attentionCap ?? 0,
    window: isLocalLayer(shape, layer) ? (shape.window?.positions ?? 0) : 0,
  };
}

function attentionLook(
  { program, shape, buffers, look, layer, addresses }: LayerOptions,
  scoring: Scoring,
): void {
  const wanted = look.attention.find((each) => each.layer === layer);
  if (wanted === undefined) return;
  const { address, stride } = buffers.query;
  for (const row of look.attentionRows) {
    for (const head of wanted.heads) {
      const query = address + (row * stride + head * shape.headWidth) * 4;
      program.show(scoring, { row, head, query, out: addresses.attention(row, layer, head) });
    }
  }
}

function feedForward(options: LayerOptions): void {
  const { program, shape, buffers, placed, T } = options;
  const { normed, gates, up } = buffers;
  norm(program, shape, buffers.stream, { norm: placed.feedForwardNorm, out: normed.address });
  const count = T * shape.feedForwardWidth;
  if (placed.gate === null) {
    program.linear(normed, placed.up.matrix, gates, { bias: placed.up.bias });
    program.gate(gates.address, 0, count, "gelu");
  } else {
    program.linear(normed, placed.gate.matrix, gates, { bias: placed.gate.bias, apart: true });
    program.linear(normed, placed.up.matrix, up, { bias: placed.up.bias });
    const act = shape.description.feedForward === "silu-gated" ? "silu" : "gelu";
    program.gate(gates.address, up.address, count, act);
  }
  addLinear(options, gates, placed.down, placed.postFeedForwardNorm);
}

/** stream <- stream + linear(x), the latter through its own norm where there is one. */
function addLinear(
  { program, shape, buffers, T }: LayerOptions,
  x: Rows,
  { matrix, bias }: PlacedLinear,
  postNorm: PlacedNorm | null,
): void {
  const { stream, added, normed } = buffers;
  if (postNorm === null) {
    program.linear(x, matrix, stream, { bias, adds: true });
    return;
  }
  program.linear(x, matrix, added, { bias });
  norm(program, shape, added, { norm: postNorm, out: normed.address });
  program.add(stream.address, normed.address, T * shape.hiddenWidth);
}

/** Puts patched rows in their places, then copies out the rows that are shown. */
function residualLook(program: Program, options: PassOptions, layer: number): void {
  const { shape, buffers, look, addresses, rowAt } = options;
  const bytes = shape.hiddenWidth * 4;
  const { address } = buffers.stream;
  const patches = look.patches.filter((patch) => patch.kind === "residual");
  for (const [i, patch] of patches.entries()) {
    if (patch.layer !== layer) continue;
    program.copy(addresses.patches + i * bytes, address + rowAt(patch.position) * bytes, bytes);
  }
  for (const [i, row] of look.residualRows.entries()) {
    const to = addresses.residuals + (i * shape.layers + layer) * bytes;
    program.copy(address + row * bytes, to, bytes);
  }
}
