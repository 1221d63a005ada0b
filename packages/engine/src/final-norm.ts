// The model's last norm on one vector, in float64: what stands between the last residual stream and a context vector.

import type { ModelShape } from "./architecture.ts";
import type { WeightReader } from "./weights.ts";

/** Residual stream [C] -> context vector [C]. */
export type FinalNorm = (residual: Float32Array) => Float32Array;

/** The norm of a model: RMS (Zhang and Sennrich, 2019), or layer norm with mean and bias (Ba et al., 2016). */
export async function loadFinalNorm(
  weights: WeightReader,
  { description, normEpsilon }: Pick<ModelShape, "description" | "normEpsilon">,
): Promise<FinalNorm> {
  const scale = await weights.vector("output_norm.weight");
  if (description.norm === "rms") return (x) => normed(x, { mean: 0, epsilon: normEpsilon, scale });
  const bias = await weights.vector("output_norm.bias");
  return (x) => normed(x, { mean: meanOf(x), epsilon: normEpsilon, scale, bias });
}

interface NormOptions {
  readonly mean: number;
  readonly epsilon: number;
  readonly scale: Float32Array; // [C]
  readonly bias?: Float32Array; // [C]
}

/** (x - mean) / sqrt(mean square of it + epsilon) x scale + bias. Example: (3, 4) with mean 0, epsilon 0 and scale 1 -> (3, 4) / sqrt(12.5). */
function normed(x: Float32Array, { mean, epsilon, scale, bias }: NormOptions): Float32Array {
  let squares = 0;
  for (const value of x) squares += (value - mean) ** 2;
  const divisor = Math.sqrt(squares / x.length + epsilon);
  return x.map((value, i) => ((value - mean) / divisor) * (scale[i] ?? 0) + (bias?.[i] ?? 0));
}

function meanOf(x: Float32Array): number {
  let sum = 0;
  for (const value of x) sum += value;
  return sum / x.length;
}
