// A linear layer, y = x W^T, in exact or compact arithmetic.

import type { Precision } from "@tokenscope/core";
import { type Edge, FLOAT, type GraphBuilder, UINT8 } from "../onnx/graph-builder.ts";
import { INT8_ZERO, type Matrix, quantizeRows } from "../weights.ts";

/** x [B, T, in] -> [B, T, out]. */
export type Linear = (x: Edge, name: string, matrix: Matrix) => Edge;

/** Linear layers of a graph in this precision. An input that several layers share is rounded once. */
export function linearOf(graph: GraphBuilder, precision: Precision): Linear {
  return precision === "exact" ? exactLinear(graph) : compactLinear(graph);
}

function exactLinear(graph: GraphBuilder): Linear {
  return (x, name, matrix) => {
    const weights = graph.constant(name, [matrix.out, matrix.in], matrix.values);
    const attributes = { transB: 1 };
    return graph.node("FusedMatMul", [x, weights], { attributes, isMicrosoft: true });
  };
}

interface Limbs {
  readonly integers: Edge; // [2, B, T, in] uint8 around INT8_ZERO
  readonly scales: Edge; // [2, B, T, 1]
}

const LIMB_STEPS = 127;
const SECOND_LIMB = 254; // the first limb's rounding error is at most 1/2, so 254 steps fill int8
const ROUND_TO_UINT8 = INT8_ZERO + 0.5; // the cast cuts off
const TINY = 1e-8; // keeps an all-zero input from dividing by zero

/** Activations as two int8 limbs, x = s (high + low / 254) with s = max|x| / 127 for each token: nearly fp32's accuracy at int8's memory. */
function compactLinear(graph: GraphBuilder): Linear {
  const rounded = new Map<Edge, Limbs>();
  return (x, name, matrix) => {
    const limbs = rounded.get(x) ?? splitLimbs(graph, x);
    rounded.set(x, limbs);
    const { values, scales } = quantizeRows(matrix);
    const weights = graph.constant(name, [matrix.in, matrix.out], values);
    const zero = graph.constant("int8-zero", [], Uint8Array.of(INT8_ZERO));
    const integers = graph.node("MatMulInteger", [limbs.integers, weights, zero, zero]); // [2, B, T, out]
    const products = graph.node("Cast", [integers], { attributes: { to: FLOAT } });
    const scaled = graph.node("Mul", [products, limbs.scales]);
    const sum = graph.node("ReduceSum", [scaled, graph.integers(0)], {
      attributes: { keepdims: 0 },
    });
    return graph.node("Mul", [sum, graph.constant(`${name}.scales`, [matrix.out], scales)]); // [B, T, out]
  };
}

function splitLimbs(graph: GraphBuilder, x: Edge): Limbs {
  const largest = graph.node("ReduceMax", [graph.node("Abs", [x]), graph.integers(-1)], {
    attributes: { keepdims: 1 },
  }); // [B, T, 1]
  const step = graph.node("Mul", [largest, graph.scalar(1 / LIMB_STEPS)]);
  const scale = graph.node("Max", [step, graph.scalar(TINY)]);
  const steps = graph.node("Div", [x, scale]); // [B, T, in], within -127 to 127
  const high = graph.node("Round", [steps]);
  const error = graph.node("Sub", [steps, high]);
  const low = graph.node("Mul", [error, graph.scalar(SECOND_LIMB)]);
  const shifted = graph.node("Add", [stacked(graph, high, low), graph.scalar(ROUND_TO_UINT8)]);
  const integers = graph.node("Cast", [shifted], { attributes: { to: UINT8 } });
  const lowScale = graph.node("Mul", [scale, graph.scalar(1 / SECOND_LIMB)]);
  return { integers, scales: stacked(graph, scale, lowScale) };
}

/** Two edges of one shape on a new first axis. */
function stacked(graph: GraphBuilder, first: Edge, second: Edge): Edge {
  const axis = graph.integers(0);
  const parts = [first, second].map((edge) => graph.node("Unsqueeze", [edge, axis]));
  return graph.node("Concat", parts, { attributes: { axis: 0 } });
}
