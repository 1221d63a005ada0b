// One span in full, or two side by side: figures, the sum written out, and what such numbers mean.

import "../../styles/span-part.css";
import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { spanView } from "../../views/span-view.ts";
import { useActions, usePage } from "../store-context.ts";
import { BitsScale } from "./BitsScale.tsx";
import { SpanFigures } from "./SpanFigures.tsx";
import { WrittenSum } from "./WrittenSum.tsx";

/** The span shown, or the reply; beside it the one that is held. */
export function SpanPart() {
  const inputs = usePage(
    useShallow(({ history, scores, vocabulary, span, heldSpan }) => ({
      history,
      scores,
      vocabulary,
      span,
      heldSpan,
    })),
  );
  const view = useMemo(() => spanView(inputs), [inputs]);
  if (view === null) {
    return <p className="hint">No reply yet. Select a span, or write one, to see what it costs.</p>;
  }
  return (
    <div className="span-part">
      <SpanFigures view={view} />
      {view.sum !== null && <WrittenSum sum={view.sum} />}
      {view.notes.map((note) => (
        <p key={note} className="label">
          {note}
        </p>
      ))}
      <BitsScale marks={view.marks} />
      <HoldButtons isHeld={view.a !== null} />
    </div>
  );
}

function HoldButtons({ isHeld }: { readonly isHeld: boolean }) {
  const actions = useActions();
  return (
    <div className="span-hold">
      <button type="button" className="btn" onClick={actions.holdSpan}>
        Hold span <kbd>H</kbd>
      </button>
      {isHeld && (
        <button type="button" className="btn plain" onClick={actions.releaseSpan}>
          Let go of A
        </button>
      )}
      <span className="label">
        {isHeld
          ? "Hold span again puts this one in the place of A."
          : "It becomes A. Then select another, on any branch, to compare."}
      </span>
    </div>
  );
}
