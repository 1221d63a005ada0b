// Asking memory for many lines at once, before they are read one by one: where a machine does not fetch ahead by itself, each line
// would be waited for singly, and weights come at a fifth of what memory gives (docs/decisions/0005).

export const TOUCHED_BYTES: usize = 32_768; // what fits the cache nearest to a core
const LINE_BYTES: usize = 64;

/** What was read last; exported so that no compiler leaves the reading out. */
export let touched: i32 = 0;

/** Reads a word of each line of [from, from + bytes): the lines come all together. */
export function touch(from: usize, bytes: usize): void {
  const end = from + bytes;
  let seen: i32 = 0;
  for (; from + 4 * LINE_BYTES <= end; from += 4 * LINE_BYTES) {
    seen |= load<i32>(from) | load<i32>(from, 64) | load<i32>(from, 128) | load<i32>(from, 192);
  }
  for (; from + 4 <= end; from += LINE_BYTES) seen |= load<i32>(from);
  touched = seen;
}
