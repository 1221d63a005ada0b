// A model's own terms: shown before it is fetched, and accepted by a person at the terminal or by --accept-terms.

import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { formatMegabytes, UsageError } from "@tokenscope/core";
import type { ModelEntry } from "@tokenscope/models";
import { type World, writeLine } from "./world.ts";

/** Asks a person and gives the line that was typed, "" at the end of the input. */
export type Ask = (question: string) => Promise<string>;

export interface Acceptance {
  readonly isAccepted: boolean; // --accept-terms was given
  readonly ask: Ask | null; // null where nobody can be asked
}

/** Shows the entry's terms on stderr and returns once they are accepted, at once where it has none; throws UsageError where they are not. */
export async function acceptTerms(
  entry: ModelEntry,
  { isAccepted, ask }: Acceptance,
  { stderr }: Pick<World, "stderr">,
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

/** Asks at this process's terminal; null where its input or the world's stderr is none. */
export function terminalAsk({ stderr, signal }: Pick<World, "stderr" | "signal">): Ask | null {
  if (!process.stdin.isTTY || !stderr.isTerminal) return null;
  return async (question) => {
    const lines = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: false,
    }); // as a terminal it would swallow Ctrl-C
    try {
      const ended = once(lines, "close").then(() => null);
      const answer = await Promise.race([lines.question(question, { signal }), ended]);
      if (answer === null) await stderr.write("\n"); // nobody pressed Enter
      return answer ?? "";
    } finally {
      lines.close();
    }
  };
}
