// One position as the panel shows it: raw and after settings side by side, with what is not listed as a rest.

import { KEPT_CANDIDATES, type Prediction } from "./engine.ts";
import { filterKept } from "./kept-candidates.ts";
import { logSumExp } from "./logits.ts";
import { type Logits, rankIndexOf, topCandidates } from "./rank-order.ts";
import { applySettings, type CutBy, type Cuts, cutBy } from "./sampling.ts";
import type { SamplingSettings } from "./settings.ts";
import { type TokenId, tokenId } from "./token.ts";

export interface SettingsRow {
  readonly id: TokenId;
  readonly rawLogprobNats: number;
  readonly afterProbability: number; // 0 where cut
  readonly cutBy: CutBy | null;
}

/** Invariant: rows, pinned rows and rest add up to 1, raw and after. */
export interface SettingsView {
  readonly rows: readonly SettingsRow[]; // in order of raw rank
  readonly pinned: readonly SettingsRow[]; // asked for, and not among the rows
  readonly keptCount: number; // tokens that the settings keep
  readonly restCount: number; // tokens neither listed nor pinned
  readonly restRawProbability: number;
  readonly restAfterProbability: number;
}

export interface SettingsViewOptions {
  readonly top?: number; // rows, 50 unless told
  readonly pinned?: readonly TokenId[];
}

export interface KeptViewOptions {
  readonly vocabularySize: number;
  readonly top?: number; // rows, all that are kept unless told
  /** Tokens to pin with their logprob: the one that came carries it in its score. */
  readonly pinned?: readonly { readonly id: TokenId; readonly logprobNats: number }[];
}

/** The view of logits [V] under settings: one head run gives it at any position. */
export function settingsView(
  logits: Logits,
  settings: SamplingSettings,
  { top = KEPT_CANDIDATES, pinned = [] }: SettingsViewOptions = {},
): SettingsView {
  const { probs, cuts } = applySettings(logits, settings);
  const logZ = logSumExp(logits);
  const rowAt = (id: number, rankIndex: number): SettingsRow => ({
    id: tokenId(id),
    rawLogprobNats: (logits[id] ?? 0) - logZ,
    afterProbability: probs[rankIndex] ?? 0,
    cutBy: cutBy(cuts, rankIndex),
  });
  const listed = topCandidates(logits, top);
  const rows = Array.from(listed, rowAt);
  const pinnedRows = pinned
    .filter((id) => !listed.includes(id))
    .map((id) => rowAt(id, rankIndexOf(logits, id)));
  return withRest({ rows, pinned: pinnedRows, cuts, vocabularySize: logits.length });
}

/** The same view from a prediction's kept candidates alone (probabilities within float32), or null where they do not determine it and the head must run. */
export function settingsViewFromTop(
  prediction: Prediction,
  settings: SamplingSettings,
  { vocabularySize, top: wanted, pinned = [] }: KeptViewOptions,
): SettingsView | null {
  const { topIds, topLogprobsNats } = prediction;
  const top = wanted ?? topIds.length; // a recording may keep fewer than 50
  const kept = filterKept(prediction, settings, vocabularySize);
  if (kept === null || (top > topIds.length && topIds.length < vocabularySize)) return null;
  const rowAt = (id: TokenId, logprobNats: number, rankIndex: number): SettingsRow => ({
    id,
    rawLogprobNats: logprobNats,
    afterProbability: kept.probs[rankIndex] ?? (kept.isWhole ? 0 : Math.exp(logprobNats)),
    cutBy: cutBy(kept.cuts, rankIndex),
  });
  const listed = topIds.subarray(0, top);
  const rows = Array.from(listed, (id, i) => rowAt(tokenId(id), topLogprobsNats[i] ?? 0, i));
  const pinnedRows = pinned
    .filter(({ id }) => !listed.includes(id))
    .map(({ id, logprobNats }) => {
      const i = topIds.indexOf(id);
      return i < 0
        ? rowAt(id, logprobNats, topIds.length) // beyond the kept, every place has the same filter
        : rowAt(id, topLogprobsNats[i] ?? 0, i);
    });
  return withRest({ rows, pinned: pinnedRows, cuts: kept.cuts, vocabularySize });
}

interface ViewParts {
  readonly rows: readonly SettingsRow[];
  readonly pinned: readonly SettingsRow[];
  readonly cuts: Cuts;
  readonly vocabularySize: number;
}

function withRest({ rows, pinned, cuts, vocabularySize }: ViewParts): SettingsView {
  const shown = [...rows, ...pinned];
  const rest = (mass: (row: SettingsRow) => number): number =>
    Math.max(0, 1 - shown.reduce((sum, row) => sum + mass(row), 0));
  const restCount = vocabularySize - shown.length;
  const shownKept = shown.filter((row) => row.cutBy === null && row.rawLogprobNats > -Infinity);
  return {
    rows,
    pinned,
    keptCount: cuts.minP,
    restCount,
    restRawProbability: restCount === 0 ? 0 : rest((row) => Math.exp(row.rawLogprobNats)),
    restAfterProbability: cuts.minP > shownKept.length ? rest((row) => row.afterProbability) : 0,
  };
}
