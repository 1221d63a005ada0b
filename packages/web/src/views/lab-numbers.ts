// The numbers of an attachment as a table, which both worksheets write.

import {
  formatBits,
  formatCount,
  formatPercent,
  formatRank,
  surprisalBits,
} from "@tokenscope/core";
import { type Attachment, attachmentBits, piece } from "./lab-attachment.ts";

export interface NumberTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line under it; empty without one. */
  readonly total: string;
}

/** Tokens with p, bits and rank; of "next", and of a position beside its token, the most likely ones. */
export function attachmentTables(attachment: Attachment): readonly NumberTable[] {
  const { tokens, candidates, from, kind, vocabularySize } = attachment;
  const bits = attachmentBits(attachment);
  const own: NumberTable = {
    head: ["position", "token", "p", "bits", "rank"],
    rows: tokens.map(({ bytes, logprobNats, rank }, i) => [
      formatCount(from + i),
      piece(bytes),
      ...numbers(logprobNats),
      formatRank(rank, vocabularySize),
    ]),
    total:
      kind === "span" && bits !== null
        ? `${formatBits(bits.total)} bits together, ${formatBits(bits.perToken)} per token${bits.rounded}`
        : "",
  };
  const likely: NumberTable = {
    head: ["rank", "most likely here", "p", "bits"],
    rows: candidates.map(({ bytes, logprobNats }, i) => [
      formatCount(i + 1),
      piece(bytes),
      ...numbers(logprobNats),
    ]),
    total: "",
  };
  return [own, likely].filter(({ rows }) => rows.length > 0);
}

function numbers(logprobNats: number | null): readonly string[] {
  if (logprobNats === null) return [formatPercent(null), formatBits(null)];
  return [formatPercent(Math.exp(logprobNats)), formatBits(surprisalBits(logprobNats))];
}
