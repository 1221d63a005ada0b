// Whose turn each part of the axis is.

import type { AlongText } from "../../views/along-text.ts";
import { share } from "../../views/map-shapes.ts";

/** Role names over the plot, each at the start of its turn. */
export function TurnNames({ turns, count }: Pick<AlongText, "turns" | "count">) {
  return (
    <div className="turn-names" aria-hidden="true">
      {turns.map(({ role, from, to }) => (
        <span key={from} style={{ left: share(from, count), width: share(to - from, count) }}>
          {role}
        </span>
      ))}
    </div>
  );
}
