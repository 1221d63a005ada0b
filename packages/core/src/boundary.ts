// Where a context ends and the measured text begins, in tokens that were cut from both as one string.

/** `firstIndex` is the first token that begins at or after the boundary (the token count where none does); `straddlingIndex` the token that begins before and ends after it, or null. */
export interface BoundarySplit {
  readonly firstIndex: number;
  readonly straddlingIndex: number | null;
}

/** Finds a byte boundary among tokens. Example: pieces "New", " York" with the boundary after "New " (4 bytes): " York" straddles and nothing begins after it. Throws RangeError for a boundary outside the text. */
export function boundarySplit(pieces: readonly Uint8Array[], boundaryBytes: number): BoundarySplit {
  let start = 0;
  let straddlingIndex: number | null = null;
  for (const [index, piece] of pieces.entries()) {
    if (start >= boundaryBytes) return { firstIndex: index, straddlingIndex };
    const end = start + piece.length;
    if (end > boundaryBytes) straddlingIndex = index;
    start = end;
  }
  if (boundaryBytes < 0 || boundaryBytes > start) {
    throw new RangeError(
      `boundarySplit: byte ${boundaryBytes} is outside a text of ${start} bytes`,
    );
  }
  return { firstIndex: pieces.length, straddlingIndex };
}
