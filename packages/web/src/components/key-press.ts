// A key with what is held down beside it; and what the keys of the places other than strip and list mean. Nothing here acts.

/** What every handler looks at: the part of a keyboard event that a test can write. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

type Held = Pick<KeyPress, "ctrlKey" | "metaKey" | "altKey">;

/** True without Ctrl, Cmd and Alt, whose keys are the browser's. Shift may be down. */
export function isPlain({ ctrlKey, metaKey, altKey }: Held): boolean {
  return !(ctrlKey || metaKey || altKey);
}

/** True with Ctrl (Cmd on a Mac) and without Alt. */
function isCommand({ ctrlKey, metaKey, altKey }: Held): boolean {
  return (ctrlKey || metaKey) && !altKey;
}

/** Anywhere on the page: undo, redo, open, export, the keys. */
export function wideKey(press: KeyPress): "undo" | "redo" | "open" | "export" | "keys" | null {
  if (isPlain(press)) return press.key === "?" ? "keys" : null;
  if (!isCommand(press)) return null;
  const key = press.key.toLowerCase();
  if (key === "z") return press.shiftKey ? "redo" : "undo";
  if (press.shiftKey) return null;
  return ({ y: "redo", o: "open", s: "export" } as const)[key] ?? null;
}

/** In a field where text is written that a button then takes: Ctrl+Enter is the button, Escape leaves. */
export function writingKey(press: KeyPress): "write" | "leave" | null {
  if (press.key === "Escape") return isPlain(press) ? "leave" : null;
  return press.key === "Enter" && isCommand(press) ? "write" : null;
}

/** In the search for any token: on to what was found, or back. */
export function searchKey(press: KeyPress): "list" | "leave" | null {
  if (!isPlain(press)) return null;
  return ({ Enter: "list", ArrowDown: "list", Escape: "leave" } as const)[press.key] ?? null;
}

/** In the branches: to another one, its name, its end. */
export function branchKey(press: KeyPress): "next" | "previous" | "rename" | "delete" | null {
  return isPlain(press) ? (BRANCH_KEYS[press.key] ?? null) : null;
}

const BRANCH_KEYS: Readonly<Record<string, "next" | "previous" | "rename" | "delete">> = {
  ArrowDown: "next",
  ArrowRight: "next",
  ArrowUp: "previous",
  ArrowLeft: "previous",
  F2: "rename",
  Delete: "delete",
};

/** In the drawer Compare branches: its view, or out of it where it is shown. */
export function compareKey(press: KeyPress): "compare" | "recover" | null {
  if (!isPlain(press)) return null;
  return ({ c: "compare", v: "recover" } as const)[press.key.toLowerCase()] ?? null;
}

/** True for the key that closes Look deeper, which is the one that opened it. */
export function isDeeperKey(press: KeyPress): boolean {
  return isPlain(press) && press.key.toLowerCase() === "i";
}
