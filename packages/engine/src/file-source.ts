// A model file on disk. Node only.

import { type FileHandle, open } from "node:fs/promises";
import type { ByteSource } from "./byte-source.ts";

/** A source over an open file; close it when the engine is loaded. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/** Opens a file; throws Node's own error where it cannot be read. */
export async function openFileSource(path: string): Promise<FileSource> {
  const file: FileHandle = await open(path, "r");
  const { size } = await file.stat();
  return {
    byteLength: size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0)
          throw new RangeError(`openFileSource: no ${length} bytes at ${offset}`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}
