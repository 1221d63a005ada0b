// An edited text back to tokens: only what changed is tokenised again.
//
// The rule. Old and new are compared character by character; a special token, and a byte that belongs to no character, count as one.
// Tokens that lie wholly in the common beginning or the common end are kept, as far as they end between two characters.
// What lies between is tokenised together with the kept token on either side. Where no token ends at the joint, that neighbour
// is tokenised again too, and so on outwards: " cat" with an s put behind it becomes " cats". All other tokens keep their ids,
// even where a fresh tokenisation would differ.

import { characterUnits, type TextRun } from "./editable-text.ts";
import { exactTokens } from "./exact-tokens.ts";
import { type TokenId, tokenId } from "./token.ts";
import type { Tokenizer, Vocabulary } from "./tokenizer.ts";

/** Tokens [from, to) of the old ones give way to `ids`. */
export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly ids: readonly TokenId[];
}

// A text as numbers: a byte is itself, a special token is SPECIAL + id.
type Symbols = readonly number[];
const SPECIAL = 256;

/** What must be written so that these tokens say the edited text; an empty range and no ids where they do already. Throws UsageError for a byte that no token has. */
export function textEdit(
  old: readonly TokenId[],
  edited: readonly TextRun[],
  tokenizer: Tokenizer,
): TextEdit {
  const pieces = old.map((id) => tokenSymbols(id, tokenizer.vocabulary));
  const before = pieces.flat();
  const after = edited.flatMap(runSymbols);
  const starts = runningLengths(pieces); // symbols before each token, and before the end
  const startOf = (token: number): number => starts[token] ?? before.length;
  const borders = new Set(runningLengths(unitsOf(before)));
  const isJoint = (token: number): boolean => borders.has(startOf(token));

  const common = commonLengths(unitsOf(before), unitsOf(after));
  let from = starts.findLastIndex((start, i) => start <= common.start && isJoint(i));
  let to = starts.findIndex(
    (start, i) => i >= from && start >= before.length - common.end && isJoint(i),
  );
  if (common.start === before.length && common.start === after.length) {
    return { from, to: from, ids: [] };
  }
  for (;;) {
    const left = pieces[from - 1] ?? [];
    const right = pieces[to] ?? [];
    const middle = after.slice(startOf(from), after.length - (before.length - startOf(to)));
    const ids = exactTokens(runsOf([...left, ...middle, ...right]), tokenizer);
    const ends = runningLengths(ids.map((id) => tokenSymbols(id, tokenizer.vocabulary)));
    const first = ends.indexOf(left.length);
    const last = ends.indexOf(left.length + middle.length);
    if (first !== -1 && last !== -1) return trimmed(old, { from, to, ids: ids.slice(first, last) });
    if (first === -1) from = starts.findLastIndex((_, i) => i < from && isJoint(i));
    if (last === -1) to = starts.findIndex((_, i) => i > to && isJoint(i));
  }
}

/** Less the tokens at either end that stand there already. */
function trimmed(old: readonly TokenId[], { from, to, ids }: TextEdit): TextEdit {
  const most = Math.min(to - from, ids.length);
  let start = 0;
  while (start < most && old[from + start] === ids[start]) start += 1;
  let end = 0;
  while (end < most - start && old[to - 1 - end] === ids.at(-1 - end)) end += 1;
  return { from: from + start, to: to - end, ids: ids.slice(start, ids.length - end) };
}

function tokenSymbols(id: TokenId, vocabulary: Vocabulary): Symbols {
  return vocabulary.isSpecial(id) ? [SPECIAL + id] : [...vocabulary.bytes(id)];
}

function runSymbols(run: TextRun): Symbols {
  return run.kind === "special" ? [SPECIAL + run.id] : [...run.bytes];
}

function runsOf(symbols: Symbols): readonly TextRun[] {
  const runs: TextRun[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) runs.push({ kind: "bytes", bytes: Uint8Array.from(bytes) });
    bytes = [];
  };
  for (const symbol of symbols) {
    if (symbol < SPECIAL) bytes.push(symbol);
    else {
      flush();
      runs.push({ kind: "special", id: tokenId(symbol - SPECIAL) });
    }
  }
  flush();
  return runs;
}

/** Symbols cut into characters. */
function unitsOf(symbols: Symbols): readonly Symbols[] {
  return runsOf(symbols).flatMap((run) =>
    run.kind === "special"
      ? [[SPECIAL + run.id]]
      : characterUnits(run.bytes).map((unit) => [...unit]),
  );
}

/** Lengths before each part, and of all. Example: [ab, c] -> [0, 2, 3]. */
function runningLengths(parts: readonly Symbols[]): readonly number[] {
  const lengths = [0];
  let total = 0;
  for (const part of parts) {
    total += part.length;
    lengths.push(total);
  }
  return lengths;
}

/** How many symbols two texts share, in whole characters, at the start and then at the end. */
function commonLengths(
  a: readonly Symbols[],
  b: readonly Symbols[],
): { readonly start: number; readonly end: number } {
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && isSame(a[head], b[head])) head += 1;
  let tail = 0;
  while (tail < most - head && isSame(a.at(-1 - tail), b.at(-1 - tail))) tail += 1;
  const lengthOf = (units: readonly Symbols[]): number => units.flat().length;
  return { start: lengthOf(a.slice(0, head)), end: lengthOf(a.slice(a.length - tail)) };
}

function isSame(a: Symbols = [], b: Symbols = []): boolean {
  return a.length === b.length && a.every((symbol, i) => symbol === b[i]);
}
