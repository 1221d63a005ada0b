// The rank of one token by layer, on a logarithmic scale with rank 1 at the top. The list beside it says the same in words.

import type { PointerEvent } from "react";
import type { RankChart as Chart } from "../../views/deeper-lens.ts";
import { useActions } from "../store-context.ts";

interface RankChartProps {
  readonly chart: Chart;
  readonly pointed: number | null;
}

// In pixels of the picture, which is drawn as wide as there is room.
const WIDTH = 240;
const HEIGHT = 136;
const LEFT = 48;
const RIGHT = 8;
const TOP = 8;
const FOOT = 20;

const xAt = (share: number): number => LEFT + share * (WIDTH - LEFT - RIGHT);
const yAt = (share: number): number => TOP + share * (HEIGHT - TOP - FOOT);

/** A line with a point for each layer; the first layer of rank 1 is marked. */
export function RankChart({ chart, pointed }: RankChartProps) {
  const { setDeeper } = useActions();
  const { points, ticks, first } = chart;
  const last = points.length - 1;
  const onPoint = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const share = (x - LEFT) / (WIDTH - LEFT - RIGHT);
    setDeeper({ lensLayer: Math.round(Math.max(0, Math.min(1, share)) * last) });
  };
  const line = points.map(({ x, y }) => `${xAt(x).toFixed(1)},${yAt(y).toFixed(1)}`).join(" ");
  const here = points.find(({ layer }) => layer === pointed);
  const mark = points.find(({ layer }) => layer === first);
  return (
    <svg
      className="rank-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
      onPointerMove={onPoint}
      onPointerDown={onPoint}
    >
      {ticks.map(({ y, label }) => (
        <g key={label}>
          <line className="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={yAt(y)} y2={yAt(y)} />
          <text x={LEFT - 6} y={yAt(y) + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      <text x={LEFT - 6} y={HEIGHT - 3} textAnchor="end">
        rank
      </text>
      <text x={LEFT} y={HEIGHT - 3}>
        layer 0
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 3} textAnchor="end">
        {last}
      </text>
      {here && (
        <line className="here" x1={xAt(here.x)} x2={xAt(here.x)} y1={TOP} y2={HEIGHT - FOOT} />
      )}
      <polyline points={line} />
      {points.map(({ layer, x, y }) => (
        <circle key={layer} cx={xAt(x)} cy={yAt(y)} r={layer === pointed ? 3 : 1.75} />
      ))}
      {mark && <circle className="first" cx={xAt(mark.x)} cy={yAt(mark.y)} r={4.5} />}
    </svg>
  );
}
