// Merges neighbouring pieces of a text, the best pair first, until no pair may merge. Knows no vocabulary.

/** How early text[start, middle) and text[middle, end) merge: the highest goes first; undefined for a pair that never does. */
export type PairPriority = (
  text: string,
  start: number,
  middle: number,
  end: number,
) => number | undefined;

/** A pair that waits: pieces are named by the index of their first symbol, and the right one ends where `after` starts. */
interface WaitingPair {
  readonly priority: number;
  readonly left: number;
  readonly right: number;
  readonly after: number;
}

/**
 * Cuts `text` into symbols at `starts` and merges; returns the bounds of the pieces left, from 0 to the text's length.
 * Equal priorities merge from left to right. Takes n log n steps for n symbols.
 * Example: "aaa" as three symbols, where only "a" and "a" merge → 0, 2, 3.
 */
export function mergedBounds(
  text: string,
  starts: readonly number[],
  priorityOf: PairPriority,
): readonly number[] {
  const count = starts.length;
  const startOf = (symbol: number) => starts[symbol] ?? text.length;
  // A linked list of the pieces left. A piece that went into its left neighbour has no next.
  const next: (number | undefined)[] = starts.map((_, i) => i + 1);
  const previous = starts.map((_, i) => i - 1);
  const waiting: WaitingPair[] = [];
  const consider = (left: number, right: number) => {
    const after = next[right];
    if (left < 0 || after === undefined) return;
    const priority = priorityOf(text, startOf(left), startOf(right), startOf(after));
    if (priority !== undefined) push(waiting, { priority, left, right, after });
  };
  for (let right = 1; right < count; right++) consider(right - 1, right);

  for (let pair = pop(waiting); pair; pair = pop(waiting)) {
    const { left, right, after } = pair;
    if (next[left] !== right || next[right] !== after) continue; // one of the two has merged since
    next[left] = after;
    next[right] = undefined;
    if (after < count) previous[after] = left;
    consider(previous[left] ?? -1, left);
    consider(left, after);
  }

  const bounds = [0];
  for (let piece = next[0]; piece !== undefined; piece = next[piece]) bounds.push(startOf(piece));
  return bounds;
}

/** Whether a pair leaves the queue before another. */
function isBefore(a: WaitingPair, b: WaitingPair): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.left < b.left);
}

// Invariant of the binary heap: no pair is before its parent, which stands at half its index.
function push(heap: WaitingPair[], pair: WaitingPair): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (!above || !isBefore(pair, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = pair;
}

function pop(heap: WaitingPair[]): WaitingPair | undefined {
  const first = heap[0];
  const moved = heap.pop();
  if (!moved || heap.length === 0) return first;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    const right = heap[child + 1];
    const left = heap[child];
    if (right && left && isBefore(right, left)) child += 1;
    const below = heap[child];
    if (!below || !isBefore(below, moved)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = moved;
  return first;
}
