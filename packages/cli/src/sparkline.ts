// A row of blocks, as high as numbers are: a chart of one line.

const BLOCKS = "▁▂▃▄▅▆▇█";

/** At most `width` blocks from 0 to `highest`, of which a value of 0 or none is the lowest; of more values than that, each block is the mean of its share. Example: [0, 4, 8] of 8 -> "▁▅█". */
export function sparkline(
  values: readonly (number | null)[],
  highest: number,
  width: number,
): string {
  const length = Math.min(values.length, Math.max(1, width));
  return Array.from({ length }, (_, i) => {
    const from = Math.floor((i * values.length) / length);
    const to = Math.floor(((i + 1) * values.length) / length);
    const known = values.slice(from, to).filter((value) => value !== null);
    const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
    const level = highest > 0 ? Math.floor((mean / highest) * BLOCKS.length) : 0;
    return BLOCKS[Math.min(level, BLOCKS.length - 1)];
  }).join("");
}
