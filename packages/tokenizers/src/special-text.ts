// Finds written tokens, such as <|im_end|>, in a text. Knows nothing of what surrounds them.

import type { TokenId } from "@tokenscope/core";

/** A token written out in a text: UTF-16 offsets, end exclusive. */
export interface WrittenToken {
  readonly id: TokenId;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Finds the leftmost, then longest, written tokens of a text, in order. */
export type TokenFinder = (text: string) => readonly WrittenToken[];

/** Builds a finder of these tokens; empty names are never found. */
export function buildTokenFinder(idOf: ReadonlyMap<string, TokenId>): TokenFinder {
  const lengthsOf = nameLengths(idOf);
  if (lengthsOf.size === 0) return () => [];
  const firsts = new RegExp(`[${[...lengthsOf.keys()].map(escaped).join("")}]`, "g");
  const tokenAt = (text: string, start: number): WrittenToken | undefined => {
    for (const length of lengthsOf.get(text.charAt(start)) ?? []) {
      const name = text.slice(start, start + length);
      const id = idOf.get(name);
      if (id !== undefined) return { id, text: name, start, end: start + name.length };
    }
    return undefined;
  };
  return (text) => {
    const found: WrittenToken[] = [];
    for (const { index } of text.matchAll(firsts)) {
      const token = index < (found.at(-1)?.end ?? 0) ? undefined : tokenAt(text, index);
      if (token) found.push(token);
    }
    return found;
  };
}

/** The lengths of the names that begin with a UTF-16 unit, longest first: Gemma's 6,250 names have 40, and no pattern of them all is quick. */
function nameLengths(idOf: ReadonlyMap<string, TokenId>): ReadonlyMap<string, readonly number[]> {
  const sets = new Map<string, Set<number>>();
  for (const name of idOf.keys()) {
    if (name === "") continue;
    const lengths = sets.get(name.charAt(0)) ?? new Set();
    sets.set(name.charAt(0), lengths.add(name.length));
  }
  return new Map(
    Array.from(sets, ([first, lengths]) => [first, [...lengths].sort((a, b) => b - a)]),
  );
}

/** The text with every lone surrogate replaced by U+FFFD, as UTF-8 must have it. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
