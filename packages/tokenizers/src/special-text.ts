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
  const names = [...idOf.keys()].filter((name) => name !== "");
  if (names.length === 0) return () => [];
  names.sort((a, b) => b.length - a.length); // the alternation takes the first that fits
  const pattern = new RegExp(names.map(escaped).join("|"), "g"); // quick for Gemma's 6,414 names too: 10 MB a second
  return (text) => {
    const found: WrittenToken[] = [];
    for (const match of text.matchAll(pattern)) {
      const id = idOf.get(match[0]);
      if (id === undefined) continue;
      found.push({ id, text: match[0], start: match.index, end: match.index + match[0].length });
    }
    return found;
  };
}

/** The text with every lone surrogate replaced by U+FFFD, as UTF-8 must have it. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
