// The turns along a path: who speaks from where to where. Derived from the tokens' own marks, never stored.

import type { NewToken } from "./document.ts";

/** Half-open ranges of positions: opening marker [start, contentStart), message [contentStart, contentEnd), closing marker [contentEnd, end). */
export interface Turn {
  readonly index: number;
  readonly role: string;
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
  /** True once a closing marker stands, whether the template or the model wrote it. */
  readonly isClosed: boolean;
}

/** The turns of a path, in order. */
export function turnsOf(path: readonly NewToken[]): readonly Turn[] {
  const turns: Turn[] = [];
  let start = 0;
  while (start < path.length) {
    const first = path[start];
    let end = start;
    while (end < path.length && path[end]?.turn === first?.turn) end += 1;
    turns.push(turnIn(path, start, end));
    start = end;
  }
  return turns;
}

function turnIn(path: readonly NewToken[], start: number, end: number): Turn {
  let contentStart = start;
  while (contentStart < end && path[contentStart]?.part === "open") contentStart += 1;
  let contentEnd = contentStart;
  while (contentEnd < end && path[contentEnd]?.part === "content") contentEnd += 1;
  const { turn: index = 0, role = "" } = path[start] ?? {};
  return { index, role, start, contentStart, contentEnd, end, isClosed: contentEnd < end };
}

/** True where a token counts in its turn's totals: a content token, or a stop token that the model or the user produced; a marker written by End turn does not. */
export function isCounted(token: NewToken): boolean {
  return token.part === "content" || (token.part === "close" && token.origin !== "template");
}
