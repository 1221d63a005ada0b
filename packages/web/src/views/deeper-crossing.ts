// Two models at one place: each one's candidates for what comes next, joined by what the tokens say, and what the token that came costs in each.

import {
  bitsFromNats,
  type CrossCandidate,
  type CrossPlace,
  formatBits,
  formatCount,
  formatMegabytes,
  formatPercent,
  pieceGlyphs,
  pieceName,
  scoreBits,
  type TokenId,
  type TokenScore,
  type Vocabulary,
} from "@tokenscope/core";
import type { Crossing } from "../store/deeper.ts";
import type { ModelShelf } from "../store/models.ts";
import type { LoadedModel, ModelFile } from "../worker/protocol.ts";
import type { EnginesRow, EnginesView, SideView } from "./deeper-engines.ts";
import { countOf } from "./strip.ts";

/** A model with its vocabulary, as it is called here. */
export interface NamedModel {
  readonly name: string;
  readonly vocabulary: Vocabulary;
}

export interface CrossingView extends Pick<EnginesView, "rows" | "rest"> {
  /** One number of each model's a line. */
  readonly figures: readonly {
    readonly label: string;
    readonly own: string;
    readonly other: string;
  }[];
  /** How the other model read the text, a sentence each. */
  readonly words: readonly string[];
}

/** Both models at a place; `actual` is the page's own token there with its score, null at "next". */
export function crossingView(
  { read, both, next }: Omit<Crossing, "of">,
  models: { readonly own: NamedModel; readonly other: NamedModel },
  actual: { readonly id: TokenId; readonly score: TokenScore | null } | null,
): CrossingView {
  const { own, other } = models;
  const most = both.candidates.reduce(
    (highest, sides) => Math.max(highest, probability(sides.own), probability(sides.other)),
    0,
  );
  return {
    rows: both.candidates.map((candidate) =>
      rowOf(candidate, {
        own: sideOf(candidate.own, most),
        other: sideOf(candidate.other, most),
        names: { own: own.name, other: other.name },
        actual: actual?.id ?? null,
      }),
    ),
    rest: {
      label: "all other tokens",
      own: restPercent(both.candidates.map((sides) => sides.own)),
      other: restPercent(both.candidates.map((sides) => sides.other)),
    },
    figures: [
      {
        label: "entropy, bits",
        own: entropyBits(both.ownEntropyNats),
        other: entropyBits(both.otherEntropyNats),
      },
      ...costFigures(
        actual && costOf(own, actual.id, actual.score),
        read.nextId === null || next === null ? null : costOf(other, read.nextId, next),
      ),
    ],
    words: readWords(read, own, other),
  };
}

interface RowSides {
  readonly own: SideView;
  readonly other: SideView;
  readonly names: { readonly own: string; readonly other: string };
  readonly actual: TokenId | null;
}

/** A token in both, with the row's name. */
function rowOf(
  { bytes, isSpecial, own: place }: Pick<CrossCandidate, "bytes" | "isSpecial" | "own">,
  { own, other, names, actual }: RowSides,
): EnginesRow {
  return {
    key: `${isSpecial}${bytes.join()}`,
    segments: pieceGlyphs(bytes),
    own,
    other,
    isActual: place !== null && place.id === actual,
    name: `${pieceName(bytes)}: ${names.own} ${sideWords(own)}; ${names.other} ${sideWords(other)}`,
  };
}

/** Of a token that may not be there. */
export function probability(place: Pick<CrossPlace, "logprobNats"> | null): number {
  return place === null ? 0 : Math.exp(place.logprobNats);
}

function sideOf(place: CrossPlace | null, most: number): SideView {
  if (place === null) return { rank: "", percent: "no such token", width: 0 };
  const share = probability(place);
  const width = most === 0 ? 0 : share / most;
  return { rank: formatCount(place.rank), percent: formatPercent(share), width };
}

/** A side in the row's name. */
export function sideWords({ rank, percent }: SideView): string {
  return rank === "" ? percent : `rank ${rank}, ${percent}`;
}

/** The mass of what is not listed. */
export function restPercent(places: readonly (Pick<CrossPlace, "logprobNats"> | null)[]): string {
  return formatPercent(Math.max(0, 1 - places.reduce((sum, place) => sum + probability(place), 0)));
}

