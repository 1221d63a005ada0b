// Colours and bars of a terminal: colours only where people look at one and did not ask for none, meaning never in the colour alone.

import { styleText } from "node:util";
import type { World } from "./world.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** What is coloured, by what it is; each gives its text back where colours are off. */
export interface Paint {
  surprise(text: string): string;
  probability(text: string): string;
  quiet(text: string): string;
  strong(text: string): string;
}

const PLAIN: Paint = {
  surprise: (text) => text,
  probability: (text) => text,
  quiet: (text) => text,
  strong: (text) => text,
};

const COLOURED: Paint = {
  surprise: (text) => styled("magenta", text),
  probability: (text) => styled("cyan", text),
  quiet: (text) => styled("dim", text),
  strong: (text) => styled("bold", text),
};

/** Colours on a terminal, unless NO_COLOR (no-color.org) is set to anything or the terminal is a dumb one. */
export function paintOf({ stdout, env }: Pick<World, "stdout" | "env">): Paint {
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return stdout.isTerminal && !isPlain ? COLOURED : PLAIN;
}

/** A bar of at most `cells` cells from 0 to `most`, to an eighth of a cell; what is above 0 is never without one. Example: 3 of 8 in 2 cells -> "▊". */
export function bar(value: number | null, most: number, cells: number): string {
  if (value === null || !(value > 0) || !(most > 0)) return "";
  const eighths = Math.max(1, Math.round((Math.min(value, most) / most) * cells * 8));
  return "█".repeat(eighths >> 3) + (EIGHTHS[eighths % 8] ?? "");
}

function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return text === "" ? text : styleText(style, text, { validateStream: false });
}
