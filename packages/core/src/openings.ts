// The opening markers that a path knows, and recognising one in other tokens. Learned from the path alone, so that any model's template will do.

import type { NewToken } from "./document.ts";
import { decodeTokens } from "./piece.ts";
import { TEXT_ROLE } from "./plain-template.ts";
import type { TokenId } from "./token.ts";
import type { Vocabulary } from "./tokenizer.ts";
import type { Turn } from "./turns.ts";

/** An opening marker that was recognised: how many tokens it has and whose turn it opens. */
interface FoundOpening {
  readonly length: number;
  readonly role: string;
}

/** The opening markers of a path. */
export interface Openings {
  /** True for a token that begins turns on this path. */
  isStarter(id: TokenId): boolean;
  /** The marker that begins at ids[0], or one token later (`<bos><start_of_turn>`); null where none is recognised. */
  find(ids: readonly TokenId[]): FoundOpening | null;
}

interface Opening {
  readonly ids: readonly TokenId[]; // from the token that begins turns
  readonly role: string;
}

const ROLE_TOKENS = 8; // a role is a word; what is longer is a message

/** The opening markers of these turns. Example: `<|im_start|>user↵` and `<|im_start|>assistant↵` make `<|im_start|>tool↵` one too. */
export function openingsOf(
  path: readonly NewToken[],
  turns: readonly Turn[],
  vocabulary: Vocabulary,
): Openings {
  const opened = turns.filter((turn) => turn.role !== TEXT_ROLE && turn.contentStart > turn.start);
  const firstIds = (some: readonly Turn[]): ReadonlySet<TokenId> =>
    new Set(
      some.flatMap(({ start }) => path[start]?.id ?? []).filter((id) => vocabulary.isSpecial(id)),
    );
  const later = firstIds(opened.filter((turn) => turn.index > 0));
  const starters = later.size > 0 ? later : firstIds(opened); // before the first turn a text's own start may stand
  const known = opened.flatMap(({ start, contentStart, role }): readonly Opening[] => {
    const ids = path.slice(start, contentStart).map((token) => token.id);
    const at = ids.findIndex((id) => starters.has(id));
    return at === -1 ? [] : [{ ids: ids.slice(at), role }];
  });
  const whole = known
    .filter(({ ids }) => ids.length > 1 || known.every((other) => isAlone(other, ids)))
    .toSorted((a, b) => b.ids.length - a.ids.length);
  const frame = frameOf(whole);
  const findAt = (ids: readonly TokenId[]): FoundOpening | null => {
    const same = whole.find((opening) => startsWith(ids, opening.ids));
    if (same !== undefined) return { length: same.ids.length, role: same.role };
    return frame === null ? null : framed(ids, frame, vocabulary);
  };
  return {
    isStarter: (id) => starters.has(id),
    find(ids) {
      const [first, second] = ids;
      if (first !== undefined && starters.has(first)) return findAt(ids);
      if (second === undefined || !starters.has(second)) return null;
      const found = findAt(ids.slice(1));
      return found === null ? null : { ...found, length: found.length + 1 };
    },
  };
}

/** True unless the other marker begins with this one and goes on. */
function isAlone(other: Opening, ids: readonly TokenId[]): boolean {
  return other.ids.length === 1 || other.ids[0] !== ids[0];
}

/** What all markers begin and end with; the role stands between. */
interface Frame {
  readonly start: readonly TokenId[];
  readonly end: readonly TokenId[];
}

function frameOf(openings: readonly Opening[]): Frame | null {
  const [first, ...others] = openings;
  if (first === undefined || others.length === 0) return null;
  const shortest = Math.min(...openings.map(({ ids }) => ids.length));
  const isShared = (i: number): boolean => others.every(({ ids }) => ids.at(i) === first.ids.at(i));
  let start = 0;
  while (start < shortest - 1 && isShared(start)) start += 1;
  let end = 0;
  while (start + end < shortest - 1 && isShared(-1 - end)) end += 1;
  if (start === 0 || end === 0) return null;
  return { start: first.ids.slice(0, start), end: first.ids.slice(-end) };
}

function framed(
  ids: readonly TokenId[],
  frame: Frame,
  vocabulary: Vocabulary,
): FoundOpening | null {
  if (!startsWith(ids, frame.start)) return null;
  const from = frame.start.length;
  for (let at = from + 1; at <= from + ROLE_TOKENS && at < ids.length; at += 1) {
    const role = ids.slice(from, at);
    if (role.some((id) => vocabulary.isSpecial(id))) return null;
    if (!startsWith(ids.slice(at), frame.end)) continue;
    const name = decodeTokens(role.map((id) => vocabulary.bytes(id))).trim();
    return name === "" ? null : { length: at + frame.end.length, role: name };
  }
  return null;
}

function startsWith(ids: readonly TokenId[], start: readonly TokenId[]): boolean {
  return start.length <= ids.length && start.every((id, i) => ids[i] === id);
}
