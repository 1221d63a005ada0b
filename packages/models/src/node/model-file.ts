// What a user may call a model: an id of the table, a path, or an address. A path wins over nothing: ids have no slash and no ".gguf".

import { resolve } from "node:path";
import { UsageError } from "@tokenscope/core";
import { MODELS, type ModelEntry, modelEntry } from "../registry.ts";
import { fileBytes } from "./disk.ts";
import { type FetchOptions, fetchModel, fetchUrl } from "./fetch-model.ts";

/** A model file on this disk; `entry` is null where the table does not know it by name. */
export interface ModelFile {
  readonly path: string;
  readonly fileBytes: number;
  readonly entry: ModelEntry | null;
}

/** The file that `name` means, fetched where it must be. Throws UsageError for a name that is neither, EngineError where a fetch fails. */
export async function locateModel(name: string, options: FetchOptions): Promise<ModelFile> {
  if (MODELS.some((entry) => entry.id === name)) {
    const entry = modelEntry(name);
    return { path: await fetchModel({ ...options, entry }), fileBytes: entry.fileBytes, entry };
  }
  const path = /^https?:\/\//.test(name)
    ? await fetchUrl({ ...options, url: name })
    : resolve(name);
  const bytes = await fileBytes(path);
  if (bytes === null) throw noSuchModel(name);
  return { path, fileBytes: bytes, entry: null };
}

function noSuchModel(name: string): UsageError {
  const known = MODELS.map((entry) => entry.id).join(", ");
  return new UsageError(
    `there is no model and no file "${name}"; name one of ${known}, the path of a GGUF file, or its address`,
    { httpStatus: 404 },
  );
}
