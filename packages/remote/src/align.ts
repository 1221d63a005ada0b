// Which bytes of a text each token is, where the server tells no bytes: its names of the tokens laid along the text.

import { cutByNames } from "./cut-names.ts";
import { namedBytes } from "./token-strings.ts";

const utf8 = new TextEncoder();
const CUT = "\u{fffd}"; // what half a character is shown as

/** A token's share of a text: its bytes, or null inside a run of tokens that no name could be laid on, all of whose bytes the first of them has. */
export interface AlignedPiece {
  readonly bytes: Uint8Array;
  readonly isKnown: boolean;
}

/**
 * Lays names along a text; together the pieces are the text's bytes. A name that is null, half a character or not what stands there is unknown, and
 * takes what lies before the next that is found; spaces that a name left out (as SentencePiece does at a word's beginning) are given back to it.
 * A name such as "bytes:\\xe7" is those bytes. Signs for half characters are cut as they must have been to be shown so, where that is one way only.
 * Example: "naïve", ["na", "�", "�", "ve"] -> "na" | c3 | af | "ve"; with null for the signs "na" | "ï" (run of two) | "" | "ve".
 */
export function alignPieces(
  text: string,
  names: readonly (string | null)[],
): readonly AlignedPiece[] {
  return alignLetters(lettersOf(utf8.encode(text)), names);
}

/** Bytes as letters of one byte each: strings know how to find one in another. */
function lettersOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function nameLetters(name: string | null): string | null {
  if (name === null || name === "" || name.includes(CUT)) return null;
  return lettersOf(namedBytes(name) ?? utf8.encode(name));
}

function bytesOf(letters: string): Uint8Array {
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

function alignLetters(text: string, names: readonly (string | null)[]): readonly AlignedPiece[] {
  const pieces: AlignedPiece[] = [];
  let at = 0;
  let run: (string | null)[] = []; // names of tokens waiting for the next that is found
  const closeRun = (end: number): void => {
    pieces.push(...runPieces(bytesOf(text.slice(at, end)), run));
    run = [];
    at = end;
  };
  for (const name of names) {
    const letters = nameLetters(name);
    const found = letters === null ? -1 : place(text, letters, { at, unknown: run.length });
    if (found === -1 || letters === null) {
      run.push(name);
      continue;
    }
    if (run.length > 0) closeRun(found);
    const end = found + letters.length;
    pieces.push({ bytes: bytesOf(text.slice(at, end)), isKnown: true });
    at = end;
  }
  if (run.length > 0) closeRun(text.length);
  return at < text.length ? withRest(pieces, bytesOf(text.slice(at))) : pieces;
}

function runPieces(bytes: Uint8Array, names: readonly (string | null)[]): readonly AlignedPiece[] {
  const parts = names.length === 1 ? [bytes] : cutByNames(bytes, names);
  if (parts !== null) return parts.map((part) => ({ bytes: part, isKnown: true }));
  return names.map((_, i) => ({ bytes: i === 0 ? bytes : new Uint8Array(), isKnown: false }));
}

/** What no name covers belongs to the last piece, which then is not known. */
function withRest(pieces: readonly AlignedPiece[], rest: Uint8Array): readonly AlignedPiece[] {
  const last = pieces.at(-1);
  if (last === undefined) return pieces;
  const bytes = Uint8Array.of(...last.bytes, ...rest);
  return [...pieces.slice(0, -1), { bytes, isKnown: false }];
}

const LONGEST_RUN = 64; // bytes a token of a run, at most: a name much further on is another's

/** Where a name stands: at the place itself, after spaces, or beyond a run of unknown tokens; -1 where it does not. */
function place(
  text: string,
  name: string,
  { at, unknown }: { readonly at: number; readonly unknown: number },
): number {
  if (unknown > 0) {
    const found = text.indexOf(name, at + 1);
    return found <= at + unknown * LONGEST_RUN ? found : -1;
  }
  if (text.startsWith(name, at)) return at;
  const afterSpaces = at + (/^\s*/.exec(text.slice(at, at + LONGEST_RUN))?.[0].length ?? 0);
  return text.startsWith(name, afterSpaces) ? afterSpaces : -1;
}
