// What a model is, as `models info` says it: from the table alone before it is fetched, and from the file afterwards.

import { dirname } from "node:path";
import type { TokenId } from "@tokenscope/core";
import { parseShape, quantizationName } from "@tokenscope/engine";
import { MODELS, type ModelEntry } from "@tokenscope/models";
import { cachedFile, modelFolder, modelSha256 } from "@tokenscope/models/node";
import type { TextModel } from "./open-model.ts";
import type { World } from "./world.ts";

/** What only the file tells is null before it is fetched. */
export interface ModelInfo {
  readonly id: string;
  readonly name: string | null;
  readonly path: string | null; // of the first shard
  readonly isCached: boolean;
  readonly shards: number | null; // 1: a file that is whole
  readonly sha256: string;
  readonly licence: string | null;
  readonly termsUrls: readonly string[] | null; // null: no terms to accept
  readonly architecture: string;
  readonly quantization: string;
  readonly vocabularySize: number | null;
  readonly contextLength: number | null;
  readonly layers: number | null;
  readonly hiddenWidth: number | null;
  readonly heads: number | null;
  readonly keyValueHeads: number | null;
  readonly startTokenId: TokenId | null;
  readonly endTokenIds: readonly TokenId[] | null;
  readonly hasChatTemplate: boolean | null;
}

/** The model that `name` means; a model of the table is not fetched for it. */
export async function modelInfo(name: string, world: World): Promise<ModelInfo> {
  const entry = MODELS.find(({ id }) => id === name);
  const isMissing = entry !== undefined && !(await isCached(entry, world));
  return isMissing ? tableInfo(entry) : fileInfo(await world.openTextModel(name, world), world);
}

function tableInfo(entry: ModelEntry): ModelInfo {
  const { id, label, sha256, licence, terms, architecture, quantization } = entry;
  return {
    id,
    name: label,
    path: null,
    isCached: false,
    shards: null,
    sha256,
    licence,
    termsUrls: terms?.urls ?? null,
    architecture,
    quantization,
    vocabularySize: null,
    contextLength: null,
    layers: null,
    hiddenWidth: null,
    heads: null,
    keyValueHeads: null,
    startTokenId: null,
    endTokenIds: null,
    hasChatTemplate: null,
  };
}

async function fileInfo(model: TextModel, world: World): Promise<ModelInfo> {
  const { path, paths, entry, gguf, tokenizer, chatTemplate } = model;
  const sha256 = entry?.sha256 ?? (await modelSha256({ paths }, world.signal));
  const known = MODELS.find((other) => other.sha256 === sha256);
  const shape = parseShape(gguf);
  return {
    id: known?.id ?? model.id,
    name: String(gguf.metadata.get("general.name") ?? "") || null,
    path,
    isCached: known ? await isCached(known, world) : dirname(path) === modelFolder(world.env),
    shards: paths.length,
    sha256,
    licence: known?.licence ?? writtenLicence(gguf.metadata),
    termsUrls: known?.terms?.urls ?? null,
    architecture: shape.architecture,
    quantization: quantizationName(gguf),
    vocabularySize: shape.vocabularySize,
    contextLength: shape.contextLength,
    layers: shape.layers,
    hiddenWidth: shape.hiddenWidth,
    heads: shape.heads,
    keyValueHeads: shape.keyValueHeads,
    startTokenId: tokenizer.startTokenId,
    endTokenIds: tokenizer.endTokenIds,
    hasChatTemplate: chatTemplate !== null,
  };
}

async function isCached(entry: ModelEntry, { env }: Pick<World, "env">): Promise<boolean> {
  return (await cachedFile(modelFolder(env), entry)) !== null;
}

function writtenLicence(metadata: ReadonlyMap<string, unknown>): string | null {
  const written = metadata.get("general.license");
  return typeof written === "string" ? written : null;
}
