// The branch map: the whole document, one lane a branch, bits as height.

import {
  decodeTokens,
  formatBits,
  formatCount,
  formatTurnBits,
  isCounted,
  scoreBits,
  sharedLength,
  spanMeasures,
  surpriseHeight,
  type TokenDocument,
  type Vocabulary,
} from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import { type DocumentPath, documentPath, replyTurn, type Scores } from "./path.ts";
import { scoredRows } from "./scored-rows.ts";

/** A bar over positions [from, to): the maximum of its bucket, as a share of the full height. */
export interface MapBar {
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly isActive: boolean; // on the active path, the part it shares included
}

export interface BranchLane {
  readonly key: number;
  readonly name: string;
  /** The branch's own first words, on one line; empty where it has none of its own. */
  readonly firstWords: string;
  readonly isActive: boolean;
  /** Where it leaves its parent, and the parent's lane; null for the first branch. */
  readonly fork: { readonly position: number; readonly lane: number } | null;
  readonly length: number;
  readonly bars: readonly MapBar[];
  readonly replyTokens: string;
  readonly replyBits: string;
  readonly bitsPerToken: string;
}

interface MapTurn {
  readonly role: string;
  readonly from: number;
  readonly to: number;
}

export interface BranchMap {
  readonly lanes: readonly BranchLane[];
  readonly turns: readonly MapTurn[]; // of the active path
  readonly width: number; // positions
}

const MIN_WIDTH = 64; // a short document does not get fat bars
const MAX_BARS = 600; // more would be thinner than a pixel
const FIRST_TOKENS = 16; // of a branch's own: a line of a phone
const MAX_NAME_CHARACTERS = 18;

const NAME_CHARACTER_PX = 6.3; // of a role in the head of the map, generously
const NAME_GAPS_PX = 10;

/** What the head of the map says over each turn: its role where that fits before the next turn begins, else the role's first letter, else nothing. Half a word says less. */
export function turnNames({ turns, width }: BranchMap, widthPx: number): readonly string[] {
  return turns.map(({ role, from }, i) => {
    const to = turns[i + 1]?.from ?? width; // after the last one there is room
    const roomPx = ((to - from) / width) * widthPx;
    const fits = (text: string): boolean =>
      text.length * NAME_CHARACTER_PX + NAME_GAPS_PX <= roomPx;
    return [role, role.slice(0, 1)].find(fits) ?? "";
  });
}

/** The turn over a position, "next" being in the last one; -1 where there is none. */
export function turnAt({ turns }: Pick<BranchMap, "turns">, position: number): number {
  return turns.findLastIndex(({ from }) => from <= position);
}

/** The map of a document. */
export function branchMap(doc: TokenDocument, scores: Scores, vocabulary: Vocabulary): BranchMap {
  const paths = doc.branches.map((branch) => documentPath(doc, branch.key));
  const active = documentPath(doc);
  const width = 1 + Math.max(MIN_WIDTH, ...paths.map((path) => path.nodes.length));
  const taken = new Map<string, number>();
  const lanes = doc.branches.map((branch, lane): BranchLane => {
    const path = paths[lane] ?? active;
    const fork = forkOf(paths, lane);
    const at = fork?.position ?? null;
    const name = numbered(branch.name ?? branchName(path, at, vocabulary), taken);
    return {
      key: branch.key,
      name,
      firstWords: firstWords(path, at ?? replyTurn(path)?.contentStart ?? 0, vocabulary),
      isActive: branch.key === doc.activeKey,
      fork,
      length: path.nodes.length,
      bars: barsOf(path, scores, {
        from: fork?.position ?? 0,
        activeTo: sharedLength(path.ids, active.ids),
        width,
      }),
      ...replyFigures(path, scores, vocabulary),
    };
  });
  const turns = active.turns.map(({ role, start, end }) => ({ role, from: start, to: end }));
  return { lanes, turns, width };
}

