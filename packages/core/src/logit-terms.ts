// The dot product behind a logit, term by term: what each dimension of the context vector adds. Knows no model.

/** One dimension's part of a dot product. */
export interface LogitTerm {
  readonly dimension: number; // of C, from 0
  readonly context: number; // the context vector's number there
  readonly token: number; // the token vector's
  readonly product: number;
  /** The sum of this product and those listed before it. */
  readonly runningSum: number;
}

/** A dot product: its largest terms, and what all others add up to. */
export interface LogitSum {
  readonly terms: readonly LogitTerm[]; // by the size of their product, then lower dimension
  readonly rest: number;
  readonly restDimensions: number;
  /** All terms: the dot product itself. */
  readonly sum: number;
}

/** The `count` largest terms of contextVector . tokenVector, both [C], summed in float64. Example: (1, 2) . (3, -4), 1 -> the term -8, the rest 3, the sum -5. */
export function logitSum(
  contextVector: Float32Array,
  tokenVector: Float32Array,
  count: number,
): LogitSum {
  const products = Float64Array.from(
    contextVector,
    (value, dimension) => value * (tokenVector[dimension] ?? Number.NaN),
  );
  const size = (dimension: number): number => Math.abs(products[dimension] ?? 0);
  const largest = Array.from(products.keys())
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, count);
  let runningSum = 0;
  const terms = largest.map((dimension): LogitTerm => {
    const product = products[dimension] ?? 0;
    runningSum += product;
    const [context = 0, token = 0] = [contextVector[dimension], tokenVector[dimension]];
    return { dimension, context, token, product, runningSum };
  });
  const sum = products.reduce((total, product) => total + product, 0);
  return { terms, rest: sum - runningSum, restDimensions: products.length - terms.length, sum };
}

/** The logit that a model makes of a dot product: cap tanh(sum / cap) where it bends its logits (Gemma 2), else the sum. */
export function cappedLogit(sum: number, cap: number | null): number {
  return cap === null ? sum : cap * Math.tanh(sum / cap);
}
