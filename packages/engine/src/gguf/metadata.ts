// GGUF's metadata: keys with values of thirteen types.

import { FormatError } from "@tokenscope/core";
import type { Cursor } from "./cursor.ts";
import { shown } from "./shown.ts";

export type GgufValue = string | number | boolean | readonly GgufValue[];

const ARRAY = 9;
const LEAST_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8]; // of a value, by its type's number
const MAX_ARRAY_ELEMENTS = 4_194_304; // Gemma 3 has 262,144 tokens, and 514,906 merges where they are written

/** `count` entries from here on; throws FormatError for a key that stands twice and for a value of no known type. */
export function parseMetadata(cursor: Cursor, count: number): ReadonlyMap<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i += 1) {
    const from = cursor.at;
    const key = cursor.string();
    if (metadata.has(key)) {
      throw new FormatError(
        `readGguf: the metadata key ${shown(key)} stands there twice, the second time at byte ${from}; the file is damaged, fetch it again`,
      );
    }
    metadata.set(key, parseValue(cursor));
  }
  return metadata;
}

function parseValue(cursor: Cursor): GgufValue {
  const from = cursor.at;
  const type = cursor.u32();
  if (type === ARRAY) return parseArray(cursor);
  if (LEAST_BYTES[type] !== undefined) return parseScalar(cursor, type);
  throw new FormatError(
    `readGguf: metadata type ${type} at byte ${from} does not exist; the file is damaged, fetch it again`,
  );
}

function parseArray(cursor: Cursor): readonly GgufValue[] {
  const from = cursor.at;
  const type = cursor.u32();
  const leastBytes = LEAST_BYTES[type];
  if (leastBytes === undefined || type === ARRAY) {
    throw new FormatError(
      `readGguf: an array of metadata type ${type} at byte ${from} is not readable; the file is damaged, fetch it again`,
    );
  }
  const count = cursor.count("array elements", leastBytes);
  if (count > MAX_ARRAY_ELEMENTS) {
    throw new FormatError(
      `readGguf: an array of ${count} elements at byte ${from} is longer than any vocabulary (at most ${MAX_ARRAY_ELEMENTS}); the file is damaged, fetch it again`,
    );
  }
  const values = new Array<GgufValue>(count); // a growing one would take up to three times as much on the way
  for (let i = 0; i < count; i += 1) values[i] = parseScalar(cursor, type);
  return values;
}

function parseScalar(cursor: Cursor, type: number): string | number | boolean {
  switch (type) {
    case 0:
      return cursor.u8();
    case 1:
      return cursor.i8();
    case 2:
      return cursor.u16();
    case 3:
      return cursor.i16();
    case 4:
      return cursor.u32();
    case 5:
      return cursor.i32();
    case 6:
      return cursor.f32();
    case 7:
      return cursor.u8() !== 0;
    case 8:
      return cursor.string();
    case 10:
      return cursor.u64();
    case 11:
      return cursor.i64();
    case 12:
      return cursor.f64();
    default:
      throw new RangeError(`parseScalar: ${type} is no type of a single value`);
  }
}
