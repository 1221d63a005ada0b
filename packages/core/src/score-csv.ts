// A scored token as a line of CSV: the names and the order of its cells, in the page and on the command line alike. It knows no quoting.

/** A token as CSV needs it; null for what is not known. */
export interface TokenCsv {
  readonly index: number;
  readonly id: number | null;
  readonly text: string | null;
  readonly bytesHex: string | null;
  readonly special: boolean | null;
  readonly logprobNats: number | null;
  readonly surprisalBits: number | null;
  readonly rank: number | null;
  readonly entropyBits: number | null;
}

/** The headings of `tokenCsvCells`. */
export const TOKEN_CSV_COLUMNS = [
  "textIndex",
  "tokenIndex",
  "tokenId",
  "token",
  "bytesHex",
  "special",
  "logprobNats",
  "surprisalBits",
  "rank",
  "entropyBits",
  "straddles",
] as const;

/** The cells of a token of the text with this index; `straddles` is true for one that begins in the context of what is scored. */
export function tokenCsvCells(
  token: TokenCsv,
  textIndex: number,
  straddles = false,
): readonly (string | number | boolean | null)[] {
  const { index, id, text, bytesHex, special } = token;
  const { logprobNats, surprisalBits, rank, entropyBits } = token;
  const piece = [textIndex, index, id, text, bytesHex, special];
  return [...piece, logprobNats, surprisalBits, rank, entropyBits, straddles];
}
