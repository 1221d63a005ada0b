// A token's text: what can be seen as it is, what cannot as a glyph.

import type { PieceSegment } from "@tokenscope/core";

/** The segments of one piece, or of several in a row. */
export function Piece({ segments }: { readonly segments: readonly PieceSegment[] }) {
  return segments.map(({ text, isGlyph }, i) =>
    isGlyph ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: segments of a piece have no other identity and never move
      <i key={i} className="gl">
        {text}
      </i>
    ) : (
      text
    ),
  );
}
