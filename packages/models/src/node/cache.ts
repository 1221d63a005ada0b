// The cache on disk: verified model files, named by their sha256. Nothing else ever enters it.

import { mkdir, readdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { MODELS, type ModelEntry } from "../registry.ts";
import { diskError, errorCode, fileBytes } from "./disk.ts";
import { removeLeftParts } from "./part-file.ts";

/** A model of the table, or a cached file that the table does not know (`entry` null). `path` is null where the file is not there. */
export interface CachedModel {
  readonly entry: ModelEntry | null;
  readonly sha256: string;
  readonly path: string | null;
  readonly fileBytes: number;
}

/** Folder of the cache: TOKENSCOPE_MODELS, else tokenscope/models in the XDG cache folder. */
export function modelFolder(env: Readonly<Record<string, string | undefined>>): string {
  return (
    env["TOKENSCOPE_MODELS"] ||
    join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tokenscope", "models")
  );
}

/** Where the file with this sha256 stands, or will stand, in the cache. */
export function cachePath(folder: string, sha256: string): string {
  return join(folder, `${sha256}.gguf`);
}

/** Path of the entry's verified file, or null where the cache has none. */
export async function cachedFile(folder: string, entry: ModelEntry): Promise<string | null> {
  const path = cachePath(folder, entry.sha256);
  return (await fileBytes(path)) === entry.fileBytes ? path : null;
}

/** All models of the table, cached or not, then cached files of unknown models. */
export async function cachedModels(folder: string): Promise<readonly CachedModel[]> {
  const known = MODELS.map(async (entry) => ({
    entry,
    sha256: entry.sha256,
    path: await cachedFile(folder, entry),
    fileBytes: entry.fileBytes,
  }));
  const others = (await cachedHashes(folder))
    .filter((sha256) => MODELS.every((entry) => entry.sha256 !== sha256))
    .map(async (sha256) => {
      const path = cachePath(folder, sha256);
      return { entry: null, sha256, path, fileBytes: (await fileBytes(path)) ?? 0 };
    });
  return Promise.all([...known, ...others]);
}

/** Removes a model's file and what is left of its downloads; gives the bytes freed, 0 where there was nothing. Throws EngineError where the disk refuses. */
export async function removeModel(folder: string, sha256: string): Promise<number> {
  const path = cachePath(folder, sha256);
  const freedBytes = (await fileBytes(path)) ?? 0;
  try {
    await rm(path, { force: true });
    await removeLeftParts(folder, sha256);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw diskError(error, folder);
  }
  return freedBytes;
}

/** Makes the folder where there is none; throws EngineError where the disk refuses. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw diskError(error, folder);
  }
}

async function cachedHashes(folder: string): Promise<readonly string[]> {
  try {
    const files = await readdir(folder);
    return files.flatMap((file) => /^([0-9a-f]{64})\.gguf$/.exec(file)?.[1] ?? []).sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw diskError(error, folder);
  }
}
