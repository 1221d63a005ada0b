// The position and the span on the branch map; apart from the bars, so that moving draws no bar again.

import { share } from "../views/map-shapes.ts";
import { usePage } from "./store-context.ts";

/** A line where the strip stands, and a wash over the span. */
export function MapMarks({ width }: { readonly width: number }) {
  const position = usePage((state) => state.position);
  const span = usePage((state) => state.span);
  return (
    <>
      {span !== null && (
        <div
          className="span"
          style={{ left: share(span.from, width), width: share(span.to - span.from + 1, width) }}
        />
      )}
      <div className="here" style={{ left: share(position + 0.5, width) }} />
    </>
  );
}
