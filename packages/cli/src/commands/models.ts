// tokenscope models: what is there, fetching, describing, removing.

import { formatCount, formatMegabytes } from "@tokenscope/core";
import { MODELS, modelEntry } from "@tokenscope/models";
import {
  type CachedModel,
  cachedFile,
  cachedModels,
  locateModel,
  modelFolder,
  removeModel,
} from "@tokenscope/models/node";
import type { Command } from "commander";
import { reportedFetch } from "../fetch-report.ts";
import { modelInfo } from "../model-info.ts";
import { describeServerModel, listServerModels } from "../remote/models.ts";
import { addEngineChoice, chosenEndpoint } from "../remote/remote-options.ts";
import { tableLines } from "../table.ts";
import { acceptTerms } from "../terms.ts";
import { note, type World, writeLine } from "../world.ts";

interface JsonOption {
  readonly json?: boolean;
}

interface FetchCommandOptions {
  readonly acceptTerms?: boolean;
}

const JSON_HELP = ["--json", "print JSON"] as const;

/** Adds the command `models` with its own commands. */
export function addModels(program: Command, world: World): void {
  const models = program.command("models").description("the models on this machine");
  const list = models
    .command("list", { isDefault: true })
    .description("all known models, and whether they are here; or those of a server")
    .option(...JSON_HELP);
  addEngineChoice(list).action(async (options: JsonOption, typed: Command) => {
    const endpoint = chosenEndpoint(typed, world);
    await (endpoint === null
      ? listModels(options, world)
      : listServerModels(endpoint, options, world));
  });
  models
    .command("fetch <name>")
    .description("fetch a model (an id or an address) and print its path, or those of its shards")
    .option("--accept-terms", "accept the model's own terms, which are shown first")
    .action((name: string, options: FetchCommandOptions) => fetchNamed(name, options, world));
  const info = models
    .command("info <name>")
    .description("what a model is: an id or a GGUF file; or what a server can tell of one")
    .option(...JSON_HELP);
  addEngineChoice(info).action(async (name: string, options: JsonOption, typed: Command) => {
    const endpoint = chosenEndpoint(typed, world);
    await (endpoint === null
      ? describeModel(name, options, world)
      : describeServerModel({ endpoint, name }, options, world));
  });
  models
    .command("remove <name>")
    .description("remove a model from the cache: an id or a sha256")
    .action((name: string) => removeNamed(name, world));
}

async function fetchNamed(
  name: string,
  { acceptTerms: isAccepted = false }: FetchCommandOptions,
  world: World,
): Promise<void> {
  const entry = MODELS.find(({ id }) => id === name);
  if (entry !== undefined && (await cachedFile(modelFolder(world.env), entry)) === null) {
    await acceptTerms(entry, isAccepted, world);
  }
  const { paths } = await reportedFetch(world, (options) =>
    locateModel(name, { ...options, acceptsTerms: true }),
  );
  for (const path of paths) await writeLine(world.stdout, path);
  if (paths.length > 1) {
    await note(world, `these ${paths.length} files are one model; --model takes its address`);
  }
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
  return {
    id: entry?.id ?? sha256,
    label: entry?.label ?? null,
    architecture: entry?.architecture ?? null,
    quantization: entry?.quantization ?? null,
    licence: entry?.licence ?? null,
    termsUrls: entry?.terms?.urls ?? null,
    sha256,
    fileBytes,
    path,
  };
}

async function describeModel(name: string, { json }: JsonOption, world: World): Promise<void> {
  const info = await modelInfo(name, world);
  if (json) {
    await writeLine(world.stdout, JSON.stringify(info));
    return;
  }
  const rows = Object.entries(info).map(([key, value]) => [key, infoText(value)]);
  const width = Math.max(...rows.map(([key = ""]) => key.length));
  for (const [key = "", text = ""] of rows) {
    await writeLine(world.stdout, `${key.padEnd(width)}  ${text}`);
  }
  if (info.path === null) {
    await note(world, `not fetched yet; tokenscope models fetch ${info.id} does it`);
  }
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
