// Range requests (RFC 9110, section 14) on one file. Knows no file, only its size.

/** Bytes `first` to `last`, both inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The range a header asks for: null for the whole file (no header, several ranges, or one that cannot be read: all may be ignored), "unsatisfiable" where no byte of it exists. Example: "bytes=-2" of 10 bytes -> 8 to 9. */
export function parseByteRange(
  header: string | undefined,
  fileBytes: number,
): ByteRange | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(" ", "") ?? "");
  if (match === null) return null;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return null;
  if (from === "") return suffixRange(Number(to), fileBytes);
  const first = Number(from);
  if (to !== "" && Number(to) < first) return null;
  if (first >= fileBytes) return "unsatisfiable";
  return { first, last: to === "" ? fileBytes - 1 : Math.min(Number(to), fileBytes - 1) };
}

function suffixRange(suffixBytes: number, fileBytes: number): ByteRange | "unsatisfiable" {
  if (suffixBytes === 0 || fileBytes === 0) return "unsatisfiable";
  return { first: Math.max(0, fileBytes - suffixBytes), last: fileBytes - 1 };
}
