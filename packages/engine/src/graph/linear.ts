// A linear layer, y = x W^T, in the arithmetic of a graph.

import { type Edge, type GraphBuilder, INT32, UINT8 } from "../onnx/graph-builder.ts";
import { floatRows, int8Columns, int8Rows, type Matrix, type WeightReader } from "../weights.ts";

/** "exact": fp32 weights. The others are compact, with int8 weights: "limbs" cuts the activations, which is quick for a few rows; "dequantized" makes fp32 weights of them as it goes, which is quick for many. */
export type Arithmetic = "exact" | "limbs" | "dequantized";

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

/** Linear layers of a graph in this arithmetic. */
export function linearOf(graph: GraphBuilder, arithmetic: Arithmetic): Linear {
  switch (arithmetic) {
    case "exact":
      return exactLinear(graph);
    case "limbs":
      return limbLinear(graph);
    case "dequantized":
      return dequantizedLinear(graph);
    default:
      return arithmetic satisfies never;
  }
}

function exactLinear(graph: GraphBuilder): Linear {
  return (x, { name, matrix }, output) => {
    const weights = graph.constant(name, [matrix.out, matrix.in], floatRows(matrix));
    return floatProduct(graph, { x, weights, output });
  };
}

interface Product {
  readonly x: Edge; // [..., in]
  readonly weights: Edge; // [out, in] float32
  readonly output: Edge | undefined;
}

function floatProduct(graph: GraphBuilder, { x, weights, output }: Product): Edge {
  const options = { attributes: { transB: 1 }, isMicrosoft: true };
  return graph.node("FusedMatMul", [x, weights], options, output);
}

/** The weights of one layer at a time are fp32, in memory that the next one's take again. */
function dequantizedLinear(graph: GraphBuilder): Linear {
  return (x, { name, matrix }, output) => {
    const { out, in: width } = matrix;
    const int8 = int8Rows(matrix);
    const values = graph.constant(name, [out, width], int8.values);
    const scales = graph.constant(`${name}.scales`, [out], int8.scales);
    // The runtime runs what waits for nothing first, and would make all layers fp32 at once: so the scales wait for x. The
    // shape that they get is always [-1], "as it is".
    const firstLength = graph.node("Shape", [x], { attributes: { start: 0, end: 1 } });
    const asItIs = graph.node("Min", [firstLength, graph.integers(-1)]);
    const awaited = graph.node("Reshape", [scales, asItIs]);
    const weights = graph.node("DequantizeLinear", [values, awaited], { attributes: { axis: 0 } });
    return floatProduct(graph, { x, weights, output });
  };
}

// Seven bits a limb: without int8 dot instructions ONNX Runtime's kernel adds pairs of uint8 x int8 products in 16 bits and
// saturates, but 2 x 127 x 127 fits. Eight bits would need its slower uint8 x uint8 kernel.
// Three limbs: with two, what Node and the browser round differently grows to 0.04 bits on 367 tokens; with three it stays below 0.001.
const LIMBS = 3;
const LIMB_ZERO = 64; // the limb that stands for 0
const LIMB_MASK = 127;
const LIMB_STEPS = Float32Array.from({ length: LIMBS }, (_, i) => 2 ** (6 + 7 * i)); // of limb i in 1
const HALF_A_STEP = 0.5 / (LIMB_STEPS[LIMBS - 1] ?? 1); // the cast cuts off
const ALL_ZERO = LIMB_STEPS.reduce((sum, steps) => sum + LIMB_ZERO / steps, HALF_A_STEP); // what the limbs of 0 add up to
const REACH = 0.99; // below 1, so that the first limb stays below 128 with all that is added
const TINY = 1e-12; // keeps an all-zero input from dividing by zero

interface Limbs {
  readonly integers: Edge; // [..., LIMBS, in] uint8 around LIMB_ZERO
  readonly units: Edge; // [..., 1, LIMBS]
}

/** Activations as three limbs of seven bits, x = s (a / 2^6 + b / 2^13 + c / 2^20) with a scale s for each token: nearly fp32's accuracy, and the products are int8's. */
function limbLinear(graph: GraphBuilder): Linear {
  return (x, { name, matrix }, output) => {
    const { out, in: width } = matrix;
    const int8 = int8Rows(matrix);
    const columns = graph.constant(name, [width, out], int8Columns(int8));
    const scales = graph.constant(`${name}.scales`, [out], int8.scales);
    const limbs = cutLimbs(graph, x, width);
    const zero = graph.shared("limb-zero", [], Uint8Array.of(LIMB_ZERO));
    const inputs = [limbs.integers, columns, graph.scalar(1), scales, zero];
    const products = graph.node("MatMulIntegerToFloat", inputs, { isMicrosoft: true }); // [..., LIMBS, out]
    const sum = graph.node("MatMul", [limbs.units, products]); // -> [..., 1, out]
    return graph.node("Squeeze", [sum, graph.integers(-2)], {}, output); // [..., out]
  };
}

/**
 * All limbs at once: y in (-1, 1), moved into (0, 2), times 2^6, 2^13 and 2^20; the lowest seven bits of each, cut off, are a limb, since what is above them is the limbs before.
 * A root mean square bounds y, |x| <= sqrt(in) x rms, and one norm gives both it and x divided by it.
 */
function cutLimbs(graph: GraphBuilder, x: Edge, width: number): Limbs {
  const gain = REACH / Math.sqrt(width);
  const gains = graph.shared(`limb-gains:${width}`, [width], new Float32Array(width).fill(gain));
  const row = graph.node("Unsqueeze", [x, graph.integers(-2)]); // [..., 1, in]
  const [y = "", inverse = ""] = graph.split("SimplifiedLayerNormalization", [row, gains], 2, {
    attributes: { axis: -1, epsilon: { float: TINY } },
  });
  const moved = graph.node("Add", [y, graph.scalar(ALL_ZERO)]);
  const steps = graph.shared("limb-steps", [LIMBS, 1], LIMB_STEPS);
  const wholes = graph.node("Cast", [graph.node("Mul", [moved, steps])], {
    attributes: { to: INT32 },
  }); // [..., LIMBS, in]
  const mask = graph.shared("limb-mask", [], Int32Array.of(LIMB_MASK));
  const lowest = graph.node("BitwiseAnd", [wholes, mask]);
  const integers = graph.node("Cast", [lowest], { attributes: { to: UINT8 } });
  const ofOne = LIMB_STEPS.map((count) => 1 / (count * gain));
  const units = graph.shared(`limb-units:${width}`, [LIMBS], ofOne);
  return { integers, units: graph.node("Div", [units, inverse]) };
}
