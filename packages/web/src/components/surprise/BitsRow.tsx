// Bars of surprisal and the line of entropy, by position.

import { useMemo } from "react";
import { bitsChart, positionsPerColumn } from "../../views/along-chart.ts";
import type { AlongText, Reading } from "../../views/along-text.ts";
import { Ticks } from "./Ticks.tsx";

const HEIGHT_PX = 112;

interface BitsRowProps {
  readonly along: AlongText;
  readonly reading: Reading;
  readonly width: number;
}

/** The row: its key and axis, the plot, and the numbers of the position shown or pointed at. */
export function BitsRow({ along, reading, width }: BitsRowProps) {
  const { bits, entropyBits, count } = along;
  const chart = useMemo(
    () => bitsChart(bits, entropyBits, { width, height: HEIGHT_PX }),
    [bits, entropyBits, width],
  );
  const shared = positionsPerColumn(count, width);
  return (
    <>
      <div className="row-head bits-key" aria-hidden="true">
        <span className="key-bars">surprise</span>
        <span className="key-line">entropy</span>
        {shared > 1 && <small>highest of {shared}</small>}
        <Ticks ticks={chart.ticks} />
      </div>
      <svg className="plot" width={width} height={HEIGHT_PX} aria-hidden="true">
        {chart.ticks.map(({ y, label }) => (
          <line key={label} className="grid-line" x1="0" x2={width} y1={y} y2={y} />
        ))}
        <path className="bits" d={chart.bars} />
        <path className="breaks" d={chart.breaks} />
        <path className="entropy" d={chart.entropy} />
      </svg>
      <div className="row-value" aria-hidden="true">
        <b>{reading.bits}</b>
        <span>{reading.entropy}</span>
      </div>
    </>
  );
}
