// A batch of the toy: texts side by side, a pass of which takes the next tokens of all of them.

import type { Batch, ScoredToken, Sequence } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { TokenId } from "../token.ts";
import { checkIds, type ToyParts, withToken } from "./toy-text.ts";

const BATCH_TOKENS = 8; // a pass takes at most as many, whoever they belong to

interface ToyBatchParts extends ToyParts {
  readonly open: (tokens: readonly ScoredToken[]) => Sequence;
}

interface Member {
  tokens: readonly ScoredToken[];
  hasLeft: boolean;
}

interface Row {
  readonly member: Member;
  readonly id: TokenId;
}

/** `count` members that begin with this text. */
export function openToyBatch(
  beginning: readonly ScoredToken[],
  count: number,
  { contextLength, onRun, open }: ToyBatchParts,
): Batch {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`toy: a batch of ${count} members; it has 0 or more`);
  }
  const openMember = (tokens: readonly ScoredToken[]): Member => ({ tokens, hasLeft: false });
  const members = Array.from({ length: count }, () => openMember(beginning));
  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new EngineError("toy: the batch is closed; open another");
  };
  return {
    get members() {
      return members.map(({ tokens }) => tokens);
    },
    async append(parts, { signal } = {}) {
      checkOpen();
      checkParts(parts, members, contextLength);
      const [all, before] = [[...members], members.map(({ tokens }) => tokens.length)];
      const rows = parts.flatMap((part, i) => rowsOf(members[i], part));
      for (let from = 0; from < rows.length; from += BATCH_TOKENS) {
        signal?.throwIfAborted();
        await Promise.resolve(); // as an engine's pass, which others may call in on
        onRun();
        for (const { member, id } of rows.slice(from, from + BATCH_TOKENS)) {
          if (!member.hasLeft) member.tokens = withToken(member.tokens, id, {});
        }
      }
      return all.map(({ tokens }, i) => tokens.slice(before[i]));
    },
    join(sequence) {
      checkOpen();
      const left = members.findIndex(({ hasLeft }) => hasLeft);
      const place = left < 0 ? members.length : left;
      members[place] = openMember(sequence.tokens);
      return place;
    },
    fork: (place) => open(memberAt(members, place).tokens),
    leave(place) {
      const member = memberAt(members, place);
      member.hasLeft = true;
      member.tokens = [];
    },
    close() {
      isClosed = true;
      for (const member of members) member.tokens = [];
    },
  };
}

function checkParts(
  parts: readonly (readonly TokenId[])[],
  members: readonly Member[],
  contextLength: number,
): void {
  if (parts.length !== members.length) {
    throw new RangeError(
      `toy: ${parts.length} parts for ${members.length} members; give [] for none`,
    );
  }
  for (const [i, part] of parts.entries()) {
    if (part.length > 0) checkIds(part, memberAt(members, i).tokens, contextLength);
  }
}

function rowsOf(member: Member | undefined, ids: readonly TokenId[]): readonly Row[] {
  return member === undefined ? [] : ids.map((id) => ({ member, id }));
}

function memberAt(members: readonly Member[], place: number): Member {
  const member = members[place];
  if (member !== undefined && !member.hasLeft) return member;
  throw new RangeError(`toy: the batch has no member ${place}`);
}
