// Lines of a file of any length, a line at a time.

import { constants, createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { FormatError } from "@tokenscope/core";
import { unreadable } from "../read-text.ts";

const LINE_FEED = 10;
const BLANKS = [9, 11, 12, 13, 32]; // ASCII's
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A line that is not blank, with its place among such lines and in the file. */
export interface FileLine {
  readonly bytes: Uint8Array;
  readonly index: number; // from 0, blank lines left out
  readonly number: number; // from 1, of all lines
}

/** Throws UsageError where a file cannot be read, before anything is written for its sake. */
export async function checkReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    throw unreadable(path, "check the path", cause);
  }
}

/** Reads a file's lines; throws UsageError where it cannot be read. */
export async function* readLines(path: string): AsyncGenerator<FileLine, void, void> {
  let index = 0;
  let number = 0;
  for await (const bytes of byteLines(path)) {
    number += 1;
    if (bytes.every((byte) => BLANKS.includes(byte))) continue;
    yield { bytes, index, number };
    index += 1;
  }
}

/** A line's text; throws FormatError where it is not UTF-8. */
export function lineText({ bytes, number }: FileLine, path: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new FormatError(`${path}: line ${number} is not UTF-8; save the file as UTF-8`, {
      cause,
    });
  }
}

async function* byteLines(path: string): AsyncGenerator<Uint8Array, void, void> {
  let parts: Uint8Array[] = [];
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      parts.push(chunk.subarray(from, end));
      yield Buffer.concat(parts);
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array; // a stream without an encoding gives bytes
  } catch (cause) {
    throw unreadable(path, "check the path", cause);
  }
}
