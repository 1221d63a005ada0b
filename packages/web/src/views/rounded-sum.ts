// What is said of a sum whose terms, as they are written, do not add up to its total, as that is written.

/** " (terms rounded)" where the written terms miss the written total; else empty. Example: 1.838 + 1.235 = 3.073 is written 1.84 + 1.24 = 3.07. */
export function roundedWords(termBits: readonly number[], totalBits: number): string {
  return isOff(termBits, totalBits) ? " (terms rounded)" : "";
}

/** True where numbers of two decimals add up to another number of two decimals than their sum is. */
export function isOff(terms: readonly number[], total: number): boolean {
  return terms.reduce((sum, term) => sum + hundredths(term), 0) !== hundredths(total);
}

function hundredths(value: number): number {
  return Math.round(Number(value.toFixed(2)) * 100);
}
