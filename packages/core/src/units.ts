// The one place where nats become bits. Storage is in nats, display in bits.

/** Surprisal in bits of an event with this log-probability: -log2 p. Example: p = 1/8 (-2.079 nats) -> 3 bits. */
export function surprisalBits(logprobNats: number): number {
  return 0 - logprobNats / Math.LN2; // 0 - x, not -x: a certain token has surprisal 0, not -0
}

/** Nats to bits. Example: ln 8 = 2.079 nats -> 3 bits. */
export function bitsFromNats(nats: number): number {
  return nats / Math.LN2;
}

/** Perplexity of a text: 2^(total bits / scored tokens), or null where nothing was scored. Example: 6 bits over 3 tokens -> 4. */
export function perplexity(totalBits: number, scoredTokens: number): number | null {
  return scoredTokens === 0 ? null : 2 ** (totalBits / scoredTokens);
}
