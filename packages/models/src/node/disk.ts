// What the disk can refuse, as sentences. Knows nothing of models.

import { stat } from "node:fs/promises";
import { EngineError } from "@tokenscope/core";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "there is no permission to write",
  EPERM: "there is no permission to write",
  EROFS: "the disk is read-only",
  ENOTDIR: "a file stands where a folder is needed",
  EEXIST: "a file stands where a folder is needed",
  EIO: "the disk failed",
  EFBIG: "the file system takes no file this large",
};

/** The error code of a failed system call, or null for any other error. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** True where the disk has no room left: what was written so far should then go. */
export function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(errorCode(error) ?? "");
}

/** A refusal of the disk as one sentence; any other error is given back as it is. */
export function diskError(error: unknown, folder: string): unknown {
  const code = errorCode(error);
  if (code === null || !(error instanceof Error) || !("syscall" in error)) return error;
  const reason = REASONS[code] ?? error.message;
  return new EngineError(
    `cannot store a model in ${folder}: ${reason} (${code}); make room there or name another folder in TOKENSCOPE_MODELS`,
    { cause: error },
  );
}

/** True where a folder stands at this path. */
export async function isFolder(path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => null); // what cannot be seen is no folder
  return entry?.isDirectory() ?? false;
}

/** Size of a file in bytes, or null where there is none. */
export async function fileBytes(path: string): Promise<number | null> {
  try {
    const entry = await stat(path);
    return entry.isFile() ? entry.size : null;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return null;
    throw error;
  }
}
