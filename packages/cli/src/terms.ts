// A model's own terms: shown before it is fetched, and accepted by a person at the terminal or by --accept-terms.

import { formatMegabytes, UsageError } from "@tokenscope/core";
import type { ModelEntry } from "@tokenscope/models";
import { type World, writeLine } from "./world.ts";

/** Shows the entry's terms on stderr and returns once they are accepted, at once where it has none; throws UsageError where they are not. */
export async function acceptTerms(
  entry: ModelEntry,
  isAccepted: boolean, // --accept-terms was given
  { stderr, ask }: Pick<World, "stderr" | "ask">,
): Promise<void> {
  const { id, label, licence, terms, fileBytes } = entry;
  if (terms === null) return;
  const lines = [`${label} has terms of its own: ${licence}`, ...terms.urls, terms.summary];
  for (const line of lines) await writeLine(stderr, line);
  if (isAccepted) return;
  if (ask === null) {
    throw new UsageError(
      `"${id}" is fetched only when its terms are accepted; read them, then run tokenscope models fetch ${id} --accept-terms`,
    );
  }
  const answer = await ask(
    `Do you accept these terms, and fetch ${formatMegabytes(fileBytes)}? [y/N] `,
  );
  if (/^\s*y(es)?\s*$/i.test(answer)) return;
  throw new UsageError(`the terms of "${id}" were not accepted, so nothing was fetched`);
}
