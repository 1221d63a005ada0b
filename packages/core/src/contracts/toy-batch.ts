// A batch of the toy: texts side by side, a pass of which takes the next tokens of all of them.

import type { Batch, ScoredToken } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { checkIds, type ToyParts, withToken } from "./toy-text.ts";

const BATCH_TOKENS = 8; // a pass takes at most as many, whoever they belong to

/** `count` members that begin with this text. */
export function openToyBatch(
  beginning: readonly ScoredToken[],
  count: number,
  { contextLength, onRun }: ToyParts,
): Batch {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`toy: a batch of ${count} members; it has 1 at least`);
  }
  let members: readonly (readonly ScoredToken[])[] = Array.from({ length: count }, () => beginning);
  let isClosed = false;
  return {
    get members() {
      return members;
    },
    async append(parts, { signal } = {}) {
      if (isClosed) throw new EngineError("toy: the batch is closed; open another");
      if (parts.length !== count) {
        throw new RangeError(`toy: ${parts.length} parts for ${count} members; give [] for none`);
      }
      for (const [i, part] of parts.entries()) checkIds(part, members[i] ?? [], contextLength);
      const before = members.map(({ length }) => length);
      const rows = parts.flatMap((part, member) => part.map((id) => ({ member, id })));
      for (let from = 0; from < rows.length; from += BATCH_TOKENS) {
        signal?.throwIfAborted();
        onRun();
        const longer = [...members];
        for (const { member, id } of rows.slice(from, from + BATCH_TOKENS)) {
          longer[member] = withToken(longer[member] ?? [], id, {});
        }
        members = longer;
      }
      return members.map((tokens, member) => tokens.slice(before[member]));
    },
    close() {
      isClosed = true;
      members = members.map(() => []);
    },
  };
}
