// Whole numbers and texts as bytes, written and read in the same order. Knows no format.

import { FormatError } from "./errors.ts";

/** Writes values one after another. */
export interface ByteWriter {
  /** A whole number from 0, seven bits a byte, the low ones first (LEB128). Example: 300 -> AC 02. */
  whole(value: number): void;
  /** A length, then the bytes. */
  bytes(value: Uint8Array): void;
  /** A text as UTF-8, with its length. */
  text(value: string): void;
  finish(): Uint8Array;
}

/** Reads what a ByteWriter wrote; throws FormatError with the byte's offset where it cannot be. */
export interface ByteReader {
  whole(most?: number): number;
  bytes(): Uint8Array;
  text(): string;
  /** Throws where bytes are left over. */
  end(): void;
}

const CONTINUES = 0x80;
const LONGEST_WHOLE = 8; // bytes of seven bits that hold 2^53

/** A writer with nothing in it. */
export function byteWriter(): ByteWriter {
  const written: number[] = [];
  const encoder = new TextEncoder();
  const whole = (value: number): void => {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`byteWriter: ${value} is not a whole number from 0`);
    }
    let left = value;
    while (left >= CONTINUES) {
      written.push((left % CONTINUES) | CONTINUES);
      left = Math.floor(left / CONTINUES);
    }
    written.push(left);
  };
  const bytes = (value: Uint8Array): void => {
    whole(value.length);
    for (const byte of value) written.push(byte);
  };
  return {
    whole,
    bytes,
    text: (value) => bytes(encoder.encode(value)),
    finish: () => Uint8Array.from(written),
  };
}

/** A reader of these bytes; `what` names them in errors, such as "the link". */
export function byteReader(all: Uint8Array, what: string): ByteReader {
  let at = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const broken = (problem: string): FormatError =>
    new FormatError(`${what} ${problem} at byte ${at} of ${all.length}; copy it again, whole`);
  const whole = (most = Number.MAX_SAFE_INTEGER): number => {
    let value = 0;
    for (let i = 0; i < LONGEST_WHOLE; i += 1) {
      const byte = all[at];
      if (byte === undefined) throw broken("ends too early");
      at += 1;
      value += (byte % CONTINUES) * CONTINUES ** i;
      if (byte < CONTINUES) {
        if (value <= most) return value;
        throw broken(`has ${value} where at most ${most} is allowed`);
      }
    }
    throw broken("has a number beyond 2^53");
  };
  const bytes = (): Uint8Array => {
    const length = whole();
    if (at + length > all.length) throw broken("ends too early");
    at += length;
    return all.slice(at - length, at);
  };
  return {
    whole,
    bytes,
    text() {
      try {
        return decoder.decode(bytes());
      } catch (error) {
        if (error instanceof FormatError) throw error;
        throw broken("has a text that is no UTF-8");
      }
    },
    end() {
      if (at < all.length) throw broken("goes on");
    },
  };
}
