// A reading place in bytes that are the beginning of a file; every refusal says at which byte.

import { FormatError } from "@tokenscope/core";

/** The bytes at hand ended; the file may have more. */
export class OutOfBytes extends Error {
  override readonly name = "OutOfBytes";
}

const decoder = new TextDecoder();
const TWO_TO_32 = 2 ** 32;

/** Little-endian values, one after another; throws OutOfBytes at the end of what is at hand. */
export class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileBytes: number;

  constructor(bytes: Uint8Array, fileBytes: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }
  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }
  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }
  /** Two halves, not a BigInt: a vocabulary has 262,144 lengths. */
  u64(): number {
    const from = this.#advance(8);
    const high = this.#view.getUint32(from + 4, true);
    return this.#safe(high * TWO_TO_32 + this.#view.getUint32(from, true), from);
  }
  i64(): number {
    const from = this.#advance(8);
    const high = this.#view.getInt32(from + 4, true);
    return this.#safe(high * TWO_TO_32 + this.#view.getUint32(from, true), from);
  }

  /** A count of things that take at least `leastBytes` each; more than the file could hold is refused before anything is allocated. */
  count(what: string, leastBytes: number): number {
    const from = this.at;
    const count = this.u64();
    if (count * leastBytes > this.#fileBytes - from) {
      throw new FormatError(
        `readGguf: ${count} ${what} at byte ${from} cannot fit into a file of ${this.#fileBytes} bytes; the file is damaged, fetch it again`,
      );
    }
    return count;
  }

  string(): string {
    const length = this.count("bytes of text", 1);
    const from = this.#advance(length);
    return decoder.decode(this.#bytes.subarray(from, from + length));
  }

  #advance(bytes: number): number {
    const from = this.at;
    if (from + bytes > this.#bytes.length) throw new OutOfBytes();
    this.at = from + bytes;
    return from;
  }

  #safe(value: number, from: number): number {
    if (Number.isSafeInteger(value)) return value;
    throw new FormatError(
      `readGguf: the number ${this.#view.getBigUint64(from, true)} at byte ${from} is beyond any real file; the file is damaged, fetch it again`,
    );
  }
}
