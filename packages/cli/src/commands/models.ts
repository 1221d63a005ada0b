// tokenscope models: what is there, fetching, describing, removing.

import { formatCount, formatMegabytes } from "@tokenscope/core";
import { parseShape, quantizationName } from "@tokenscope/engine";
import { MODELS, type ModelEntry, modelEntry } from "@tokenscope/models";
import {
  type CachedModel,
  cachedModels,
  fileSha256,
  locateModel,
  modelFolder,
  removeModel,
} from "@tokenscope/models/node";
import type { Command } from "commander";
import { reportedFetch } from "../fetch-report.ts";
import { tableLines } from "../table.ts";
import { note, type World, writeLine } from "../world.ts";

interface JsonOption {
  readonly json?: boolean;
}

const JSON_HELP = ["--json", "print JSON"] as const;

/** Adds the command `models` with its own commands. */
export function addModels(program: Command, world: World): void {
  const models = program.command("models").description("the models on this machine");
  models
    .command("list", { isDefault: true })
    .description("all known models, and whether they are here")
    .option(...JSON_HELP)
    .action((options: JsonOption) => listModels(options, world));
  models
    .command("fetch <name>")
    .description("fetch a model (an id or an address) and print its path")
    .action(async (name: string) => {
      const { path } = await reportedFetch(world, (options) => locateModel(name, options));
      await writeLine(world.stdout, path);
    });
  models
    .command("info <name>")
    .description("what a model is: an id or a GGUF file")
    .option(...JSON_HELP)
    .action((name: string, options: JsonOption) => describeModel(name, options, world));
  models
    .command("remove <name>")
    .description("remove a model from the cache: an id or a sha256")
    .action((name: string) => removeNamed(name, world));
}

async function listModels({ json }: JsonOption, world: World): Promise<void> {
  const models = await cachedModels(modelFolder(world.env));
  if (json) {
    await writeLine(world.stdout, JSON.stringify(models.map(listedJson)));
    return;
  }
  const rows = models.map(({ entry, sha256, path, fileBytes }) => [
    entry?.id ?? sha256,
    formatMegabytes(fileBytes),
    entry?.licence ?? "",
    path ?? "not fetched",
  ]);
  const columns = [
    { heading: "model" },
    { heading: "size", isNumber: true },
    { heading: "licence" },
    { heading: "file" },
  ];
  for (const line of tableLines(columns, rows)) await writeLine(world.stdout, line);
}

function listedJson({ entry, sha256, path, fileBytes }: CachedModel) {
  const { id, label, architecture, quantization, licence } = entry ?? unknownEntry(sha256);
  return { id, label, architecture, quantization, licence, sha256, fileBytes, path };
}

function unknownEntry(sha256: string) {
  return { id: sha256, label: null, architecture: null, quantization: null, licence: null };
}

async function describeModel(name: string, { json }: JsonOption, world: World): Promise<void> {
  const model = await world.openTextModel(name, world);
  const { path, entry, gguf, tokenizer, chatTemplate } = model;
  const sha256 = entry?.sha256 ?? (await fileSha256(path, world.signal));
  const known = MODELS.find((other) => other.sha256 === sha256);
  const shape = parseShape(gguf);
  const info = {
    id: known?.id ?? model.id,
    name: String(gguf.metadata.get("general.name") ?? "") || null,
    path,
    sha256,
    licence: licenceOf(known, gguf.metadata),
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
  if (json) {
    await writeLine(world.stdout, JSON.stringify(info));
    return;
  }
  const rows = Object.entries(info).map(([key, value]) => [key, infoText(value)]);
  const width = Math.max(...rows.map(([key = ""]) => key.length));
  for (const [key = "", text = ""] of rows) {
    await writeLine(world.stdout, `${key.padEnd(width)}  ${text}`);
  }
}

function licenceOf(
  known: ModelEntry | undefined,
  metadata: ReadonlyMap<string, unknown>,
): string | null {
  const written = metadata.get("general.license");
  return known?.licence ?? (typeof written === "string" ? written : null);
}

function infoText(value: unknown): string {
  if (value === null) return "n/a";
  if (typeof value === "number") return formatCount(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

async function removeNamed(name: string, world: World): Promise<void> {
  const sha256 = /^[0-9a-f]{64}$/.test(name) ? name : modelEntry(name).sha256;
  const freedBytes = await removeModel(modelFolder(world.env), sha256);
  if (freedBytes === 0) await note(world, `${name} was not in the cache`);
  else
    await writeLine(world.stdout, `removed ${name}: ${formatMegabytes(freedBytes)} are free again`);
}
