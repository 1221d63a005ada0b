// Reading a GGUF file's header: metadata and the table of tensors. Tensor data is read later, one by one (specification: ggml's docs/gguf.md).

import { FormatError } from "@tokenscope/core";
import type { ByteSource } from "../byte-source.ts";
import { type BlockType, blockType, readableTypes, shownType } from "./blocks.ts";
import { Cursor, OutOfBytes } from "./cursor.ts";
import { shown } from "./shown.ts";

export type GgufValue = string | number | boolean | readonly GgufValue[];

/** One tensor's place in the file. `dims` has the fastest dimension first: [in, out] of a weight matrix. */
export interface TensorInfo {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: BlockType;
  readonly offset: number; // from the start of the file
  readonly byteLength: number;
}

export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

const MAGIC = 0x4655_4747; // "GGUF", little-endian
const VERSIONS = [2, 3];
const FIRST_READ = 4_194_304; // SmolLM2's header takes 1.7 MB, Gemma 3's 7; doubled until it is enough
const MAX_DIMENSIONS = 8; // ggml itself has 4
const DEFAULT_ALIGNMENT = 32;
const LEAST_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8]; // of a metadata value, by its type's number
const MAX_ARRAY_ELEMENTS = 4_194_304; // Gemma 3 has 262,144 tokens and 514,906 merges

/** The header of a GGUF file; throws FormatError with the byte offset for anything that is not one, is cut short, or holds a tensor type that is not readable here. */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  let length = Math.min(FIRST_READ, source.byteLength);
  for (;;) {
    const cursor = new Cursor(await source.read(0, length), source.byteLength);
    try {
      return parseHeader(cursor, source.byteLength);
    } catch (error) {
      if (!(error instanceof OutOfBytes)) throw error;
      if (length === source.byteLength) throw truncatedHeader(cursor.at, source.byteLength);
      length = Math.min(length * 2, source.byteLength);
    }
  }
}

/** A tensor's raw blocks. */
export function readTensor(source: ByteSource, tensor: TensorInfo): Promise<Uint8Array> {
  return source.read(tensor.offset, tensor.byteLength);
}

/** The name people know a file by: the tensor type that holds most of its weights. Example: SmolLM2's file -> "Q4_1". */
export function quantizationName({ tensors }: Gguf): string {
  const elements = new Map<string, number>();
  for (const { type, dims, name } of tensors.values()) {
    if (dims.length < 2 || name.startsWith("token_embd")) continue;
    const count = dims.reduce((product, dim) => product * dim, 1);
    elements.set(type.name, (elements.get(type.name) ?? 0) + count);
  }
  const [most] = [...elements].toSorted((a, b) => b[1] - a[1]);
  return most?.[0] ?? "F32";
}

function parseHeader(cursor: Cursor, fileBytes: number): Gguf {
  checkMagic(cursor);
  const tensorCount = cursor.count("tensors", 24);
  const metadataCount = cursor.count("metadata entries", 13);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i += 1) {
    const key = cursor.string();
    metadata.set(key, parseValue(cursor, cursor.u32()));
  }
  const found = Array.from({ length: tensorCount }, () => parseTensor(cursor));
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== "number" || alignment < 1 || !Number.isInteger(alignment)) {
    throw new FormatError(
      `readGguf: general.alignment is ${shown(alignment)} in the metadata before byte ${cursor.at}; it must be a whole number from 1`,
    );
  }
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = found.map((tensor) => ({ ...tensor, offset: dataStart + tensor.offset }));
  for (const tensor of tensors) checkTensorEnd(tensor, fileBytes);
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
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

function parseValue(cursor: Cursor, type: number): GgufValue {
  const from = cursor.at;
  if (type === 9) return parseArray(cursor);
  const scalar = scalarReader(cursor, type);
  if (scalar === undefined) {
    throw new FormatError(
      `readGguf: metadata type ${type} before byte ${from} does not exist; the file is damaged, fetch it again`,
    );
  }
  return scalar();
}

function parseArray(cursor: Cursor): readonly GgufValue[] {
  const from = cursor.at;
  const type = cursor.u32();
  const scalar = scalarReader(cursor, type);
  if (scalar === undefined) {
    throw new FormatError(
      `readGguf: an array of metadata type ${type} at byte ${from} is not readable; the file is damaged, fetch it again`,
    );
  }
  const count = cursor.count("array elements", LEAST_BYTES[type] ?? 1);
  if (count > MAX_ARRAY_ELEMENTS) {
    throw new FormatError(
      `readGguf: an array of ${count} elements at byte ${from} is longer than any vocabulary (at most ${MAX_ARRAY_ELEMENTS}); the file is damaged, fetch it again`,
    );
  }
  const values: GgufValue[] = [];
  for (let i = 0; i < count; i += 1) values.push(scalar());
  return values;
}

function scalarReader(cursor: Cursor, type: number): (() => string | number | boolean) | undefined {
  const readers = [
    cursor.u8,
    cursor.i8,
    cursor.u16,
    cursor.i16,
    cursor.u32,
    cursor.i32,
    cursor.f32,
    () => cursor.u8() !== 0,
    () => cursor.string(),
    undefined, // 9 is an array
    cursor.u64,
    cursor.i64,
    cursor.f64,
  ];
  return readers[type];
}

function parseTensor(cursor: Cursor): TensorInfo {
  const name = cursor.string();
  const from = cursor.at;
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} has ${dimensions} dimensions at byte ${from}; the file is damaged, fetch it again`,
    );
  }
  const dims = Array.from({ length: dimensions }, cursor.u64);
  const typeAt = cursor.at;
  const ggmlType = cursor.u32();
  const type = blockType(ggmlType);
  if (type === undefined) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} has type ${shownType(ggmlType)} at byte ${typeAt}; readable are ${readableTypes().join(", ")}; fetch another quantisation of this model`,
    );
  }
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(elements) || (dims[0] ?? 0) % type.blockElements !== 0) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} of ${dims.join(" x ")} at byte ${from} is no whole number of ${type.name} blocks; the file is damaged, fetch it again`,
    );
  }
  const byteLength = (elements / type.blockElements) * type.blockBytes;
  return { name, dims, type, offset: cursor.u64(), byteLength };
}

function checkTensorEnd({ name, offset, byteLength }: TensorInfo, fileBytes: number): void {
  if (offset + byteLength <= fileBytes) return;
  throw new FormatError(
    `readGguf: the file ends at byte ${fileBytes}, inside tensor ${shown(name)} (bytes ${offset} to ${offset + byteLength}); it is cut short, fetch it again`,
  );
}

function truncatedHeader(at: number, fileBytes: number): FormatError {
  return new FormatError(
    `readGguf: the file ends at byte ${fileBytes} while its header is read at byte ${at}; it is cut short, fetch it again`,
  );
}
