// Where a model file's bytes come from: a buffer, a Blob, or several such files in a row. Knows nothing of what is in them.

/** Random access to a file. */
export interface ByteSource {
  readonly byteLength: number;
  /** Of a file that was cut into several: they, in their order. Offsets run through them one after another. */
  readonly shards?: readonly ByteSource[];
  /** Bytes in memory of their own, which the caller may keep and change; a range outside [0, byteLength) throws RangeError before anything is allocated. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source over bytes in memory; what is read is a copy, so that it keeps none of the rest alive. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    byteLength: bytes.length,
    async read(offset, length) {
      checkRange("bytesSource", bytes.length, { offset, length });
      return bytes.slice(offset, offset + length);
    },
  };
}

/** A source over a Blob: a file that was picked in the browser, or a cached one. Reads ranges, never the whole; throws the browser's own error where the file has changed since it was picked. */
export function blobSource(blob: Blob): ByteSource {
  return {
    byteLength: blob.size,
    async read(offset, length) {
      checkRange("blobSource", blob.size, { offset, length });
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

/** One source over the shards of a file, given in their order. Example: shards of 10 and 5 bytes -> 15 bytes, byte 12 being the second one's third. */
export function shardedSource(shards: readonly ByteSource[]): ByteSource {
  const byteLength = shards.reduce((bytes, shard) => bytes + shard.byteLength, 0);
  return {
    byteLength,
    shards,
    async read(offset, length) {
      checkRange("shardedSource", byteLength, { offset, length });
      let start = 0;
      const pieces: Uint8Array[] = [];
      for (const shard of shards) {
        const from = Math.max(offset - start, 0);
        const to = Math.min(offset + length - start, shard.byteLength);
        if (from < to) pieces.push(await shard.read(from, to - from));
        start += shard.byteLength;
      }
      const [only] = pieces;
      return only?.length === length ? only : joined(pieces, length);
    },
  };
}

/** Throws RangeError, as every source does, for a range that is not inside the file. */
export function checkRange(
  reader: string,
  byteLength: number,
  { offset, length }: { readonly offset: number; readonly length: number },
): void {
  if (offset >= 0 && length >= 0 && offset + length <= byteLength) return;
  throw new RangeError(`${reader}: no ${length} bytes at ${offset} of ${byteLength}`);
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
