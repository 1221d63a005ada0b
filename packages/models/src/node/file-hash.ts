// The sha256 of a file, read in a stream: a model need not fit in memory.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

const READ_BYTES = 1 << 20; // larger reads measured no faster

/** Lower-case hex sha256 of the file at `path`. */
export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const options = { highWaterMark: READ_BYTES, ...(signal && { signal }) };
  for await (const chunk of createReadStream(path, options)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
