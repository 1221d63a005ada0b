// The pinned tokens: how each is added and removed, and how probable it was at every place.

import { pieceGlyphs } from "@tokenscope/core";
import { useMemo } from "react";
import { MOST_PINS } from "../../store/pins.ts";
import { pinChart } from "../../views/along-chart.ts";
import type { PinLine } from "../../views/pins.ts";
import { pinnable } from "../../views/place.ts";
import { Piece } from "../Piece.tsx";
import { useActions, usePage } from "../store-context.ts";
import { Ticks } from "./Ticks.tsx";

const HEIGHT_PX = 28;

interface PinRowProps {
  readonly line: PinLine;
  readonly width: number;
  /** At the position shown or pointed at. */
  readonly percent: string;
}

/** One token's chip, its plot, and its probability where one points. */
export function PinRow({ line, width, percent }: PinRowProps) {
  const { togglePin } = useActions();
  const scale = usePage((state) => state.pinScale);
  const chart = useMemo(
    () => pinChart(line.logprobsNats, line.cameAt, { width, height: HEIGHT_PX, scale }),
    [line, width, scale],
  );
  return (
    <>
      <div className="row-head">
        <span className="chip">
          <span className="mono" title={line.name}>
            <Piece segments={line.segments} />
          </span>
          <button
            type="button"
            aria-label={`Remove the pin of ${line.name}`}
            onClick={() => togglePin(line.id)}
          >
            ×
          </button>
        </span>
        <Ticks ticks={chart.ticks} />
      </div>
      <svg className="plot" width={width} height={HEIGHT_PX} aria-hidden="true">
        {chart.ticks.map(({ y, label }) => (
          <line key={label} className="grid-line" x1="0" x2={width} y1={y} y2={y} />
        ))}
        <line className="base-line" x1="0" x2={width} y1={HEIGHT_PX - 0.5} y2={HEIGHT_PX - 0.5} />
        <path className="pin-bars" d={chart.bars} />
        <path className="pin-came" d={chart.came} />
      </svg>
      <div className="row-value" aria-hidden="true">
        <b>{percent}</b>
      </div>
    </>
  );
}

/** The head of the pins: what they are, the axis, and one more. */
export function PinHead({ count }: { readonly count: number }) {
  const { setPinScale, togglePin } = useActions();
  const scale = usePage((state) => state.pinScale);
  const vocabulary = usePage((state) => state.vocabulary);
  const id = usePage(pinnable);
  const isFull = count === MOST_PINS;
  return (
    <div className="pin-head">
      <h3>Pinned tokens</h3>
      <span className="label">
        {count === 0
          ? "None yet. Pin up to five candidates to see how probable each was at every place."
          : "p at every place; blue where the token came"}
      </span>
      {id !== null && !isFull && (
        <button type="button" className="btn plain" onClick={() => togglePin(id)}>
          Pin{" "}
          <span className="mono">
            <Piece segments={pieceGlyphs(vocabulary.bytes(id))} />
          </span>{" "}
          <kbd>P</kbd>
        </button>
      )}
      {count > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: two buttons, not a form's fields
        <div className="seg" role="group" aria-label="Axis of p">
          {(["log", "linear"] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={scale === name}
              onClick={() => setPinScale(name)}
            >
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
