// Attention from one token: all heads at a glance, one of them (or a mean) on the text, and the positions it looks at most.

import {
  type AttentionMass,
  attentionMass,
  formatCount,
  formatPercent,
  meanAttention,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  type SurpriseClass,
  type Vocabulary,
} from "@tokenscope/core";
import type { Attention, HeadChoice } from "../store/deeper.ts";
import type { Overlay } from "./coloring.ts";
import type { LookedAt } from "./deeper.ts";
import type { DocumentPath } from "./path.ts";
import { countOf } from "./strip.ts";

/** One head of the overview. */
export interface HeadCell extends AttentionMass {
  readonly layer: number;
  readonly head: number;
  readonly name: string;
}

/** A position that is looked at. */
interface AttendedRow {
  readonly position: number;
  readonly segments: readonly PieceSegment[];
  readonly percent: string;
  readonly weight: number; // 0 to 1
  readonly name: string;
}

export interface AttentionView {
  readonly layers: number; // N
  readonly heads: number; // H
  /** By head, then layer: a row of the overview is a head through the layers. */
  readonly cells: readonly (readonly HeadCell[])[];
  readonly overlay: Overlay;
  readonly rows: readonly AttendedRow[];
  readonly rest: string;
  /** What is shown, in a sentence. */
  readonly sentence: string;
}

const LISTED = 12;
const LEVELS: readonly SurpriseClass[] = [0, 1, 2, 3, 4, 5, 6];
const LEAST_HEIGHT = 0.055; // the first class of a legend still has its line

/** The whole view of one token's attention. */
export function attentionView(
  attention: Attention,
  { choice, at, path, vocabulary }: AttentionInputs,
): AttentionView {
  const { heads } = attention;
  const layers = attention.rows.length / heads;
  const weights = chosenWeights(attention, choice);
  const order = Array.from(weights.keys()).sort(
    (a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b,
  );
  const listed = order.slice(0, LISTED);
  return {
    layers,
    heads,
    cells: headCells(attention),
    overlay: attentionOverlay(weights),
    rows: listed.map((position) => attendedRow(path, position, weights[position] ?? 0, vocabulary)),
    rest: restWords(order.slice(LISTED), weights),
    sentence: `${headWords(choice, layers, heads)} at position ${formatCount(at.position)}. ${weights.length === 1 ? "There is one position to look at" : `The weights of ${countOf(weights.length, "position")} sum to 1`}.`,
  };
}

export interface AttentionInputs {
  readonly choice: HeadChoice;
  readonly at: Pick<LookedAt, "position">;
  readonly path: Pick<DocumentPath, "nodes">;
  readonly vocabulary: Vocabulary;
}

const kept = new WeakMap<Attention, Map<string, Float64Array>>();

/** The weights [position + 1] of a head, or the mean of those that were chosen; the same array for the same choice. */
export function chosenWeights(attention: Attention, { layer, head }: HeadChoice): Float64Array {
  const key = `${layer}.${head}`;
  const known = kept.get(attention) ?? new Map<string, Float64Array>();
  kept.set(attention, known);
  const weights =
    known.get(key) ??
    meanAttention(
      attention.rows
        .filter((row) => (layer ?? row.layer) === row.layer && (head ?? row.head) === row.head)
        .map((row) => row.weights),
    );
  known.set(key, weights);
  return weights;
}

const cells = new WeakMap<Attention, readonly (readonly HeadCell[])[]>();

function headCells(attention: Attention): readonly (readonly HeadCell[])[] {
  const known = cells.get(attention);
  if (known !== undefined) return known;
  const built = Array.from({ length: attention.heads }, (_, head) =>
    attention.rows.filter((row) => row.head === head).map(headCell),
  );
  cells.set(attention, built);
  return built;
}

function headCell({ layer, head, weights }: Attention["rows"][number]): HeadCell {
  const mass = attentionMass(weights);
  const parts = [
    ["the first token", mass.first],
    ["itself", mass.self],
    ["the one before", mass.previous],
    ["elsewhere", mass.elsewhere],
  ] as const;
  const words = parts.map(([where, share]) => `${where} ${formatPercent(share)}`).join(", ");
  return { ...mass, layer, head, name: `layer ${layer}, head ${head}: ${words}` };
}

function attendedRow(
  { nodes }: AttentionInputs["path"],
  position: number,
  weight: number,
  vocabulary: Vocabulary,
): AttendedRow {
  const node = nodes[position];
  const bytes = node === undefined ? new Uint8Array() : vocabulary.bytes(node.id);
  const percent = formatPercent(weight);
  return {
    position,
    segments: pieceGlyphs(bytes),
    percent,
    weight,
    name: `${pieceName(bytes)}, position ${position}, ${percent}`,
  };
}

function restWords(others: readonly number[], weights: Float64Array): string {
  if (others.length === 0) return "";
  const share = others.reduce((sum, position) => sum + (weights[position] ?? 0), 0);
  return `${countOf(others.length, "other position")}: ${formatPercent(share)}`;
}

function headWords({ layer, head }: HeadChoice, layers: number, heads: number): string {
  if (layer === null && head === null) return `Mean over all ${formatCount(layers * heads)} heads`;
  if (head === null) return `Mean over the ${formatCount(heads)} heads of layer ${layer}`;
  if (layer === null) return `Mean over ${countOf(layers, "layer")} of head ${head}`;
  return `Layer ${layer}, head ${head}`;
}

const STEP_WEIGHTS = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const STEP_LABELS = ["<1", "1", "2", "5", "10", "20", "50+"];

/** The weights as they lie on the tokens: a wash for each class, and a bar of the root of the weight, so that 1 % is still seen. Positions that are not looked at from here have nothing. */
function attentionOverlay(weights: Float64Array): Overlay {
  return {
    title: "% of attention",
    steps: STEP_WEIGHTS.map((weight, i) => ({
      label: STEP_LABELS[i] ?? "",
      height: Math.max(LEAST_HEIGHT, Math.sqrt(weight)),
    })),
    tints: Array.from(weights, (weight) => ({
      level: LEVELS.findLast((level) => weight >= (STEP_WEIGHTS[level] ?? 0)) ?? 0,
      height: Math.sqrt(weight),
    })),
  };
}
