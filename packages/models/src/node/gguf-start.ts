// Whether a file begins as GGUF files do. Knows nothing of what comes after.

import { open } from "node:fs/promises";

const MAGIC = "GGUF"; // the first four bytes of every such file (specification: ggml's docs/gguf.md)

/** Null where a file begins as GGUF files do, else how it begins. Example: a web page -> "\"<!DO\"". */
export async function otherStart(path: string): Promise<string | null> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    const start = buffer.toString("latin1", 0, bytesRead);
    return start === MAGIC ? null : JSON.stringify(start);
  } finally {
    await handle.close();
  }
}
