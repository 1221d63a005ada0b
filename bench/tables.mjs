// Markdown tables of measurements beside their goals, and how the numbers in them are written.

/** Rows and their head; numbers stand at the right. */
export function table(head, rows) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Ratios of goals.mjs: both measurements, the ratio, goals, and which of them is met. */
export function ratioTable(ratios, spreads) {
  const rows = ratios.map((row) => {
    const { must, stretch, isFaster: isAtLeast = false } = row;
    const ours = measurement(spreads, row.ours);
    const beside = measurement(spreads, row.beside);
    const ratio = isAtLeast ? beside.median / ours.median : ours.median / beside.median;
    const goal = { must, stretch, isAtLeast, write: isAtLeast ? timesFaster : ratioText };
    return [
      row.what,
      milliseconds(ours),
      milliseconds(beside),
      goal.write(ratio),
      ...goals(goal, ratio),
    ];
  });
  return table(["", "Tokenscope", "beside it", "ratio", "must", "stretch", "met"], rows);
}

/** Limits of goals.mjs, all in one unit; `unit` names it and writes a number of it. */
export function limitTable(limits, spreads, { head, unit }) {
  const write = (value) => inUnit(unit, value);
  const rows = limits.map((row) => {
    const { median, min, max } = measurement(spreads, row.ours);
    const measured = `${write(median)} (${unit.write(min)} to ${unit.write(max)})`;
    return [row.what, measured, ...goals({ ...row, write }, median)];
  });
  return table([head, "measured", "must", "stretch", "met"], rows);
}

/** Cells "must", "stretch" and "met" of a value; at least the goal where `isAtLeast`, else at most. */
export function goals({ must, stretch, isAtLeast = false, write }, value) {
  const isMet = (goal) => (isAtLeast ? value >= goal : value <= goal);
  const cell = (goal) => (goal === undefined ? "" : `${isAtLeast ? "≥" : "≤"} ${write(goal)}`);
  return [cell(must), cell(stretch), must === undefined ? "" : metWord({ must, stretch }, isMet)];
}

function metWord({ must, stretch }, isMet) {
  if (!isMet(must)) return "**no**";
  return stretch !== undefined && isMet(stretch) ? "stretch" : "yes";
}

/** One measurement's spread; `times` scales it. */
function measurement(spreads, { measurement: name, key, times = 1 }) {
  const { median, min, max } = spreads[name][key];
  return { median: median * times, min: min * times, max: max * times };
}

/** Milliseconds with their spread. Example: "16.3 ms (15.0 to 45.8)". */
export function milliseconds({ median, min, max }) {
  const digits = max < 100 ? 1 : 0;
  return `${median.toFixed(digits)} ms (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

/** Of milliseconds. Example: 1640 -> "1.6" s. */
export const SECONDS = {
  name: "s",
  write: (ms) => (ms / 1000).toFixed(ms < 1000 ? 2 : 1),
};

/** Of bytes. Example: 450_000_000 -> "450" MB. */
export const MEGABYTES = { name: "MB", write: (bytes) => Math.round(bytes / 1e6).toString() };

/** A number with its unit. Example: inUnit(SECONDS, 1640) -> "1.6 s". */
export function inUnit(unit, value) {
  return `${unit.write(value)} ${unit.name}`;
}

function ratioText(ratio) {
  return ratio < 0.1 ? ratio.toFixed(3) : ratio.toFixed(2);
}

function timesFaster(times) {
  return `${times.toFixed(1)} x`;
}
