// tokenscope next: the distribution of the token that comes next.

import { KEPT_CANDIDATES, UsageError } from "@tokenscope/core";

export const DEFAULT_TOP = 10;

/** Throws UsageError for a list longer than what is kept of a distribution. */
export function checkTop(top: number | undefined): void {
  if (top === undefined || top <= KEPT_CANDIDATES) return;
  throw new UsageError(
    `--top ${top} is not allowed; give a whole number from 0 to ${KEPT_CANDIDATES}`,
  );
}
