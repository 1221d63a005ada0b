// What a user may call a model: an id of the table, a path, or an address. A path wins over nothing: ids have no slash and no ".gguf".

import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "@tokenscope/core";
import { MODELS, type ModelEntry, modelEntry } from "../registry.ts";
import { shardNames } from "../shards.ts";
import { fileBytes, isFolder } from "./disk.ts";
import { type FetchOptions, fetchModel, fetchUrl } from "./fetch-model.ts";
import { fileSha256 } from "./file-hash.ts";

/** A model on this disk; `entry` is null where the table does not know it by name. */
export interface ModelFile {
  readonly path: string; // of the first shard, or of the only file
  readonly paths: readonly string[]; // of all shards, in their order
  readonly fileBytes: number; // of all together
  readonly entry: ModelEntry | null;
}

/** The file that `name` means, fetched where it must be; any shard means its whole model. Throws UsageError for a name that is neither, for a missing shard and where terms were not accepted, EngineError where a fetch fails. */
export async function locateModel(name: string, options: FetchOptions): Promise<ModelFile> {
  if (MODELS.some((entry) => entry.id === name)) {
    const entry = modelEntry(name);
    const path = await fetchModel({ ...options, entry });
    return { path, paths: [path], fileBytes: entry.fileBytes, entry };
  }
  const isAddress = /^https?:\/\//.test(name);
  const paths = isAddress ? await fetchUrl({ ...options, url: name }) : shardPaths(resolve(name));
  const sizes = await Promise.all(paths.map(fileBytes));
  const [path] = paths;
  if (path === undefined || sizes.every((bytes) => bytes === null)) {
    throw (await isFolder(resolve(name))) ? folderForModel(name) : noSuchModel(name);
  }
  const missing = paths.filter((_, i) => sizes[i] === null);
  if (missing.length > 0) throw missingShards(missing, paths.length);
  const sum = sizes.reduce((total: number, bytes) => total + (bytes ?? 0), 0);
  return { path, paths, fileBytes: sum, entry: null };
}

/** What identifies a model: the sha256 of its file; of several shards, the sha256 of their lower-case hex sha256s in order, with nothing between them. Example: `sha256sum big-*-of-00003.gguf | cut -c1-64 | tr -d '\n' | sha256sum`. */
export async function modelSha256(
  { paths }: Pick<ModelFile, "paths">,
  signal?: AbortSignal,
): Promise<string> {
  const hashes: string[] = [];
  for (const path of paths) hashes.push(await fileSha256(path, signal)); // one after another: the disk is the limit
  const [only] = hashes;
  if (only !== undefined && hashes.length === 1) return only;
  return createHash("sha256").update(hashes.join("")).digest("hex");
}

function shardPaths(path: string): readonly string[] {
  return shardNames(basename(path))?.map((name) => join(dirname(path), name)) ?? [path];
}

function missingShards(missing: readonly string[], count: number): UsageError {
  const [first = ""] = missing;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  return new UsageError(
    `this model is in ${count} files, and there is no ${basename(first)}${more} in ${dirname(first)}; put all ${count} files into that folder`,
    { httpStatus: 404 },
  );
}

function folderForModel(name: string): UsageError {
  return new UsageError(
    `"${name}" is a folder, and a model is a file; give the path of a GGUF file, such as one in that folder`,
    { httpStatus: 404 },
  );
}

function noSuchModel(name: string): UsageError {
  const known = MODELS.map((entry) => entry.id).join(", ");
  return new UsageError(
    `there is no model and no file "${name}"; name one of ${known}, the path of a GGUF file, or its address`,
    { httpStatus: 404 },
  );
}
