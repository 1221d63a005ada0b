// The checks of what is to be run: is each id in the model's vocabulary, and is there room for them?

import { type TokenId, UsageError } from "@tokenscope/core";

/** Throws UsageError for the first id that the vocabulary does not have. */
export function checkIds(ids: readonly TokenId[], vocabularySize: number): void {
  const unknown = ids.find((id) => !(id >= 0 && id < vocabularySize));
  if (unknown === undefined) return;
  throw new UsageError(
    `token id ${unknown} is not in this model's vocabulary; ids go from 0 to ${vocabularySize - 1}`,
  );
}

/** Throws UsageError where `count` more positions do not fit behind those that are taken. */
export function checkRoom(
  count: number,
  { taken, contextLength }: { readonly taken: number; readonly contextLength: number },
): void {
  const free = contextLength - taken;
  if (count <= free) return;
  throw new UsageError(
    `${count} tokens do not fit: ${taken} of ${contextLength} positions of the context are taken and ${free} are free; shorten the text`,
  );
}
