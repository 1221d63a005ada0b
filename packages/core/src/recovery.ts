// Whether a text comes back to its usual surprise after a token that was forced: a running mean against a mean. Knows no tokens.

/** Tokens in a running mean: shorter is noise, longer would average the jump away. */
export const RECOVERY_WINDOW = 8;

export interface Recovery {
  /** Mean bits of the last 8 values at each place; null before there are 8. */
  readonly meanBits: readonly (number | null)[];
  /** How many tokens after the forced one the mean is first no higher than usual; null where it never is. */
  readonly backAfter: number | null;
  /** The lowest of the means; null where there is none. */
  readonly lowestMeanBits: number | null;
}

/**
 * Surprisal of the tokens after a forced one, the forced one left out, against the usual bits a token.
 * Example: usual 1, and after it 9, then eight times 1: the first mean of 8 is 2, the next 1, so it is back after 9 tokens.
 */
export function recovery(bitsAfter: readonly number[], usualBits: number): Recovery {
  const meanBits = runningMeans(bitsAfter, RECOVERY_WINDOW);
  const there = meanBits.filter((mean) => mean !== null);
  const back = meanBits.findIndex((mean) => mean !== null && mean <= usualBits);
  return {
    meanBits,
    backAfter: back === -1 ? null : back + 1,
    lowestMeanBits: there.length === 0 ? null : Math.min(...there),
  };
}

/** Mean of the last `window` values at each place; null before there are so many. Each is summed afresh, so that no rounding is carried on. */
export function runningMeans(
  values: readonly number[],
  window: number,
): readonly (number | null)[] {
  return values.map((_, i) => {
    if (i + 1 < window) return null;
    const last = values.slice(i + 1 - window, i + 1);
    return last.reduce((sum, value) => sum + value, 0) / window;
  });
}
