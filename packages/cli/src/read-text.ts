// Texts from arguments, files and standard input: UTF-8, checked, with nothing added and nothing lost.

import { readFile } from "node:fs/promises";
import { FormatError, UsageError } from "@tokenscope/core";
import { note, type World } from "./world.ts";

const STDIN = "-";

/** The text that an argument means: itself, or standard input for "-", whose last line break is said. Throws UsageError where there is none. */
export async function readTextArgument(text: string | undefined, world: World): Promise<string> {
  if (text === undefined) {
    throw new UsageError('there is no text; give one in quotes, or "-" to read standard input');
  }
  if (text !== STDIN) return text;
  const read = await readTextFile(STDIN, world);
  await noteLineBreak(read, "read", world);
  return read;
}

/** Says of a text from a file that its last line break is part of it: echo adds one that nobody typed. */
export async function noteLineBreak(
  text: string,
  verb: "read" | "scored",
  world: World,
): Promise<void> {
  if (text.endsWith("\n")) {
    await note(world, `the text ends with a line break, which is ${verb} with it`);
  }
}

/** The text of a file, or of standard input for "-"; throws UsageError where it cannot be read, FormatError where it is not UTF-8. */
export async function readTextFile(
  path: string,
  world: World,
  remedy = "check the path",
): Promise<string> {
  const bytes = path === STDIN ? await world.readStdin() : await readBytes(path, remedy);
  return parseUtf8(bytes, path === STDIN ? "standard input" : path);
}

async function readBytes(path: string, remedy: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, remedy, cause);
  }
}

/** A file that the system will not give, in words. */
export function unreadable(path: string, remedy: string, cause: unknown): UsageError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "there is no permission to read it",
  };
  const reason = reasons[String(code)] ?? String(cause);
  return new UsageError(`cannot read ${path}: ${reason}; ${remedy}`, { cause });
}

/** Text of UTF-8 bytes, without a byte order mark; throws FormatError that names the first byte that is not UTF-8. */
function parseUtf8(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(
      `${name} is not UTF-8 at byte ${firstOddByte(bytes)}; save it as UTF-8 and try again`,
      { cause },
    );
  }
}

/** Halves the search: a stretch from the start that decodes as a stream has no odd byte. */
function firstOddByte(bytes: Uint8Array): number {
  const isWhole = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false; // the one thing that a fatal decoder reports
    }
  };
  let whole = 0;
  let odd = bytes.length;
  while (odd - whole > 1) {
    const middle = (whole + odd) >> 1;
    if (isWhole(middle)) whole = middle;
    else odd = middle;
  }
  return whole;
}
