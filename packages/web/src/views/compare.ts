// Two branches side by side: what both begin with, where they part, what each costs from there.

import {
  decodeTokens,
  formatBits,
  formatCount,
  formatPercent,
  formatPerplexity,
  formatTurnBits,
  isCounted,
  nearestBranch,
  spanMeasures,
  type TokenId,
  type Turn,
  type Vocabulary,
} from "@tokenscope/core";
import type { ComparedKeys } from "../store/branches.ts";
import type { AppState } from "../store/state.ts";
import { type AlignedTokens, alignedTokens, sameBeginning } from "./aligned.ts";
import { branchMap } from "./branch-map.ts";
import { type DocumentPath, documentPath, type Scores, scoredAt, turnHolding } from "./path.ts";
import { scoredRows } from "./scored-rows.ts";
import { countOf } from "./strip.ts";
import { tokenWord } from "./token-words.ts";

/** What a stretch of a branch costs, as it is written. */
interface CostRow {
  readonly what: string;
  readonly tokens: string;
  readonly bits: string;
  readonly perToken: string;
  readonly perplexity: string;
}

export interface CompareSide extends AlignedTokens {
  readonly key: number;
  readonly name: string;
  /** Position of the first token shown: where this side parts. */
  readonly from: number;
  /** The turn in which the two part, where that is before the reply; null elsewhere. */
  readonly said: { readonly role: string; readonly text: string } | null;
  readonly costs: readonly CostRow[];
}

export interface CompareView {
  /** Where the two part, in a sentence or two. */
  readonly where: string;
  /** p of both tokens where they part; empty where one side ends. */
  readonly odds: readonly string[];
  /** What both begin with, on one line. */
  readonly shared: string;
  readonly left: CompareSide;
  readonly right: CompareSide;
}

/** Two branches, aligned. Positions are those of each side's own path; `from` is where the tokens differ. */
export interface Alignment {
  /** Where both begin to be compared: 0, or where each reply begins. */
  readonly leftStart: number;
  readonly rightStart: number;
  /** How many tokens are the same from there. */
  readonly shared: number;
  /** The first position at which the paths differ, before the replies; null where they are aligned from the root. */
  readonly promptParting: number | null;
}

const SHOWN_TOKENS = 400; // of each side: more than a reply has
const SHARED_TAIL = 12; // tokens of what both begin with that are read again

type Shown = Pick<AppState, "history" | "scores" | "vocabulary">;

/** Keys of the branches to be compared: those chosen, while both are there and one is shown; else the one shown and the one nearest to it. Null where there is only one. */
export function comparedKeys({
  history,
  compared,
}: Pick<AppState, "history" | "compared">): ComparedKeys | null {
  const { present } = history;
  const { branches, activeKey } = present;
  const has = (key: number): boolean => branches.some((branch) => branch.key === key);
  const isShown = compared !== null && [compared.left, compared.right].includes(activeKey);
  if (compared !== null && isShown && has(compared.left) && has(compared.right)) return compared;
  const nearest = nearestBranch(present, documentPath(present).ids, activeKey);
  return nearest === null ? null : { left: activeKey, right: nearest.key };
}

/** The comparison of two branches of the document on screen. */
export function compareView(state: Shown, keys: ComparedKeys): CompareView {
  const { history, scores, vocabulary } = state;
  const doc = history.present;
  const left = documentPath(doc, keys.left);
  const right = documentPath(doc, keys.right);
  const alignment = align(left, right);
  const names = new Map(
    branchMap(doc, scores, vocabulary).lanes.map(({ key, name }) => [key, name] as const),
  );
  const sideOf = (path: DocumentPath, key: number, start: number): CompareSide => {
    const from = start + alignment.shared;
    const range = { from, shown: SHOWN_TOKENS };
    return {
      key,
      name: names.get(key) ?? "",
      from,
      said: saidAt(path, alignment.promptParting, vocabulary),
      costs: costsOf(path, scores, { from, vocabulary }),
      ...alignedTokens(
        { nodes: path.nodes, scoredAt: (at) => scoredAt(path, scores, at) },
        range,
        vocabulary,
      ),
    };
  };
  const sides = {
    left: sideOf(left, keys.left, alignment.leftStart),
    right: sideOf(right, keys.right, alignment.rightStart),
  };
  const paths = { left, right, scores, vocabulary };
  return {
    where: whereWords(paths, alignment, sides),
    odds: oddsWords(paths, alignment, sides),
    shared: sharedWords(paths, alignment),
    ...sides,
  };
}

