// A linear layer, y = x W^T, in the arithmetic of a graph.

import type { Edge, GraphBuilder } from "../onnx/graph-builder.ts";
import { floatRows, INT8_BLOCK, int8Blocks, type Matrix, type WeightReader } from "../weights.ts";

/** "exact": fp32 weights. "dequantized": int8 weights, of which fp32 ones are made as it goes; compact. */
export type Arithmetic = "exact" | "dequantized";

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

/** One output's weights as a linear layer of this arithmetic has them, [in]. */
export function rowOf(
  { matrix }: NamedMatrix,
  arithmetic: Arithmetic,
  output: number,
): Float32Array {
  const one: Matrix = {
    out: 1,
    in: matrix.in,
    row: (_, into, at) => matrix.row(output, into, at),
  };
  if (arithmetic === "exact") return floatRows(one);
  const { values, scales } = int8Blocks(one);
  return Float32Array.from(values, (value, i) => value * (scales[Math.floor(i / INT8_BLOCK)] ?? 0));
}

/** Linear layers of a graph in this arithmetic. */
export function linearOf(graph: GraphBuilder, arithmetic: Arithmetic): Linear {
  return arithmetic === "exact" ? exactLinear(graph) : dequantizedLinear(graph);
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
    const int8 = int8Blocks(matrix);
    const blocks = Math.ceil(width / INT8_BLOCK);
    const values = graph.constant(name, [out, width], int8.values);
    const scales = graph.constant(`${name}.scales`, [out, blocks], int8.scales);
    // The runtime runs what waits for nothing first, and would make all layers fp32 at once: so the scales wait for x. The
    // shape that they get is always [-1, blocks], "as it is".
    const firstLength = graph.node("Shape", [x], { attributes: { start: 0, end: 1 } });
    const asItIs = graph.node("Min", [firstLength, graph.integers(-1)]);
    const shape = graph.node("Concat", [asItIs, graph.integers(blocks)], {
      attributes: { axis: 0 },
    });
    const awaited = graph.node("Reshape", [scales, shape]);
    const attributes = { axis: 1, block_size: INT8_BLOCK };
    const weights = graph.node("DequantizeLinear", [values, awaited], { attributes });
    return floatProduct(graph, { x, weights, output });
  };
}
