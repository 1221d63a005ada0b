// A file that results are added to line by line, and that a run which was killed can go on with: whole lines count, half of one is taken back.

import { type FileHandle, open, stat } from "node:fs/promises";
import { UsageError } from "@tokenscope/core";

const LINE_FEED = 10;
const CHUNK_BYTES = 1 << 20;
const REST_BYTES = 64;

/** An open file of results, as it was found until something is added. */
export interface OutFile {
  readonly lines: number; // whole ones that were there
  readonly lastLine: string | null;
  /** How what stands behind the last whole line begins; empty where nothing does. */
  readonly restStart: string;
  /** Takes back what a killed run left half written; once the file is known to be ours. */
  dropRest(): Promise<void>;
  /** Adds a line. */
  add(line: string): Promise<void>;
  /** Makes sure that it is on the disk, and closes it. */
  close(): Promise<void>;
}

/** Opens or makes the file and changes nothing in it yet; throws UsageError where it cannot be written, or is the file `input` itself. */
export async function openOutFile(path: string, input: string): Promise<OutFile> {
  const file = await openForBoth(path);
  const [own, other] = await Promise.all([file.stat(), stat(input)]);
  if (own.ino === other.ino && own.dev === other.dev) {
    await file.close();
    throw new UsageError(`--out is ${input} itself; give another file for the results`);
  }
  const { lines, end, lastStart } = await wholeLines(file);
  const lastLine = lines === 0 ? null : await textOf(file, lastStart, end - 1);
  const restStart = await textOf(file, end, Math.min(own.size, end + REST_BYTES));
  let at = end;
  return {
    lines,
    lastLine,
    restStart,
    dropRest: () => file.truncate(end),
    async add(line) {
      const bytes = Buffer.from(`${line}\n`);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done); // a full disk may take a part
        done += bytesWritten;
      }
      at += bytes.length;
    },
    async close() {
      await file.sync();
      await file.close();
    },
  };
}

async function openForBoth(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+").catch((error: unknown) => {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (isMissing) return open(path, "w+");
      throw error;
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`cannot write ${path}: ${reason}; choose another file for --out`, {
      cause,
    });
  }
}

/** How many whole lines there are, where they end and where the last of them begins, in bytes. */
async function wholeLines(file: FileHandle) {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let lines = 0;
  let end = 0;
  let lastStart = 0;
  for (let offset = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) return { lines, end, lastStart };
    const read = chunk.subarray(0, bytesRead);
    for (let i = read.indexOf(LINE_FEED); i !== -1; i = read.indexOf(LINE_FEED, i + 1)) {
      lines += 1;
      lastStart = end;
      end = offset + i + 1;
    }
    offset += bytesRead;
  }
}

async function textOf(file: FileHandle, from: number, to: number): Promise<string> {
  const bytes = Buffer.alloc(to - from);
  await file.read(bytes, 0, bytes.length, from);
  return bytes.toString("utf8");
}
