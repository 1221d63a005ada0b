// What a command may touch: its streams, its environment, its models. Everything comes through here, so that a test can hand in its own.

import type { OpenModel, OpenModelOptions, TextModel } from "./open-model.ts";

/** A stream that people or programs read. */
export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Resolves when the reader has room for more. */
  write(text: string): Promise<void>;
}

export interface World {
  readonly stdout: Output; // results only
  readonly stderr: Output; // progress, notes, errors
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal; // Ctrl-C
  readonly pageDir: string; // the built page
  readonly kernelDir: string; // the built kernel
  readStdin(): Promise<Uint8Array>;
  /** Asks the person at the terminal and gives the line that was typed; null where nobody sits there. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Milliseconds of a clock that never goes back. */
  nowMs(): number;
  openModel(options: OpenModelOptions, world: World): Promise<OpenModel>;
  openTextModel(model: string, world: World): Promise<TextModel>;
  openPage(url: string): void;
}

/** One line to a stream. */
export function writeLine(output: Output, line: string): Promise<void> {
  return output.write(`${line}\n`);
}

/** Cells that a line may take: a terminal's own, and no limit where the output goes into a file or a program. */
export function widestLine({ isTerminal, columns }: Output): number {
  return isTerminal ? columns : Number.POSITIVE_INFINITY;
}

/** A remark beside the result. */
export function note(world: World, sentence: string): Promise<void> {
  return writeLine(world.stderr, `note: ${sentence}`);
}
