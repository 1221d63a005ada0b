// The metadata of a GGUF file, read alone: these tests need neither tensors nor the engine.

import { closeSync, openSync, readSync } from "node:fs";
import type { GgufMetadata } from "../src/index.ts";

/** Reads the key and value pairs at the head of a well-formed GGUF file (specification, version 3). */
export function ggufMetadata(path: string): GgufMetadata {
  const file = fileHead(path);
  let at = 16; // magic and version, 4 bytes each, then the number of tensors
  const take = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const length = () => Number(file.readBigUInt64LE(take(8)));
  const type = () => file.readUInt32LE(take(4));
  const text = () => {
    const bytes = length();
    const start = take(bytes);
    return file.toString("utf8", start, start + bytes);
  };
  const value = (kind: number): unknown => {
    if (kind === 8) return text();
    if (kind === 9) {
      const entry = type();
      return Array.from({ length: length() }, () => value(entry));
    }
    return readNumber(file, kind, take(VALUE_BYTES[kind] ?? 0));
  };
  return new Map(Array.from({ length: length() }, () => [text(), value(type())]));
}

const HEAD_BYTES = 32 * 2 ** 20; // Gemma 3's 262,144 tokens with scores and types take 7 MB

function fileHead(path: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

// uint8 int8 uint16 int16 uint32 int32 float32 bool, then string and array, then uint64 int64 float64
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

function readNumber(file: Buffer, kind: number, at: number): number | bigint | boolean {
  switch (kind) {
    case 4:
      return file.readUInt32LE(at);
    case 5:
      return file.readInt32LE(at);
    case 6:
      return file.readFloatLE(at);
    case 7:
      return file.readUInt8(at) !== 0;
    case 10:
      return file.readBigUInt64LE(at);
    default:
      throw new Error(`value type ${kind} at byte ${at} does not occur in the fixtures`);
  }
}
