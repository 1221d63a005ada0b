// Reading of untrusted JSON: a value with its place, so that every refusal names both. Knows no format.

import { FormatError } from "@tokenscope/core";

/** A value of a JSON file and the path to it, such as model.vocab. */
export interface JsonPlace {
  readonly path: string;
  readonly value: unknown;
}

/** The file's root object; throws FormatError for a text that is not JSON. */
export function parseJsonRoot(json: string): JsonPlace {
  try {
    return { path: "", value: JSON.parse(json) };
  } catch (error) {
    throw new FormatError(
      `tokenizer.json: it is not JSON (${error instanceof Error ? error.message : String(error)}); fetch the file again`,
      { cause: error },
    );
  }
}

/** A field of an object; its value is null where the object lacks it. */
export function fieldOf(place: JsonPlace, name: string): JsonPlace {
  const path = place.path === "" ? name : `${place.path}.${name}`;
  return { path, value: recordOf(place)[name] ?? null };
}

export function recordOf(place: JsonPlace): Readonly<Record<string, unknown>> {
  const { value } = place;
  if (isRecord(value)) return value;
  throw wrongValue(place, "an object");
}

/** The entries of a list; none where it is missing. */
export function listOf(place: JsonPlace): readonly JsonPlace[] {
  if (place.value === null) return [];
  if (!Array.isArray(place.value)) throw wrongValue(place, "a list");
  return place.value.map((value: unknown, i) => ({ path: `${place.path}[${i}]`, value }));
}

export function textOf(place: JsonPlace): string {
  if (typeof place.value === "string") return place.value;
  throw wrongValue(place, "a string");
}

/** A token id: a whole number from 0. */
export function idOf(place: JsonPlace): number {
  const { value } = place;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw wrongValue(place, "a token id");
}

/** True or false; `missing` where there is none. */
export function flagOf(place: JsonPlace, missing: boolean): boolean {
  if (place.value === null) return missing;
  if (typeof place.value === "boolean") return place.value;
  throw wrongValue(place, "true or false");
}

/** The error for a value that is not one of those allowed. */
export function wrongValue({ path, value }: JsonPlace, allowed: string): FormatError {
  const found = value === null ? "is missing" : `is ${printed(value)}`;
  return new FormatError(
    `tokenizer.json: ${path || "the file"} ${found}; it must be ${allowed}; choose a tokenizer of that kind`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function printed(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
