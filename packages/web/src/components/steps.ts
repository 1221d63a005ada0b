// Where the arrow keys, Home and End lead in lists, menus, tabs and charts. Places are counted from 0.

interface Row {
  readonly at: number;
  readonly last: number;
}

/** Down a list: ↑ ↓ Home End; null for any other key. */
export function stepInList(key: string, { at, last }: Row): number | null {
  switch (key) {
    case "ArrowDown":
      return Math.min(last, at + 1);
    case "ArrowUp":
      return Math.max(0, at - 1);
    default:
      return end(key, last);
  }
}

/** Along tokens or bars that lie side by side: ← → Home End. */
export function stepInRow(key: string, { at, last }: Row): number | null {
  switch (key) {
    case "ArrowRight":
      return Math.min(last, at + 1);
    case "ArrowLeft":
      return Math.max(0, at - 1);
    default:
      return end(key, last);
  }
}

/** In a menu, which goes on at its other end: ↑ ↓ Home End. */
export function stepInMenu(key: string, { at, last }: Row): number | null {
  switch (key) {
    case "ArrowDown":
      return at === last ? 0 : at + 1;
    case "ArrowUp":
      return at <= 0 ? last : at - 1;
    default:
      return end(key, last);
  }
}

/** From tab to tab, round and round: ← →. */
export function stepInTabs(key: string, { at, last }: Row): number | null {
  switch (key) {
    case "ArrowRight":
      return at === last ? 0 : at + 1;
    case "ArrowLeft":
      return at <= 0 ? last : at - 1;
    default:
      return null;
  }
}

const PAGE = 10; // positions that Page Up and Page Down move

/** On the chart along the text, a slider: arrows, Page Up and Page Down, Home, End. */
export function stepInChart(key: string, { at, last }: Row): number | null {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(0, at - 1);
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(last, at + 1);
    case "PageDown":
      return Math.max(0, at - PAGE);
    case "PageUp":
      return Math.min(last, at + PAGE);
    default:
      return end(key, last);
  }
}

function end(key: string, last: number): number | null {
  if (key === "Home") return 0;
  return key === "End" ? last : null;
}
