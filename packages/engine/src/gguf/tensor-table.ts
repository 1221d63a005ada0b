// GGUF's table of tensors: what each is, and where its data lie.

import { FormatError } from "@tokenscope/core";
import { type BlockType, blockType, readableTypes, shownType } from "./blocks.ts";
import type { Cursor } from "./cursor.ts";
import { shown } from "./shown.ts";

/** One tensor's place in the file. `dims` has the fastest dimension first: [in, out] of a weight matrix. */
export interface TensorInfo {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: BlockType;
  readonly offset: number; // from the start of the file; of the first shard, where there are several
  readonly byteLength: number;
}

/** Bytes that an entry takes at least: its name's length, one dimension's count and value, type and offset. */
export const LEAST_ENTRY_BYTES = 8 + 4 + 8 + 4 + 8;

const MAX_DIMENSIONS = 4; // ggml has no more

/** `count` entries from here on, their offsets still from the start of the tensor data; throws FormatError for a name that stands twice, and for a shape or type that is not readable here. */
export function parseTensors(cursor: Cursor, count: number): readonly TensorInfo[] {
  const tensors = new Map<string, TensorInfo>();
  for (let i = 0; i < count; i += 1) {
    const from = cursor.at;
    const tensor = parseTensor(cursor);
    if (tensors.has(tensor.name)) {
      throw new FormatError(
        `readGguf: tensor ${shown(tensor.name)} stands in the table twice, the second time at byte ${from}; the file is damaged, fetch it again`,
      );
    }
    tensors.set(tensor.name, tensor);
  }
  return [...tensors.values()];
}

function parseTensor(cursor: Cursor): TensorInfo {
  const name = cursor.string();
  const from = cursor.at;
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} has ${dimensions} dimensions at byte ${from}, not 1 to ${MAX_DIMENSIONS}; the file is damaged, fetch it again`,
    );
  }
  const dims = Array.from({ length: dimensions }, () => cursor.u64());
  const typeAt = cursor.at;
  const ggmlType = cursor.u32();
  const type = blockType(ggmlType);
  if (type === undefined) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} has type ${shownType(ggmlType)} at byte ${typeAt}; readable are ${readableTypes().join(", ")}; fetch another quantisation of this model`,
    );
  }
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (elements === 0) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} of ${dims.join(" x ")} at byte ${from} is empty; the file is damaged, fetch it again`,
    );
  }
  if (!Number.isSafeInteger(elements) || (dims[0] ?? 0) % type.blockElements !== 0) {
    throw new FormatError(
      `readGguf: tensor ${shown(name)} of ${dims.join(" x ")} at byte ${from} is no whole number of ${type.name} blocks; the file is damaged, fetch it again`,
    );
  }
  const byteLength = (elements / type.blockElements) * type.blockBytes;
  return { name, dims, type, offset: cursor.u64(), byteLength };
}

export interface DataPlace {
  readonly alignment: number;
  readonly fileBytes: number;
}

/** Throws FormatError for tensors whose data are not inside the file, not aligned, or not theirs alone. */
export function checkPlaces(tensors: readonly TensorInfo[], place: DataPlace): void {
  let before: TensorInfo | undefined;
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset)) {
    const { name, offset, byteLength } = tensor;
    if (offset + byteLength > place.fileBytes) {
      throw new FormatError(
        `readGguf: the file ends at byte ${place.fileBytes}, inside tensor ${shown(name)} (bytes ${offset} to ${offset + byteLength}); it is cut short, fetch it again`,
      );
    }
    if (offset % place.alignment !== 0) {
      throw new FormatError(
        `readGguf: tensor ${shown(name)} begins at byte ${offset}, which is no multiple of the alignment, ${place.alignment}; the file is damaged, fetch it again`,
      );
    }
    if (before !== undefined && before.offset + before.byteLength > offset) {
      throw new FormatError(
        `readGguf: tensor ${shown(name)} begins at byte ${offset}, inside tensor ${shown(before.name)} (bytes ${before.offset} to ${before.offset + before.byteLength}); the file is damaged, fetch it again`,
      );
    }
    before = tensor;
  }
}
