// How an error message shows what a file holds: a damaged file's texts are long and full of control characters.

import type { GgufValue } from "./metadata.ts";

const SHOWN_CHARACTERS = 80; // a tensor's name has at most 64, and a sentence stays one

/** A value in quotes, on one line and short. Example: ["a", "b"] -> an array of 2. */
export function shown(value: GgufValue | undefined): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== "string") return String(value);
  const isLong = value.length > SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);
}