/** Aligned where the paths part, or, where they part before the reply on both sides, from the beginning of each reply: the positions differ there. */
export function align(left: DocumentPath, right: DocumentPath): Alignment {
  const whole = sameBeginning(idsFrom(left, 0), idsFrom(right, 0));
  const [a, b] = [lastReply(left)?.contentStart, lastReply(right)?.contentStart];
  if (a === undefined || b === undefined || whole >= a || whole >= b) {
    return { leftStart: 0, rightStart: 0, shared: whole, promptParting: null };
  }
  const shared = sameBeginning(idsFrom(left, a), idsFrom(right, b));
  return { leftStart: a, rightStart: b, shared, promptParting: whole };
}

function idsFrom({ nodes }: DocumentPath, from: number): readonly number[] {
  return nodes.slice(from).map(({ id }) => id);
}

function lastReply({ turns }: DocumentPath): Turn | undefined {
  return turns.findLast(({ role }) => role === "assistant");
}

function saidAt(
  path: DocumentPath,
  position: number | null,
  vocabulary: Vocabulary,
): CompareSide["said"] {
  const turn = position === null ? undefined : turnHolding(path, position);
  if (turn === undefined) return null;
  const content = path.nodes.slice(turn.contentStart, turn.contentEnd);
  const text = decodeTokens(content.map((node) => vocabulary.bytes(node.id)));
  return { role: turn.role, text };
}

/** The reply as a whole and what follows the parting; one row where they are the same. */
function costsOf(
  path: DocumentPath,
  scores: Scores,
  { from, vocabulary }: { readonly from: number; readonly vocabulary: Vocabulary },
): readonly CostRow[] {
  const reply = lastReply(path);
  const row = (what: string, start: number, end: number): CostRow => {
    const rows = scoredRows(path, scores, { start, end }).filter(({ node }) => isCounted(node));
    const { scoredTokens, totalBits, bitsPerToken, perplexity } = spanMeasures(rows, vocabulary);
    return {
      what,
      tokens: formatCount(rows.length),
      bits: formatTurnBits(scoredTokens === 0 ? null : totalBits),
      perToken: formatBits(bitsPerToken),
      perplexity: formatPerplexity(perplexity),
    };
  };
  const since = row("since the parting", from, path.nodes.length);
  if (reply === undefined) return [since];
  const whole = row("reply", reply.contentStart, reply.end);
  return from === reply.contentStart ? [whole] : [since, whole];
}

interface Paths {
  readonly left: DocumentPath;
  readonly right: DocumentPath;
  readonly scores: Scores;
  readonly vocabulary: Vocabulary;
}

interface Sides {
  readonly left: CompareSide;
  readonly right: CompareSide;
}

function whereWords(
  { left, right }: Paths,
  { shared, promptParting }: Alignment,
  sides: Sides,
): string {
  const isLeftOver = sides.left.tokens.length === 0;
  const isRightOver = sides.right.tokens.length === 0;
  if (promptParting === null) {
    if (isLeftOver && isRightOver) return "Both hold the same tokens.";
    const at = formatCount(shared);
    if (isLeftOver) return `The left ends before position ${at}, and the right goes on.`;
    if (isRightOver) return `The right ends before position ${at}, and the left goes on.`;
    const turn = turnHolding(left, shared) ?? turnHolding(right, shared);
    return `They part at position ${at}, in the ${turn?.role ?? ""} turn.`;
  }
  const turn = turnHolding(left, promptParting)?.role ?? "";
  const prompts = `The ${turn} turns differ from position ${formatCount(promptParting)} on.`;
  if (isLeftOver || isRightOver) {
    const isEmpty = shared === 0;
    const which =
      isLeftOver && isRightOver ? "Both replies" : `The ${isLeftOver ? "left" : "right"} reply`;
    return `${prompts} ${which} ${isLeftOver && isRightOver ? "are" : "is"} ${isEmpty ? "still empty" : `the same for all ${countOf(shared, "token")}`}.`;
  }
  if (shared === 0) return `${prompts} The replies part at their first token.`;
  return `${prompts} The replies begin with the same ${countOf(shared, "token")} and then part.`;
}

