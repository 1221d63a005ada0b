// The labels of an axis, beside its gridlines.

import type { ChartTick } from "../../views/along-chart.ts";

/** Labels at the heights of their lines. */
export function Ticks({ ticks }: { readonly ticks: readonly ChartTick[] }) {
  return ticks.map(({ y, label }) => (
    <i key={label} className="tick" style={{ top: y }}>
      {label}
    </i>
  ));
}
