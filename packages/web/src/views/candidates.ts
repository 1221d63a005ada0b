// The candidates of one position. Listed rows, pinned row and rest add up to 1.

import {
  type CutBy,
  formatBits,
  formatCount,
  formatPercent,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  type SettingsRow,
  type SettingsView,
  surprisalBits,
  type TokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { SearchResult } from "../store/state.ts";
import type { Place, PlaceViews } from "./place.ts";

/** A row. Widths are shares of the axis, 0 to 1; `after` is null in the raw view. */
export interface CandidateRow {
  readonly id: TokenId;
  readonly rank: string;
  readonly segments: readonly PieceSegment[];
  readonly percent: string;
  readonly bits: string;
  readonly width: number;
  readonly after: { readonly text: string; readonly width: number; readonly isCut: boolean } | null;
  readonly isActual: boolean;
  readonly isSpecial: boolean;
  readonly name: string; // for a screen reader
}

export interface RestRow {
  readonly label: string;
  readonly percent: string;
  readonly width: number;
  readonly isBroken: boolean; // longer than the axis
  readonly after: string | null;
}

export interface CandidateTable {
  readonly axis: string; // where the axis ends, such as "20 %"
  readonly rows: readonly CandidateRow[];
  readonly pinned: CandidateRow | null;
  readonly rest: RestRow;
  readonly isAfter: boolean;
  /** What "Copy as text" takes: the first ten, the token that came, and the rest, which add up to 1 too. */
  readonly copied: { readonly rows: readonly CandidateRow[]; readonly rest: RestRow };
  /** What stands over the rows of a search; null without one. */
  readonly searchNote: string | null;
}

export interface CandidateInputs {
  readonly place: Place;
  readonly views: PlaceViews;
  readonly isAfter: boolean;
  readonly query: string;
  readonly search: SearchResult | null;
  readonly vocabulary: Vocabulary;
}

const AXIS_ENDS = [0.05, 0.1, 0.2, 0.3, 0.5, 1] as const;

const COPIED = 10; // a hand-in wants the ten most likely

const CUT_WORDS: Readonly<Record<CutBy, string>> = {
  temperature: "T = 0",
  "top-k": "top-k",
  "top-p": "top-p",
  "min-p": "min-p",
};

/** The table of a place, or of a search at it. */
export function candidateTable(inputs: CandidateInputs): CandidateTable {
  const { place, views, isAfter, vocabulary } = inputs;
  const most = Math.max(
    ...[...views.raw.rows, ...(views.after?.rows ?? [])].map(highestProbability),
  );
  const axisEnd = AXIS_ENDS.find((end) => most <= end) ?? 1;
  const search = searchOf(inputs);
  const entries = search?.entries ?? ranked(views.raw.rows);
  const row = rowBuilder(inputs, axisEnd);
  const actual = place.token;
  const isListed = actual === null || entries.some((entry) => entry.id === actual.node.id);
  const pinned =
    actual === null || actual.score === null || isListed
      ? null
      : { id: actual.node.id, ...actual.score };
  const shown = pinned === null ? entries : [...entries, pinned];
  const copied = copiedEntries(shown, actual?.node.id ?? null);
  return {
    axis: `${Math.round(axisEnd * 100)} %`,
    rows: entries.map(row),
    pinned: pinned === null ? null : row(pinned),
    rest: restRow(shown, inputs, axisEnd),
    isAfter,
    copied: { rows: copied.map(row), rest: restRow(copied, inputs, axisEnd) },
    searchNote: search === null ? null : searchNote(search.result, vocabulary),
  };
}

interface Entry {
  readonly id: TokenId;
  readonly logprobNats: number;
  readonly rank: number;
}

function searchOf({ query, search, place }: CandidateInputs): {
  readonly entries: readonly Entry[];
  readonly result: SearchResult;
} | null {
  const isCurrent = search?.node === place.contextNode && search?.query === query;
  return query.trim() === "" || search === null || !isCurrent
    ? null
    : { entries: search.rows, result: search };
}

function copiedEntries(shown: readonly Entry[], actual: TokenId | null): readonly Entry[] {
  return shown.filter((entry, i) => i < COPIED || entry.id === actual);
}

/** Rows in order of rank with their ranks; tokens of equal probability share one. */
function ranked(rows: readonly SettingsRow[]): readonly Entry[] {
  let rank = 1;
  return rows.map(({ id, rawLogprobNats }, i) => {
    if (rawLogprobNats !== rows[i - 1]?.rawLogprobNats) rank = i + 1;
    return { id, logprobNats: rawLogprobNats, rank };
  });
}

function rowBuilder(inputs: CandidateInputs, axisEnd: number): (entry: Entry) => CandidateRow {
  const { views, vocabulary, isAfter } = inputs;
  const afterRows = new Map<TokenId, SettingsRow>();
  for (const row of [...(views.after?.rows ?? []), ...(views.after?.pinned ?? [])]) {
    afterRows.set(row.id, row);
  }
  const actualId = inputs.place.token?.node.id;
  return ({ id, logprobNats, rank }) => {
    const bytes = vocabulary.bytes(id);
    const probability = Math.exp(logprobNats);
    const after = isAfter ? afterOf(afterRows.get(id), views.after, axisEnd) : null;
    const percent = formatPercent(probability);
    const bits = formatBits(surprisalBits(logprobNats));
    const isActual = id === actualId;
    const words = [`rank ${formatCount(rank)}`, pieceName(bytes), percent, `${bits} bits`];
    if (after !== null) words.push(after.isCut ? `cut by ${after.text}` : `after ${after.text}`);
    const isSpecial = vocabulary.isSpecial(id);
    if (isSpecial) words.push("special token");
    if (isActual) words.push("the token that came");
    return {
      id,
      rank: formatCount(rank),
      segments: pieceGlyphs(bytes),
      percent,
      bits,
      width: Math.min(1, probability / axisEnd),
      after,
      isActual,
      isSpecial,
      name: words.join(", "),
    };
  };
}

function afterOf(
  row: SettingsRow | undefined,
  after: SettingsView | null,
  axisEnd: number,
): NonNullable<CandidateRow["after"]> {
  if (row === undefined) {
    const isCut = after !== null && after.restAfterProbability === 0;
    return { text: isCut ? "cut" : "n/a", width: 0, isCut };
  }
  if (row.cutBy !== null) return { text: CUT_WORDS[row.cutBy], width: 0, isCut: true };
  const width = Math.min(1, row.afterProbability / axisEnd);
  return { text: formatPercent(row.afterProbability), width, isCut: false };
}

function restRow(shown: readonly Entry[], inputs: CandidateInputs, axisEnd: number): RestRow {
  const { views, vocabulary, isAfter } = inputs;
  const listed = shown.reduce((sum, entry) => sum + Math.exp(entry.logprobNats), 0);
  const count = vocabulary.size - shown.length;
  const mass = count === 0 ? 0 : Math.max(0, 1 - listed);
  return {
    label: `${formatCount(count)} other token${count === 1 ? "" : "s"}`,
    percent: formatPercent(mass),
    width: Math.min(1, mass / axisEnd),
    isBroken: mass > axisEnd,
    after: isAfter ? restAfter(shown, views.after) : null,
  };
}

function restAfter(shown: readonly Entry[], after: SettingsView | null): string {
  if (after === null) return "n/a";
  const ids = new Set(shown.map((entry) => entry.id));
  const hidden = [...after.rows, ...after.pinned].filter((row) => !ids.has(row.id));
  const mass = hidden.reduce((sum, row) => sum + row.afterProbability, after.restAfterProbability);
  return mass === 0 ? "cut" : formatPercent(Math.min(1, mass));
}

function highestProbability(row: SettingsRow): number {
  return Math.max(Math.exp(row.rawLogprobNats), row.afterProbability);
}

function searchNote(result: SearchResult, vocabulary: Vocabulary): string | null {
  const { query, rows, matches, needsModel } = result;
  const shown = query.trim() === "" ? query : query.trim();
  if (needsModel) {
    const found = rows.length === 0 ? `None of them contains '${shown}'.` : "";
    return `Only the candidates stored here were searched; the rest needs the model. ${found}`.trim();
  }
  if (matches === 0) return `No token of the ${formatCount(vocabulary.size)} contains '${shown}'.`;
  const all = `${formatCount(matches)} match${matches === 1 ? "" : "es"}`;
  return rows.length < matches
    ? `${formatCount(rows.length)} of ${all}, the most likely first`
    : `${all}, the most likely first`;
}
