// Option values as people type them, checked once at the edge.

import { type TokenId, tokenId, UsageError } from "@tokenscope/core";

/** A parser of whole numbers from `least` for the option `name`. */
export function parseWhole(name: string, least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number;
    throw new UsageError(
      `${name} ${JSON.stringify(value)} is not allowed; give a whole number from ${least}`,
    );
  };
}

/** A parser of numbers for the option `name`; what range is allowed is checked where it is known. */
export function parseNumber(name: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() !== "" && Number.isFinite(number)) return number;
    throw new UsageError(`${name} ${JSON.stringify(value)} is not a number; give one such as 0.7`);
  };
}

/** A TCP port. */
export function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new UsageError(
    `--port ${JSON.stringify(value)} is not allowed; give a whole number from 0 to 65535`,
  );
}

/** Token ids between commas. Example: "1, 2" -> [1, 2]. Whether the vocabulary has them is checked with the model. */
export function parseIds(value: string): readonly TokenId[] {
  const parts = value.split(",").map((part) => part.trim());
  const odd = parts.find((part) => !/^\d+$/.test(part) || !Number.isSafeInteger(Number(part)));
  if (odd === undefined) return parts.map((part) => tokenId(Number(part)));
  throw new UsageError(
    `--ids has ${JSON.stringify(odd)}, which is not a token id; give whole numbers between commas, such as --ids 504,2988`,
  );
}

/** What stands before a text: as the file says, nothing, or this token. */
export type StartToken = "auto" | "none" | TokenId;

/** The value of --start-token. */
export function parseStartToken(value: string): StartToken {
  if (value === "auto" || value === "none") return value;
  if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value))) return tokenId(Number(value));
  throw new UsageError(
    `--start-token ${JSON.stringify(value)} is not allowed; give auto, none or a token id such as 0`,
  );
}

/** Adds a value to those of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