/** A branch is named after its first own words: "main", "There's…" where it begins a message, "…dragon's" within one. */
export function branchName(
  path: DocumentPath,
  fork: number | null,
  vocabulary: Vocabulary,
): string {
  if (fork === null) return "main";
  if (fork === path.nodes.length) return `ends at ${formatCount(fork)}`;
  const own = path.nodes.slice(fork);
  const content = own.filter((node) => node.part === "content");
  const named = content.length === 0 ? own : content;
  const text = decodeTokens(named.slice(0, 8).map((node) => vocabulary.bytes(node.id)));
  const word = text.trim().split(/\s+/)[0] ?? "";
  const characters = Array.from(word === "" ? "newline" : word);
  const short = characters.slice(0, MAX_NAME_CHARACTERS).join("");
  const first = named[0]?.position ?? fork;
  const beginsMessage = path.turns.some((turn) => turn.contentStart === first);
  return beginsMessage ? `${short}…` : `…${short}`;
}

/** The name of one branch as the map has it. */
export function branchLabel(
  { history, scores, vocabulary }: Pick<AppState, "history" | "scores" | "vocabulary">,
  key: number,
): string {
  const { lanes } = branchMap(history.present, scores, vocabulary);
  return lanes.find((lane) => lane.key === key)?.name ?? "";
}

/** What stands from a position on, on one line. Example: "dragon's tail swept the floor of…". */
function firstWords(path: DocumentPath, from: number, vocabulary: Vocabulary): string {
  const own = path.nodes.slice(from).filter((node) => node.part === "content");
  const pieces = own.slice(0, FIRST_TOKENS).map((node) => vocabulary.bytes(node.id));
  const text = decodeTokens(pieces).replace(/\s+/g, " ").trim();
  return own.length > FIRST_TOKENS ? `${text}…` : text;
}

function numbered(name: string, taken: Map<string, number>): string {
  const count = (taken.get(name) ?? 0) + 1;
  taken.set(name, count);
  return count === 1 ? name : `${name} ${count}`;
}

function forkOf(paths: readonly DocumentPath[], lane: number): BranchLane["fork"] {
  const own = paths[lane];
  if (own === undefined || lane === 0) return null;
  let fork = { position: 0, lane: 0 };
  for (let other = 0; other < lane; other += 1) {
    const shared = sharedLength(own.ids, paths[other]?.ids ?? []);
    if (shared > fork.position) fork = { position: shared, lane: other };
  }
  return fork;
}

interface BarOptions {
  readonly from: number;
  readonly activeTo: number;
  readonly width: number;
}

function barsOf(path: DocumentPath, scores: Scores, options: BarOptions): readonly MapBar[] {
  const bucket = Math.ceil(options.width / MAX_BARS);
  const bars: MapBar[] = [];
  let from = options.from;
  while (from < path.ids.length) {
    const end = Math.min(path.ids.length, (Math.floor(from / bucket) + 1) * bucket);
    const to = from < options.activeTo ? Math.min(end, options.activeTo) : end; // no bar is of two colours
    const heights = path.ids.slice(from, to).flatMap((id) => {
      const height = surpriseHeight(scoreBits(scores.get(id)?.score ?? null));
      return height === null ? [] : [height];
    });
    const isActive = from < options.activeTo;
    if (heights.length > 0) bars.push({ from, to, height: Math.max(...heights), isActive });
    from = to;
  }
  return bars;
}

function replyFigures(
  path: DocumentPath,
  scores: Scores,
  vocabulary: Vocabulary,
): Pick<BranchLane, "replyTokens" | "replyBits" | "bitsPerToken"> {
  const reply = replyTurn(path);
  const rows = reply === undefined ? [] : scoredRows(path, scores, reply);
  const counted = rows.filter((row) => isCounted(row.node));
  const figures = spanMeasures(counted, vocabulary);
  return {
    replyTokens: formatCount(counted.length),
    replyBits: formatTurnBits(figures.scoredTokens === 0 ? null : figures.totalBits),
    bitsPerToken: formatBits(figures.bitsPerToken),
  };
}