/** p of both sides' tokens after what they share; under two prompts, after each. */
function oddsWords(paths: Paths, { promptParting }: Alignment, sides: Sides): readonly string[] {
  const { left, right } = sides;
  const a = paths.left.nodes[left.from];
  const b = paths.right.nodes[right.from];
  if (a === undefined || b === undefined) return [];
  if (promptParting === null) {
    const own = oddsAt(paths, { path: paths.left, at: left.from }, [a.id]);
    const other = oddsAt(paths, { path: paths.right, at: right.from }, [b.id]);
    return [...own, ...other];
  }
  const ids = [a.id, b.id];
  const under = (path: DocumentPath, at: number): string =>
    oddsAt(paths, { path, at }, ids).join(" and ");
  return [
    `on the left ${under(paths.left, left.from)}`,
    `on the right ${under(paths.right, right.from)}`,
  ];
}

/** p and rank of tokens at a place of a path: from its own score the token that came, from the kept candidates any other. */
function oddsAt(
  { scores, vocabulary }: Paths,
  { path, at }: { readonly path: DocumentPath; readonly at: number },
  ids: readonly TokenId[],
): readonly string[] {
  const came = path.nodes[at];
  const score = scoredAt(path, scores, at)?.score ?? null;
  const before = scoredAt(path, scores, at - 1)?.prediction;
  return [...new Set(ids)].map((id) => {
    const word = `“${tokenWord(id, vocabulary)}”`;
    if (id === came?.id && score !== null) {
      return `${word} ${formatPercent(Math.exp(score.logprobNats))}, rank ${formatCount(score.rank)}`;
    }
    const row = before?.topIds.indexOf(id) ?? -1;
    if (before === undefined) return `${word} not scored yet`;
    if (row === -1) {
      const least = formatPercent(Math.exp(before.topLogprobsNats.at(-1) ?? 0));
      return `${word} under ${least}`;
    }
    const p = Math.exp(before.topLogprobsNats[row] ?? 0);
    return `${word} ${formatPercent(p)}, rank ${formatCount(row + 1)}`;
  });
}

/** Example: "44 tokens the same, 61.2 bits: …story about a dragon." Under two prompts each side has bits of its own. */
function sharedWords({ left, right, scores, vocabulary }: Paths, alignment: Alignment): string {
  const { leftStart, rightStart, shared, promptParting } = alignment;
  if (shared === 0) return "";
  const bits = (path: DocumentPath, start: number): string => {
    const rows = scoredRows(path, scores, { start, end: start + shared });
    const { scoredTokens, totalBits } = spanMeasures(rows, vocabulary);
    return formatTurnBits(scoredTokens === 0 ? null : totalBits);
  };
  const cost =
    promptParting === null
      ? `${bits(left, 0)} bits`
      : `${bits(left, leftStart)} bits on the left, ${bits(right, rightStart)} on the right`;
  const end = leftStart + shared;
  const tail = left.nodes
    .slice(leftStart, end)
    .filter(({ part }) => part === "content")
    .slice(-SHARED_TAIL);
  const text = decodeTokens(tail.map((node) => vocabulary.bytes(node.id)));
  const words = text.replace(/\s+/g, " ").trim();
  return `${countOf(shared, "token")} the same, ${cost}: ${shared > SHARED_TAIL ? "…" : ""}${words}`;
}

/** What stands at the same place on both sides. Example: "3 after the parting: ·castle 2.10 bits, ·dragon 0.31 bits". */
export function pointedWords({ left, right }: CompareView, place: number): string {
  const word = ({ tokens }: CompareSide): string => {
    const token = tokens[place];
    if (token === undefined) return "nothing";
    return `${token.segments.map(({ text }) => text).join("")} ${formatBits(token.bits)} bits`;
  };
  const where = place === 0 ? "At the parting" : `${formatCount(place)} after the parting`;
  return `${where}: ${word(left)}, ${word(right)}`;
}
