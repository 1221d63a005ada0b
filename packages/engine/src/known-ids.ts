// The one check of token ids that come from outside: is each of them in the model's vocabulary?

import { type TokenId, UsageError } from "@tokenscope/core";

/** Throws UsageError for the first id that the vocabulary does not have. */
export function checkIds(ids: readonly TokenId[], vocabularySize: number): void {
  const unknown = ids.find((id) => !(id >= 0 && id < vocabularySize));
  if (unknown === undefined) return;
  throw new UsageError(
    `token id ${unknown} is not in this model's vocabulary; ids go from 0 to ${vocabularySize - 1}`,
  );
}
