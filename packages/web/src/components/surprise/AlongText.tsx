// Bits and entropy by position, and under them the pinned tokens' probabilities, all on one axis that is linked to the strip.

import { useMemo, useRef } from "react";
import { pinsOf } from "../../store/pins.ts";
import { alongText, chartReading } from "../../views/along-text.ts";
import { activeDocumentPath } from "../../views/path.ts";
import { pinLines } from "../../views/pins.ts";
import { Piece } from "../Piece.tsx";
import { usePage } from "../store-context.ts";
import { useKeptFocus } from "../use-kept-focus.ts";
import { AlongMarks } from "./AlongMarks.tsx";
import { BitsRow } from "./BitsRow.tsx";
import { PinHead, PinRow } from "./PinRow.tsx";
import { TurnNames } from "./TurnNames.tsx";
import { usePointed } from "./use-pointed.ts";
import { useWidth } from "./use-width.ts";

/** The charts of the active path. */
export function AlongText() {
  const doc = usePage((state) => state.history.present);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const position = usePage((state) => state.position);
  const ids = usePage(pinsOf);
  const rows = usePage((state) => state.pinRows);
  const plot = useRef<HTMLDivElement>(null);
  const width = useWidth(plot);
  const charts = useRef<HTMLDivElement>(null);
  // A chip that is let go of takes its button along.
  const keptFocus = useKeptFocus(
    () => charts.current?.querySelector<HTMLElement>(".chip button") ?? plot.current,
  );
  const [pointed, setPointed] = usePointed();
  const path = activeDocumentPath(doc);
  const along = useMemo(() => alongText(path, scores), [path, scores]);
  const pins = useMemo(
    () => pinLines(path, scores, { ids, rows, vocabulary }),
    [path, scores, ids, rows, vocabulary],
  );
  if (along.count === 0) {
    return <p className="hint">Nothing is written yet. Bits by position appear here.</p>;
  }
  const reading = chartReading(pointed ?? position, path, { along, pins, vocabulary });
  return (
    <div className="along-text" ref={charts} {...keptFocus}>
      <p className="reading" aria-hidden="true">
        Position {reading.place}{" "}
        {reading.segments.length === 0 ? (
          "next"
        ) : (
          <b className="mono">
            <Piece segments={reading.segments} />
          </b>
        )}
      </p>
      <TurnNames turns={along.turns} count={along.count} />
      <BitsRow along={along} reading={reading} width={width} />
      <PinHead count={pins.length} />
      {pins.map((line, i) => (
        <PinRow key={line.id} line={line} width={width} percent={reading.pins[i] ?? ""} />
      ))}
      <AlongMarks
        plot={plot}
        count={along.count}
        pointed={pointed}
        words={reading.words}
        onPoint={setPointed}
      />
    </div>
  );
}
