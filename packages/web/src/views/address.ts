// The page's place in its address, so that a reload or a copied address shows the same.

import type { AppState, Span } from "../store/state.ts";

/** What an address can say; absent parts are left as they are. */
export interface Address {
  readonly theme?: AppState["theme"];
  readonly branch?: number; // a branch's key
  readonly position?: number;
  readonly view?: AppState["view"];
  readonly span?: Span;
}

/** Reads an address's fragment; parts that make no sense are left out. Example: "#pos=44&view=after&span=44-48". */
export function parseAddress(hash: string): Address {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const theme = parts.get("theme");
  const view = parts.get("view");
  const branch = wholeNumber(parts.get("branch"));
  const position = wholeNumber(parts.get("pos"));
  const span = spanOf(parts.get("span"));
  return {
    ...(theme === "light" || theme === "dark" ? { theme } : {}),
    ...(branch === null ? {} : { branch }),
    ...(position === null ? {} : { position }),
    ...(view === "raw" || view === "after" ? { view } : {}),
    ...(span === null ? {} : { span }),
  };
}

/** Writes a state's place as a fragment. */
export function formatAddress(
  state: Pick<AppState, "theme" | "position" | "view" | "span"> & { readonly branch: number },
): string {
  const { theme, branch, position, view, span } = state;
  const parts = [`pos=${position}`];
  if (branch !== 0) parts.push(`branch=${branch}`);
  if (view !== "raw") parts.push(`view=${view}`);
  if (span !== null) parts.push(`span=${span.from}-${span.to}`);
  if (theme !== "system") parts.push(`theme=${theme}`);
  return `#${parts.join("&")}`;
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function spanOf(text: string | null): Span | null {
  const match = /^(\d{1,9})-(\d{1,9})$/.exec(text ?? "");
  if (match === null) return null;
  const span = { from: Number(match[1]), to: Number(match[2]) };
  return span.from <= span.to ? span : null;
}
