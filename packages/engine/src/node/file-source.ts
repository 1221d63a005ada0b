// A model file on disk, or its shards. Node only.

import { type FileHandle, open } from "node:fs/promises";
import { type ByteSource, checkRange, shardedSource } from "../byte-source.ts";

/** A source over an open file; close it when the engine is loaded. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

const MOST_BYTES = 2 ** 30; // a read: Node refuses more than 2^31 - 1, and a tensor may have more

/** Opens a file, or the shards of one in their order; throws Node's own error where one cannot be read. */
export async function openFileSource(path: string | readonly string[]): Promise<FileSource> {
  if (typeof path === "string") return openSingle(path);
  const opened: FileSource[] = [];
  const close = async (): Promise<void> => {
    for (const source of opened) await source.close();
  };
  try {
    for (const shard of path) opened.push(await openSingle(shard));
  } catch (error) {
    await close();
    throw error;
  }
  const [only] = opened;
  return only !== undefined && opened.length === 1 ? only : { ...shardedSource(opened), close };
}

async function openSingle(path: string): Promise<FileSource> {
  const file: FileHandle = await open(path, "r");
  const { size } = await file.stat();
  return {
    byteLength: size,
    async read(offset, length) {
      checkRange("openFileSource", size, { offset, length });
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const most = Math.min(length - done, MOST_BYTES);
        const { bytesRead } = await file.read(bytes, done, most, offset + done);
        if (bytesRead === 0) {
          throw new RangeError(
            `openFileSource: no ${length} bytes at ${offset} of ${path} any more`,
          );
        }
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}
