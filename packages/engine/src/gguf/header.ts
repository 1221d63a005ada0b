// One file's header: magic, counts, metadata, table of tensors (specification: ggml's docs/gguf.md).

import { FormatError } from "@tokenscope/core";
import type { ByteSource } from "../byte-source.ts";
import { Cursor, OutOfBytes } from "./cursor.ts";
import { type GgufValue, parseMetadata } from "./metadata.ts";
import { shown } from "./shown.ts";
import { checkPlaces, LEAST_ENTRY_BYTES, parseTensors, type TensorInfo } from "./tensor-table.ts";

export interface Header {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly TensorInfo[];
  readonly byteLength: number; // of the header itself
}

const MAGIC = 0x4655_4747; // "GGUF", little-endian
const VERSIONS = [2, 3];
const FIRST_READ = 8_388_608; // SmolLM2's header takes 1.8 MB, Gemma 3's 6.5; doubled, and parsed anew, until it is enough
const DEFAULT_ALIGNMENT = 32;
const LEAST_METADATA_BYTES = 8 + 4 + 1; // the key's length, type, value

/** Reads and parses a header, offsets from the start of this file; throws FormatError with the byte for anything that is none, is cut short or contradicts itself. */
export async function readHeader(source: ByteSource): Promise<Header> {
  const fileBytes = source.byteLength;
  let length = Math.min(FIRST_READ, fileBytes);
  for (;;) {
    const cursor = new Cursor(await source.read(0, length), fileBytes);
    try {
      return parseHeader(cursor, fileBytes);
    } catch (error) {
      if (!(error instanceof OutOfBytes)) throw error;
      if (length === fileBytes) {
        throw new FormatError(
          `readGguf: the file ends at byte ${fileBytes} while its header is read at byte ${cursor.at}; it is cut short, fetch it again`,
        );
      }
      length = Math.min(length * 2, fileBytes);
    }
  }
}

function parseHeader(cursor: Cursor, fileBytes: number): Header {
  checkMagic(cursor);
  const tensorCount = cursor.count("tensors", LEAST_ENTRY_BYTES);
  const metadataCount = cursor.count("metadata entries", LEAST_METADATA_BYTES);
  const metadata = parseMetadata(cursor, metadataCount);
  const alignment = parseAlignment(metadata, cursor.at);
  const relative = parseTensors(cursor, tensorCount);
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = relative.map((tensor) => ({ ...tensor, offset: dataStart + tensor.offset }));
  checkPlaces(tensors, { alignment, fileBytes });
  return { metadata, tensors, byteLength: cursor.at };
}

function checkMagic(cursor: Cursor): void {
  const magic = cursor.u32();
  if (magic !== MAGIC) {
    const hex = magic.toString(16).padStart(8, "0");
    throw new FormatError(
      `readGguf: the file begins with 0x${hex} at byte 0, not with "GGUF"; it is no GGUF file, choose another`,
    );
  }
  const version = cursor.u32();
  if (!VERSIONS.includes(version)) {
    throw new FormatError(
      `readGguf: GGUF version ${version} at byte 4 is not readable; readable are ${VERSIONS.join(" and ")}`,
    );
  }
}

function parseAlignment(metadata: Header["metadata"], at: number): number {
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment === "number" && Number.isInteger(Math.log2(alignment)) && alignment >= 1) {
    return alignment;
  }
  throw new FormatError(
    `readGguf: general.alignment is ${shown(alignment)} in the metadata before byte ${at}; it must be a power of two`,
  );
}
