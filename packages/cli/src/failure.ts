// From an error to what the person sees: one sentence and an exit code.

import { EngineError, FormatError, UsageError } from "@tokenscope/core";
import { CommanderError } from "commander";

const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;
const EXIT_STOPPED = 130; // what shells expect after Ctrl-C
const HELP_CODES = ["commander.helpDisplayed", "commander.help", "commander.version"];

export interface Failure {
  readonly exitCode: number;
  readonly sentence: string | null; // null where nothing is to be said
}

/** How a command that threw ends. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted && isAbort(error, signal)) return { exitCode: EXIT_STOPPED, sentence: null };
  if (error instanceof CommanderError) return commandFailure(error);
  // A malformed file is one that the person named, like a missing one: what is fetched by its id is verified.
  if (error instanceof UsageError || error instanceof FormatError) {
    return { exitCode: EXIT_USAGE, sentence: error.message };
  }
  if (error instanceof EngineError) return { exitCode: EXIT_FAILURE, sentence: error.message };
  return { exitCode: EXIT_FAILURE, sentence: unexpected(error) };
}

/** The signal's own reason, or what a stream or a fetch makes of it. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

function commandFailure(error: CommanderError): Failure {
  if (HELP_CODES.includes(error.code)) return { exitCode: 0, sentence: null };
  const said = error.message
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ")
    .replace(/\. (?=[A-Z])/g, "; "); // one sentence
  return { exitCode: EXIT_USAGE, sentence: `${said.replace(/\.$/, "")}; see --help` };
}

function unexpected(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && "syscall" in error) return said; // the system's own words name the file
  return `this should not have happened: ${said}; please report it with the command you typed`;
}
