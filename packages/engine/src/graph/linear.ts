// A linear layer, y = x W^T, in exact or compact arithmetic.

import type { Precision } from "@tokenscope/core";
import { type Edge, type GraphBuilder, UINT8 } from "../onnx/graph-builder.ts";
import { floatRows, int8Columns, type Matrix, type WeightReader } from "../weights.ts";

/** x [..., in] -> [..., out]; `output` makes the result an output of the graph. */
export type Linear = (x: Edge, weights: NamedMatrix, output?: Edge) => Edge;

export interface NamedMatrix {
  readonly name: string;
  readonly matrix: Matrix;
}

/** Tensors stacked along their outputs, under one name. */
export async function matrixOf(
  weights: WeightReader,
  name: string,
  tensors: readonly string[] = [name],
): Promise<NamedMatrix> {
  return { name, matrix: await weights.matrix(tensors) };
}

/** Linear layers of a graph in this precision. An input that several layers share is rounded once. */
export function linearOf(graph: GraphBuilder, precision: Precision): Linear {
  return precision === "exact" ? exactLinear(graph) : compactLinear(graph);
}

function exactLinear(graph: GraphBuilder): Linear {
  return (x, { name, matrix }, output) => {
    const weights = graph.constant(name, [matrix.out, matrix.in], floatRows(matrix));
    const options = { attributes: { transB: 1 }, isMicrosoft: true };
    return graph.node("FusedMatMul", [x, weights], options, output);
  };
}

interface Limbs {
  readonly integers: Edge; // [..., LIMBS, in] uint8 around LIMB_ZERO
  readonly scales: Edge; // [..., 1, LIMBS]
}

// Seven bits a limb: without int8 dot instructions ONNX Runtime's kernel adds pairs of uint8 x int8 products in 16 bits and
// saturates, but 2 x 127 x 127 fits. Eight bits would need its slower uint8 x uint8 kernel.
// Three limbs: with two, what Node and WASM round differently grows to 0.04 bits on 367 tokens; with three it stays below 0.001.
const LIMBS = 3;
const LIMB_STEPS = 63;
const NEXT_LIMB = 126; // a limb's rounding error is at most 1/2, so 126 steps of the next fill it
const LIMB_ZERO = 64;
const ROUND_TO_UINT8 = LIMB_ZERO + 0.5; // the cast cuts off
const TINY = 1e-8; // keeps an all-zero input from dividing by zero

/** Activations as three limbs, x = s (a + b / 126 + c / 126^2) with s = max|x| / 63 for each token: fp32's accuracy at int8's memory. */
function compactLinear(graph: GraphBuilder): Linear {
  const split = new Map<Edge, Limbs>();
  return (x, { name, matrix }, output) => {
    const limbs = split.get(x) ?? splitLimbs(graph, x);
    split.set(x, limbs);
    const { values, scales } = int8Columns(matrix);
    const weights = graph.constant(name, [matrix.in, matrix.out], values);
    const factors = graph.constant(`${name}.scales`, [matrix.out], scales);
    const zero = graph.constant("limb-zero", [], Uint8Array.of(LIMB_ZERO));
    const inputs = [limbs.integers, weights, graph.scalar(1), factors, zero];
    const products = graph.node("MatMulIntegerToFloat", inputs, { isMicrosoft: true }); // [..., LIMBS, out]
    const sum = graph.node("MatMul", [limbs.scales, products]); // -> [..., 1, out]
    return graph.node("Squeeze", [sum, graph.integers(-2)], {}, output); // [..., out]
  };
}

function splitLimbs(graph: GraphBuilder, x: Edge): Limbs {
  const row = graph.node("Unsqueeze", [x, graph.integers(-2)]); // [..., 1, in]
  const sizes = graph.node("Abs", [row]);
  const maximum = { attributes: { keepdims: 1 } };
  const largest = graph.node("ReduceMax", [sizes, graph.integers(-1)], maximum); // [..., 1, 1]
  const bound = graph.node("Max", [largest, graph.scalar(TINY)]);
  let steps = graph.node("Mul", [row, graph.node("Div", [graph.scalar(LIMB_STEPS), bound])]); // within -63 to 63
  const parts: Edge[] = [];
  for (let limb = 1; limb < LIMBS; limb += 1) {
    const part = graph.node("Round", [steps]);
    parts.push(part);
    steps = graph.node("Mul", [graph.node("Sub", [steps, part]), graph.scalar(NEXT_LIMB)]);
  }
  const limbs = graph.node("Concat", [...parts, steps], { attributes: { axis: -2 } }); // [..., LIMBS, in]
  const shifted = graph.node("Add", [limbs, graph.scalar(ROUND_TO_UINT8)]);
  const integers = graph.node("Cast", [shifted], { attributes: { to: UINT8 } });
  const unit = Float32Array.from({ length: LIMBS }, (_, i) => 1 / (LIMB_STEPS * NEXT_LIMB ** i));
  const units = graph.constant("limb-units", [LIMBS], unit);
  return { integers, scales: graph.node("Mul", [bound, units]) };
}
