// Entropy and divergence of probabilities that sum to 1, in nats. 0 log 0 counts as 0.

/** Entropy in nats. Example: a fair coin [0.5, 0.5] -> ln 2 = 0.693. */
export function entropyNats(probs: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < probs.length; i += 1) {
    const p = probs[i] ?? 0;
    if (p > 0) sum -= p * Math.log(p);
  }
  return Math.max(0, sum);
}

/** Kullback-Leibler divergence of q from p in nats; Infinity where q is 0 and p is not. Example: p = [1, 0], q = [0.5, 0.5] -> ln 2. */
export function klNats(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i += 1) {
    const own = p[i] ?? 0;
    if (own > 0) sum += own * Math.log(own / (q[i] ?? 0));
  }
  return Math.max(0, sum);
}
