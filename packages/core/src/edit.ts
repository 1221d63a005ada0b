// Editing token by token: replace, insert and remove anywhere on the active path. The later tokens stay, to be scored again; the old path stays too.

import { activePath, branchAt, extend, nodesOf, type TokenDocument } from "./document.ts";
import { type MarkFormat, markedAfter, type Splice } from "./edit-marks.ts";

/**
 * A new branch in which positions [from, to) of the active path give way to the splice's tokens; at the end of an open path it grows in place.
 * Turn, role and part are found by edit-marks.ts. The same document where nothing changes; throws RangeError outside the path.
 */
export function editTokens(doc: TokenDocument, splice: Splice, format: MarkFormat): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const { from, to } = splice;
  if (!(from >= 0 && from <= to && to <= path.length)) {
    throw new RangeError(`editTokens: ${from} to ${to} is not in 0 to ${path.length}`);
  }
  const marked = markedAfter(path, splice, format);
  const isSame = (i: number): boolean => {
    const [a, b] = [path[i], marked[i]];
    if (a === undefined || b === undefined) return false;
    return (
      a.id === b.id &&
      a.origin === b.origin &&
      a.turn === b.turn &&
      a.role === b.role &&
      a.part === b.part
    );
  };
  let parting = 0;
  while (isSame(parting)) parting += 1;
  const written = marked.slice(parting);
  if (parting < path.length) return branchAt(doc, parting, written);
  return written.length === 0 ? doc : extend(doc, written);
}
