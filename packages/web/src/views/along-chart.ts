// Charts along the text as SVG paths: bits and entropy by position, and a pinned token's probability. From numbers and a size in pixels alone.

/** The size of a chart's plot, in pixels. */
export interface Plot {
  readonly width: number;
  readonly height: number;
}

/** A gridline with its label. */
export interface ChartTick {
  readonly y: number;
  readonly label: string;
}

export interface BitsChart {
  /** Bars of surprisal, from the bottom; one a column. */
  readonly bars: string;
  /** The gaps in bars that are longer than the axis. */
  readonly breaks: string;
  /** Entropy, as a stepped line. */
  readonly entropy: string;
  readonly ticks: readonly ChartTick[];
}

export interface PinChart {
  readonly bars: string;
  /** Bars of places at which the token came. */
  readonly came: string;
  readonly ticks: readonly ChartTick[];
}

const AXIS_BITS = 16; // where the bars under the tokens are full; the axis never follows the text
const LOG_FLOOR = 6; // the log axis ends at one in a million
const LEAST_COLUMN_PX = 2; // thinner bars run into each other
const BAR_SHARE = 0.8; // of a column; the rest is the gap to the next

/** How many positions share a column of a plot. Examples: 100 positions on 900 px -> 1; 2,000 on 900 -> 5. */
export function positionsPerColumn(count: number, width: number): number {
  return Math.max(1, Math.ceil((count * LEAST_COLUMN_PX) / Math.max(1, width)));
}

/** Bits and entropy by position, null where there are none. Several positions in a column show their maximum of bits and their mean entropy. */
export function bitsChart(
  bits: readonly (number | null)[],
  entropyBits: readonly (number | null)[],
  plot: Plot,
): BitsChart {
  const y = (value: number): number => plot.height * (1 - Math.min(value, AXIS_BITS) / AXIS_BITS);
  const heights = columns(bits, plot, highest);
  const means = columns(entropyBits, plot, mean);
  return {
    bars: barPath(heights, y, plot),
    breaks: breakPath(heights, plot),
    entropy: stepPath(means, y),
    ticks: [1, 4, 8, 16].map((value) => ({
      y: y(value),
      label: value === AXIS_BITS ? `${value} bits` : String(value),
    })),
  };
}

/** A pinned token's probability by position, on a logarithmic axis down to one in a million or a linear one. Several positions in a column show their maximum. */
export function pinChart(
  logprobsNats: readonly (number | null)[],
  cameAt: ReadonlySet<number>,
  { scale, ...plot }: Plot & { readonly scale: "log" | "linear" },
): PinChart {
  const y = (share: number): number => plot.height * (1 - share);
  const shares = logprobsNats.map((nats) => (nats === null ? null : axisShare(nats, scale)));
  const isCame = (_: unknown, position: number): boolean => cameAt.has(position);
  const marks = columns(logprobsNats.map(isCame), plot, (all) => all.includes(true));
  const all = columns(shares, plot, highest);
  const only = (came: boolean): Column[] =>
    all.filter((_, i) => (marks[i]?.value === true) === came);
  const labels: readonly (readonly [number, string])[] =
    scale === "log"
      ? [
          [1, "1"],
          [0.5, "10⁻³"],
        ]
      : [
          [1, "1"],
          [0.5, "½"],
        ];
  return {
    bars: barPath(only(false), y, plot),
    came: barPath(only(true), y, plot),
    ticks: labels.map(([share, label]) => ({ y: y(share), label })),
  };
}

/** A probability's place on the axis, 0 to 1. Examples: p = 0.01 -> 2/3 on the log axis, 0.01 on the linear one. */
export function axisShare(logprobNats: number, scale: "log" | "linear"): number {
  if (scale === "linear") return Math.exp(logprobNats);
  return Math.max(0, 1 + logprobNats / (LOG_FLOOR * Math.LN10));
}

/** The position under a place of the plot, 0 to 1 from the left. Example: 0.5 of 10 positions -> 5. */
export function positionAt(share: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor(share * count)));
}

interface Column<T = number | null> {
  readonly x: number; // its left edge
  readonly width: number;
  readonly value: T;
}

function columns<T, U>(
  values: readonly T[],
  { width }: Plot,
  join: (values: readonly T[]) => U,
): readonly Column<U>[] {
  const per = positionsPerColumn(values.length, width);
  const step = width / Math.max(1, values.length);
  const count = Math.ceil(values.length / per);
  return Array.from({ length: count }, (_, i) => {
    const own = values.slice(i * per, (i + 1) * per);
    return { x: i * per * step, width: own.length * step, value: join(own) };
  });
}

function highest(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : Math.max(...there);
}

function mean(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length;
}

function barPath(all: readonly Column[], y: (value: number) => number, { height }: Plot): string {
  return all
    .flatMap(({ x, width, value }) => {
      if (value === null) return [];
      const bar = Math.max(1, width * BAR_SHARE);
      const top = Math.min(y(value), height - 0.5); // a certain token still has its line
      return [`M${px(x)} ${px(height)}V${px(top)}h${px(bar)}V${px(height)}z`];
    })
    .join("");
}

function breakPath(all: readonly Column[], { height }: Plot): string {
  const at = height * 0.12;
  return all
    .flatMap(({ x, width, value }) => {
      if (value === null || value <= AXIS_BITS) return [];
      const bar = Math.max(1, width * BAR_SHARE);
      return [`M${px(x - 1)} ${px(at + 3)}L${px(x + bar + 1)} ${px(at)}`];
    })
    .join("");
}

function stepPath(all: readonly Column[], y: (value: number) => number): string {
  let path = "";
  let isDrawing = false;
  for (const { x, width, value } of all) {
    if (value !== null) {
      const height = px(y(value));
      path += isDrawing ? `V${height}` : `M${px(x)} ${height}`;
      path += `H${px(x + width)}`;
    }
    isDrawing = value !== null;
  }
  return path;
}

function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
