// Patterns as tokenizer.json and llama.cpp write them (Oniguruma, Rust), as regular expressions of JavaScript that mean the same.

import { FormatError } from "@tokenscope/core";

// White_Space instead of \s: JavaScript's \s has U+FEFF and lacks U+0085, those of Oniguruma and Rust do not.
const CLASSES: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
};
const KEPT_ESCAPES = new Set("rntfvpPux^$\\.*+?()[]{}|/"); // JavaScript's u mode refuses all others
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^\\[A-Za-z0-9]/, "an escape"],
  [/^\(\?.?/, "a kind of group"],
  [/^[\^$]/, "an anchor"], // of the line in Oniguruma, of the text in Rust
];
const FOREIGN_IN_CLASS: readonly (readonly [RegExp, string])[] = [
  [/^\\[A-Za-z0-9]/, "an escape"],
  [/^(?:\[|&&|--)/, "a set operation"],
];

/** Compiles a pattern (flags g and u); throws FormatError for what JavaScript cannot say in the same way. Example: "\s" → /\p{White_Space}/gu. */
export function buildSplitPattern(source: string): RegExp {
  const translated = translatedPattern(source);
  try {
    return new RegExp(translated, "gu");
  } catch (error) {
    throw new FormatError(
      `tokenizer pattern ${JSON.stringify(source)}: it cannot be read (${error instanceof Error ? error.message : String(error)}); choose a model with another pre-tokenizer`,
      { cause: error },
    );
  }
}

interface Group {
  readonly start: number; // in the translated pattern
  readonly ignoresCase: boolean;
}

function translatedPattern(source: string): string {
  const groups: Group[] = [];
  let out = "";
  let atomStart = 0; // of what a quantifier here would repeat
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const ignoresCase = groups.at(-1)?.ignoresCase ?? false;
    const opened = /^\((?:\?(?:i?:|<?[=!])|(?!\?))/.exec(rest)?.[0];
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})[+?]?/.exec(rest)?.[0];
    if (quantifier) {
      out = out.slice(0, atomStart) + repeated(out.slice(atomStart), quantifier, at);
    } else if (opened) {
      groups.push({ start: out.length, ignoresCase: ignoresCase || opened === "(?i:" });
      out += opened.replace("i", "");
    } else if (rest.startsWith(")")) {
      atomStart = groups.pop()?.start ?? 0;
      out += ")";
    } else {
      const found = atom(rest, ignoresCase, source);
      atomStart = out.length;
      out += found.text;
      at += found.length;
    }
    at += (quantifier ?? opened ?? (rest.startsWith(")") ? ")" : "")).length;
  }
  return out;
}

// What a possessive quantifier took is never given back. In JavaScript a captured lookahead does that; `place` makes its name unique.
function repeated(atomText: string, quantifier: string, place: number): string {
  const isPossessive = quantifier.length > 1 && /^[*+?]\+$/.test(quantifier);
  if (!isPossessive) return atomText + quantifier;
  return `(?=(?<p${place}>${atomText}${quantifier.charAt(0)}))\\k<p${place}>`;
}

interface Translated {
  readonly text: string;
  readonly length: number; // of the source
}

/** The first escape, set or character of `rest`. */
function atom(rest: string, ignoresCase: boolean, source: string): Translated {
  if (rest.startsWith("[")) return set(rest, ignoresCase, source);
  if (rest.startsWith(".")) return { text: "[^\\n]", length: 1 };
  const found = character(rest, FOREIGN, source);
  if (!ignoresCase || !isLetter(found.text)) return found;
  return { ...found, text: `[${bothCases(found.text)}]` };
}

function set(rest: string, ignoresCase: boolean, source: string): Translated {
  let text = rest.startsWith("[^") ? "[^" : "[";
  let length = text.length;
  while (length < rest.length && rest[length] !== "]") {
    const found = character(rest.slice(length), FOREIGN_IN_CLASS, source);
    text += ignoresCase && isLetter(found.text) ? bothCases(found.text) : found.text;
    length += found.length;
  }
  return { text: `${text}]`, length: length + 1 };
}

function character(rest: string, foreign: typeof FOREIGN, source: string): Translated {
  const property = /^\\[pP]\{[^}]*\}|^\\u\{[^}]*\}/.exec(rest)?.[0];
  if (property) return { text: property, length: property.length };
  const escaped = rest.startsWith("\\") ? rest.slice(1, 2) : "";
  if (CLASSES[escaped]) return { text: CLASSES[escaped], length: 2 };
  if (KEPT_ESCAPES.has(escaped) || (escaped === "-" && foreign === FOREIGN_IN_CLASS)) {
    return { text: `\\${escaped}`, length: 2 };
  }
  for (const [pattern, kind] of foreign) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) continue;
    throw new FormatError(
      `tokenizer pattern ${JSON.stringify(source)}: ${kind}, ${found}, is not understood; choose a model with another pre-tokenizer`,
    );
  }
  return escaped ? { text: escaped, length: 2 } : { text: rest.charAt(0), length: 1 };
}

function isLetter(text: string): boolean {
  return /^[A-Za-z]$/.test(text);
}

function bothCases(letter: string): string {
  return letter.toLowerCase() + letter.toUpperCase();
}
