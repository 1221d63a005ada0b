// What `next` prints for people: the likeliest tokens with bars, what is left, and the tokens that were asked for.

import { bitsFromNats, formatBits, formatCount, formatPercent, formatRank } from "@tokenscope/core";
import { bar, paintOf } from "./paint.ts";
import type { PrintedCandidate } from "./score-output.ts";
import { tableLines } from "./table.ts";
import { type World, widestLine } from "./world.ts";

/** A distribution as its JSON has it, with null for what a server did not tell. */
export interface PrintedNext {
  readonly model: { readonly id: string; readonly precision: string | null };
  readonly context: { readonly ids: readonly number[] | null };
  readonly entropyBits: number | null;
  readonly top: readonly PrintedCandidate[];
  readonly restProbability: number;
  readonly named: readonly (PrintedCandidate & { readonly rank: number | null })[];
}

/** What is said around the numbers. */
export interface NextWords {
  readonly vocabularySize: number | null;
  readonly candidateGlyphs: (
    candidate: Pick<PrintedCandidate, "id" | "text" | "bytesHex">,
  ) => string;
  readonly start: string; // of the convention or limit that the numbers stand under, after the entropy
}

const BAR_CELLS = 20;
const FEWEST_COLUMNS = 60; // of a terminal that has room for bars

/** Lines of the table; bars are parts of the whole, so that a full one is 100 %. */
export function nextLines(
  { top, restProbability, entropyBits, named, model }: PrintedNext,
  { vocabularySize, candidateGlyphs, start }: NextWords,
  world: Pick<World, "stdout" | "env">,
): readonly string[] {
  const { stdout } = world;
  const paint = paintOf(world);
  const hasBars = stdout.columns >= FEWEST_COLUMNS;
  const bars = (probability: number) => (hasBars ? [bar(probability, 1, BAR_CELLS)] : []);
  const cells = (rank: string, candidate: PrintedCandidate) => {
    const { id, logprobNats } = candidate;
    const probability = Math.exp(logprobNats);
    const shown = candidateGlyphs(candidate);
    const numbers = [formatPercent(probability), ...bars(probability)];
    return [rank, id === null ? "n/a" : String(id), ...numbers, bits(logprobNats), shown];
  };
  const heading = (first: string) => [
    { heading: first, isNumber: true },
    { heading: "id", isNumber: true },
    { heading: "probability", isNumber: true },
    ...(hasBars ? [{ heading: "", paint: paint.probability }] : []),
    { heading: "bits", isNumber: true },
    { heading: "token" },
  ];
  const left = [formatPercent(restProbability), ...bars(restProbability)];
  const rest = ["", "", ...left, "", "(all other tokens)"];
  const rows = top.map((candidate, i) => cells(String(i + 1), candidate));
  const rankOf = (rank: number | null) =>
    rank === null || vocabularySize === null ? formatCount(rank) : formatRank(rank, vocabularySize);
  const asked = named.map((token) => cells(rankOf(token.rank), token));
  const widest = widestLine(stdout);
  return [
    ...tableLines(heading(""), [...rows, rest], widest),
    ...(asked.length > 0 ? ["", ...tableLines(heading("rank"), asked, widest)] : []),
    "",
    `entropy ${formatBits(entropyBits)} bits${start}; ${model.id}, ${model.precision ?? "in the server's own precision"}`,
  ];
}

function bits(logprobNats: number): string {
  return formatBits(bitsFromNats(0 - logprobNats));
}
