// Turn, role and part of every token after an edit. Knows no document and writes nothing.
//
// The rule: a turn begins where one began before, or where a token is written that begins turns on this path (`<|im_start|>`).
// Its opening marker is one that the path knows, or reads like those (`<|im_start|>` name newline: the name is the role).
// Its message ends at an end token, or where its closing marker began before. What has lost the start of its own turn or of its
// closing marker belongs to the message before it. Everything else follows its place.

import type { NewToken } from "./document.ts";
import { type Openings, openingsOf } from "./openings.ts";
import { TEXT_ROLE } from "./plain-template.ts";
import type { TokenId } from "./token.ts";
import type { TurnPart, Vocabulary } from "./tokenizer.ts";
import { type Turn, turnsOf } from "./turns.ts";

/** A token to write: what it is and how it came; where it stands is found out. */
type WrittenToken = Pick<NewToken, "id" | "origin">;

/** Positions [from, to) of a path give way to `tokens`. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly tokens: readonly WrittenToken[];
}

/** What the rule must know of a model. */
export interface MarkFormat {
  readonly vocabulary: Vocabulary;
  readonly endTokenIds: readonly TokenId[];
}

/** A token of the turns that an edit touches. */
interface Item extends WrittenToken {
  /** Where it stood before; null for a token that is written. */
  readonly keptAt: number | null;
  /** Its marks before; of a written token those of the one whose place it takes; null for an insertion. */
  readonly old: NewToken | null;
  readonly starts: boolean;
  readonly ends: boolean;
}

/** The turn that the walk is in. */
interface Current {
  readonly turn: number;
  readonly role: string;
  /** Its number before the edit; null where the edit began it. */
  readonly before: number | null;
  /** Where a recognised opening marker ends, as an index into the items; null where the old marks say it. */
  readonly openUntil: number | null;
}

interface Scene {
  readonly path: readonly NewToken[];
  readonly turns: readonly Turn[];
  readonly splice: Splice;
  readonly openings: Openings;
  readonly endTokenIds: readonly TokenId[];
}

const ORDER: Readonly<Record<TurnPart, number>> = { open: 0, content: 1, close: 2 };

/** The whole path after a splice, each token with its marks. Turns before the edit stay as they are, those after it change their number alone. */
export function markedAfter(
  path: readonly NewToken[],
  splice: Splice,
  { vocabulary, endTokenIds }: MarkFormat,
): readonly NewToken[] {
  const turns = turnsOf(path);
  const openings = openingsOf(path, turns, vocabulary);
  const scene: Scene = { path, turns, splice, openings, endTokenIds };
  const first = turns.find((turn) => splice.from <= turn.end) ?? turns[0];
  const start = first?.start ?? 0;
  const next = turns.find((turn) => turn.start >= splice.to && turn.start > start);
  const marked = walk(itemsOf(scene, start, next?.start ?? path.length), scene);
  const turnsThere = (marked.at(-1)?.turn ?? -1) + 1; // nothing is left only of a path's first turn
  const shift = next === undefined ? 0 : turnsThere - next.index;
  const later = next === undefined ? [] : path.slice(next.start);
  return [
    ...path.slice(0, start).map(bare),
    ...marked,
    ...later.map((token) => ({ ...bare(token), turn: token.turn + shift })),
  ];
}

/** A token without what only its place in a tree says. */
function bare({ id, origin, turn, role, part }: NewToken): NewToken {
  return { id, origin, turn, role, part };
}

function itemsOf(scene: Scene, start: number, end: number): readonly Item[] {
  const { path, turns, splice, openings, endTokenIds } = scene;
  const { from, to, tokens } = splice;
  const starts = new Set(turns.map((turn) => turn.start));
  const closes = new Set(turns.filter((turn) => turn.isClosed).map((turn) => turn.contentEnd));
  // What is written before the first token of all joins its turn.
  const joinsFirst = from + to === 0 && !tokens.some(({ id }) => openings.isStarter(id));
  const kept = (token: NewToken, keptAt: number): Item => ({
    id: token.id,
    origin: token.origin,
    keptAt,
    old: token,
    starts: starts.has(keptAt) && !(keptAt === 0 && joinsFirst),
    ends: closes.has(keptAt) || (token.part === "close" && endTokenIds.includes(token.id)),
  });
  const isOneForOne = tokens.length === to - from;
  const written = tokens.map(({ id, origin }, i): Item => {
    const takesPlace = from + i < to && (isOneForOne || i === 0);
    const isStart = (takesPlace && starts.has(from + i)) || openings.isStarter(id);
    const old = takesPlace ? (path[from + i] ?? null) : null;
    return { id, origin, keptAt: null, old, starts: isStart, ends: endTokenIds.includes(id) };
  });
  return [
    ...path.slice(start, from).map((token, i) => kept(token, start + i)),
    ...written,
    ...path.slice(to, end).map((token, i) => kept(token, to + i)),
  ];
}

function walk(items: readonly Item[], scene: Scene): readonly NewToken[] {
  const marked: NewToken[] = [];
  let current: Current | null = null;
  let phase: TurnPart = "open";
  for (const [k, item] of items.entries()) {
    if (current === null || item.starts) {
      current = begun(items, k, current, scene);
      phase = "open";
    }
    const part = partOf(items, k, current, phase);
    if (ORDER[part] > ORDER[phase]) phase = part;
    const { id, origin } = item;
    marked.push({ id, origin, turn: current.turn, role: current.role, part: phase });
  }
  return marked;
}

function begun(
  items: readonly Item[],
  k: number,
  previous: Current | null,
  { path, turns, splice, openings }: Scene,
): Current {
  const item = items[k];
  const isFirst = previous === null; // there is always a turn, whatever stands at its start
  const old = item?.old ?? (isFirst ? (path[0] ?? null) : null);
  const turn = isFirst ? (old?.turn ?? 0) : previous.turn + 1;
  const before = old?.turn ?? null;
  const own = turns.find((candidate) => candidate.index === before);
  const isTouched =
    own === undefined || (splice.from <= own.contentStart && splice.to >= own.start);
  const ids = items.slice(k).map(({ id }) => id);
  const found = isTouched || item?.keptAt == null ? openings.find(ids) : null;
  if (found !== null) return { turn, role: found.role, before, openUntil: k + found.length };
  const isBare = old === null && item !== undefined && openings.isStarter(item.id);
  return { turn, role: old?.role ?? TEXT_ROLE, before, openUntil: isBare ? k + 1 : null };
}

function partOf(items: readonly Item[], k: number, current: Current, phase: TurnPart): TurnPart {
  const item = items[k];
  if (item === undefined) return "content";
  const { openUntil } = current;
  if (openUntil !== null && k < openUntil) return "open";
  if (item.ends) return "close";
  if (phase === "close") return "close";
  const canBeOpen = openUntil === null && phase === "open";
  return canBeOpen && isOpenHere(items, k, current) ? "open" : "content";
}

/** Whether a token stands in the opening marker: by its own old place in this turn, or written between two tokens of it. */
function isOpenHere(items: readonly Item[], k: number, { before }: Current): boolean {
  const isOwnOpen = (other: Item | undefined): boolean =>
    other?.old?.part === "open" && other.old.turn === before;
  const item = items[k];
  if (item?.old != null) return isOwnOpen(item);
  const next = items.slice(k + 1).find((other) => other.keptAt !== null);
  return isOwnOpen(next);
}