export function entropyBits(nats: number): string {
  return formatBits(bitsFromNats(nats));
}

export interface Cost {
  readonly piece: string;
  readonly bits: string;
  readonly byByte: string;
}

/** The token that came, in one model's reading: its bits, and those by byte, which is what two tokenizers can be compared in. */
export function costOf({ vocabulary }: NamedModel, id: TokenId, score: TokenScore | null): Cost {
  const bytes = vocabulary.bytes(id);
  const bits = scoreBits(score);
  const isText = !vocabulary.isSpecial(id) && bytes.length > 0;
  const piece = pieceGlyphs(bytes)
    .map(({ text }) => text)
    .join("");
  const byByte = formatBits(bits === null || !isText ? null : bits / bytes.length);
  return { piece, bits: formatBits(bits), byByte };
}

const NO_COST: Cost = { piece: "n/a", bits: "n/a", byByte: "n/a" };

/** Nothing at "next", where no token has come. */
export function costFigures(own: Cost | null, other: Cost | null): CrossingView["figures"] {
  if (own === null) return [];
  const { piece, bits, byByte } = other ?? NO_COST;
  return [
    { label: "the token that came", own: own.piece, other: piece },
    { label: "its bits", own: own.bits, other: bits },
    { label: "its bits a byte", own: own.byByte, other: byByte },
  ];
}

function readWords(
  { ids, straddlingId, isPlain }: Crossing["read"],
  own: NamedModel,
  other: NamedModel,
): readonly string[] {
  const how = isPlain
    ? "as plain text, since it has no chat template"
    : "in its own tokens, and its own markers where there are messages";
  const read = `${other.name} reads the same text ${how}: ${countOf(ids.length, "token")} before this place.`;
  if (straddlingId === null) return [read];
  const piece = JSON.stringify(new TextDecoder().decode(other.vocabulary.bytes(straddlingId)));
  return [
    read,
    `In the whole text its token ${piece} crosses this place, where ${own.name} begins a token; what it predicts here follows a text that it would cut in another way.`,
  ];
}

/** What may stand beside the page's model: its other precision, then the models of this host and those that this browser keeps. */
export function secondChoices(
  { hosted, kept }: Pick<ModelShelf, "hosted" | "kept">,
  { identity }: LoadedModel,
): readonly ModelFile[] {
  const files = [
    ...hosted.map(({ file }) => file),
    ...kept.map(({ sha256, label, fileBytes }): ModelFile => {
      const name = label || `sha256 ${sha256.slice(0, 12)}`;
      return { id: name, label: name, url: "", sha256, fileBytes };
    }),
  ];
  const seen = new Set([identity.sha256]);
  return files.filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256));
}

const MEMORY_GROWTH = 5 / 3; // at most, from a file to its weights in memory, by its types (docs/decisions/0005)
const MEMORY_SHARE = 0.5; // of the device's, for both models: the browser and the page need the rest

/** Why a second model cannot be had here, in a sentence, or null; a browser that does not tell its device's memory is not doubted. */
export function secondRefusal(
  choice: "precision" | ModelFile,
  loaded: LoadedModel,
  memoryBytes: number | null,
): string | null {
  if (choice === "precision" || choice.calls !== undefined || memoryBytes === null) return null;
  const { identity, weightBytes } = loaded;
  const running = identity.backend === "node-cpu" ? 0 : weightBytes[identity.precision];
  const needed = choice.fileBytes * MEMORY_GROWTH + running;
  if (needed <= memoryBytes * MEMORY_SHARE) return null;
  return `${choice.label} does not fit beside ${loaded.label} here: the two take about ${formatMegabytes(needed)}, and this device has ${formatMegabytes(memoryBytes)} for everything. Choose a smaller model.`;
}

/** What a second model costs, before it is loaded. */
export function secondModelCost({ label, fileBytes, calls, url }: ModelFile): string {
  if (calls !== undefined) {
    return `${label} runs on the server, which opens it now; nothing is downloaded.`;
  }
  const from =
    url === "" ? "that this browser keeps" : "from this page's host, unless it is kept already";
  return `${label} is a file of ${formatMegabytes(fileBytes)} ${from}, and takes as much memory or, by its quantisation, up to two thirds more, beside the page's own model. It is closed with this drawer.`;
}
