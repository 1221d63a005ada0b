// The branch map's geometry: bars as one path, and shares of its width.

import type { MapBar } from "./branch-map.ts";

const BASE_Y = 23; // of a lane 26 high
const FULL_BAR = 20;
const LEAST_BAR = 0.6; // a certain token is still a token
const BAR_SHARE = 0.8; // of a position's width; the rest is the gap

/** The bars that lie on the active path, or those that do not, as one SVG path in units of positions. */
export function lanePath(bars: readonly MapBar[], isActive: boolean): string {
  return bars
    .filter((bar) => bar.isActive === isActive)
    .map(({ from, to, height }) => {
      const width = to - from;
      const gap = (width * (1 - BAR_SHARE)) / 2;
      const y = Math.max(LEAST_BAR, FULL_BAR * height).toFixed(1);
      return `M${(from + gap).toFixed(1)} ${BASE_Y}h${(width * BAR_SHARE).toFixed(1)}v-${y}h-${(width * BAR_SHARE).toFixed(1)}z`;
    })
    .join("");
}

/** A number of positions as a percentage of the map's width. Example: 1 of 64 -> "1.56%". */
export function share(positions: number, width: number): string {
  return `${((100 * positions) / width).toFixed(2)}%`;
}

/** The position under a point of a lane, 0 to 1 of the map's width; the lane's last token beyond its end. */
export function mapPosition(at: number, width: number, length: number): number {
  return Math.max(0, Math.min(Math.floor(at * width), length - 1));
}
