// The absolute scale of surprise: seven classes that double in bits, and a bar whose height is continuous.

/** Bits from which each class begins; the first is 0. */
export const SURPRISE_CLASS_BITS = [0, 0.5, 1, 2, 4, 8, 16] as const;

/** Class of a token's wash. */
export type SurpriseClass = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const FULL_BAR_BITS = 16; // a bar is full here and capped above

/** Class 0 to 6 of a surprisal in bits, or null where there is none. Example: 3 bits -> 3 (from 2 to below 4). */
export function surpriseClass(bits: number | null): SurpriseClass | null {
  if (bits === null) return null;
  if (bits >= 16) return 6;
  if (bits >= 8) return 5;
  if (bits >= 4) return 4;
  if (bits >= 2) return 3;
  if (bits >= 1) return 2;
  return bits >= 0.5 ? 1 : 0;
}

/** Height of the bar under a token as a share of its full height: the square root of bits / 16, capped at 1. Example: 4 bits -> 0.5. */
export function surpriseHeight(bits: number | null): number | null {
  return bits === null
    ? null
    : Math.sqrt(Math.min(Math.max(bits, 0), FULL_BAR_BITS) / FULL_BAR_BITS);
}
