// Reads untrusted JSON part by part; every complaint names the place in the file. Knows no format.

import { FormatError } from "./errors.ts";

/** A value of a JSON file with its place. Example: the path "tokens[3].parent". */
export interface JsonPart {
  readonly value: unknown;
  readonly path: string;
}

/** The error for a part that is not what it must be; `allowed` completes "must be". */
export function jsonError({ value, path }: JsonPart, allowed: string): FormatError {
  const shown = JSON.stringify(value) ?? String(value);
  const short = shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
  const where = path === "" ? "the file" : `${path} in the file`;
  return new FormatError(
    `${where} is ${short} and must be ${allowed}; open a file as Tokenscope saved it`,
  );
}

/** The fields of an object; throws FormatError for an unknown or a missing one. Optional ones may be absent. */
export function readFields<R extends string, O extends string = never>(
  part: JsonPart,
  required: readonly R[],
  optional: readonly O[] = [],
): Readonly<Record<R, JsonPart>> & Readonly<Partial<Record<O, JsonPart>>> {
  const { value, path } = part;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw jsonError(part, "an object");
  }
  const known: readonly string[] = [...required, ...optional];
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw jsonError({ value: unknown, path: `a key of ${path || "the top"}` }, known.join(", "));
  }
  const fields = Object.entries(value).map(([name, field]) => {
    return [name, { value: field, path: path === "" ? name : `${path}.${name}` }] as const;
  });
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) {
    throw jsonError(
      { value: undefined, path: path === "" ? missing : `${path}.${missing}` },
      "there",
    );
  }
  return Object.fromEntries(fields) as never; // the keys were checked just now
}

/** The items of an array. */
export function readItems(part: JsonPart): readonly JsonPart[] {
  const { value, path } = part;
  if (!Array.isArray(value)) throw jsonError(part, "a list");
  return value.map((item: unknown, i) => ({ value: item, path: `${path}[${i}]` }));
}

/** A whole number from `least` to `most`, both in. */
export function readWhole(part: JsonPart, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const { value } = part;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) {
    return value;
  }
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw jsonError(
    part,
    most < least ? "null, for there is nothing to name" : `a whole number ${range}`,
  );
}

/** A finite number. */
export function readNumber(part: JsonPart): number {
  if (typeof part.value === "number" && Number.isFinite(part.value)) return part.value;
  throw jsonError(part, "a number");
}

/** A text of at most so many characters. */
export function readText(part: JsonPart, most = 10_000): string {
  if (typeof part.value === "string" && part.value.length <= most) return part.value;
  throw jsonError(part, `a text of at most ${most} characters`);
}

/** One of a few words. */
export function readWord<T extends string>(part: JsonPart, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === part.value);
  if (word !== undefined) return word;
  throw jsonError(part, words.map((candidate) => `"${candidate}"`).join(" or "));
}

/** Null, or what `read` makes of the part. */
export function readNullable<T>(part: JsonPart, read: (part: JsonPart) => T): T | null {
  return part.value === null ? null : read(part);
}
