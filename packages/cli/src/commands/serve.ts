// tokenscope serve: the page, in the person's browser, and the API for programs.

import { type Precision, UsageError } from "@tokenscope/core";
import { parseShape, readGguf, weightBytes } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { DEFAULT_MODEL_ID, MODELS } from "@tokenscope/models";
import { locateModel, type ModelFile, modelSha256 } from "@tokenscope/models/node";
import { type ApiModel, type OpenedModel, type ServedModel, startServer } from "@tokenscope/server";
import type { Command } from "commander";
import { reportedFetch } from "../fetch-report.ts";
import { addComputeOptions } from "../model-options.ts";
import { fileContextLength, fileModelId, inFile, type PrecisionChoice } from "../open-model.ts";
import { collect, parsePort } from "../option-values.ts";
import { addressLines } from "../serve-addresses.ts";
import { note, type World, writeLine } from "../world.ts";

const DEFAULT_PORT = 8376;
const DEFAULT_HOST = "127.0.0.1"; // this machine alone

const HUB_ORIGINS = [
  "https://huggingface.co",
  "https://*.huggingface.co", // where it sends downloads on to
  "https://*.hf.co",
];

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly model?: readonly string[];
  readonly precision: PrecisionChoice;
  readonly threads?: number;
  readonly allowHost?: readonly string[];
  readonly requireKeyEnv?: string;
  readonly open: boolean;
}

/** Adds the command `serve`, which is also what runs where no command is named. */
export function addServe(program: Command, world: World): void {
  const command = program
    .command("serve", { isDefault: true })
    .description(
      "the page in your browser, and an OpenAI-compatible API (what runs where no command is named)",
    )
    .option("--port <number>", "port; 0: any free one", parsePort, DEFAULT_PORT)
    .option("--host <address>", "address to listen on", DEFAULT_HOST)
    .option("--allow-host <name>", "a name the page may be reached by; repeat for more", collect)
    .option("--model <model>", "model id, GGUF file or address; repeat for more", collect)
    .option("--require-key-env <name>", "ask clients of the API for the key in this variable")
    .option("--no-open", "do not open the browser");
  addComputeOptions(command).action((options: ServeOptions) => serve(options, world));
}

/** Serves until Ctrl-C. */
async function serve(options: ServeOptions, world: World): Promise<void> {
  const { port, host, requireKeyEnv, allowHost: allowHosts = [] } = options;
  const apiKey = requireKeyEnv === undefined ? null : keyOf(requireKeyEnv, world);
  const models: ServedModel[] = [];
  const apiModels: ApiModel[] = [];
  for (const name of options.model ?? [DEFAULT_MODEL_ID]) {
    const file = await reportedFetch(world, (progress) => locateModel(name, progress));
    const model = await servedModel(file, world);
    if (apiModels.some(({ id }) => id === model.id)) {
      throw new UsageError(`two models are called "${model.id}"; rename one of the files`);
    }
    const { length: files } = file.paths;
    if (files === 1) models.push(model);
    else
      await note(
        world,
        `${model.id} is ${files} files: it is there for programs, and the page takes models of one`,
      );
    const contextLength = () => fileContextLength(file);
    apiModels.push({ ...apiModel(model.id, name, { options, world }), contextLength });
  }
  world.signal.throwIfAborted();
  const server = await startServer({
    port,
    host,
    pageDir: world.pageDir,
    models,
    apiModels,
    allowHosts,
    connectTo: HUB_ORIGINS,
    ...(apiKey !== null && { apiKey }),
  });
  try {
    const lines = addressLines({
      url: server.url,
      host,
      allowHosts,
      keyEnv: requireKeyEnv ?? null,
    });
    await writeLine(world.stdout, lines.join("\n"));
    if (options.open) world.openPage(server.url);
    await aborted(world.signal);
  } finally {
    await server.close();
  }
}

/** The key that clients must send; throws UsageError where the variable is not set. */
function keyOf(name: string, { env }: World): string {
  const key = env[name]?.trim();
  if (key) return key;
  throw new UsageError(
    `the variable ${name} of --require-key-env is not set or empty; set it to the key that clients must send`,
  );
}

interface ServeParts {
  readonly options: ServeOptions;
  readonly world: World;
}

/** The model's engine, in this process; opened when the API is first used, so that the page does not wait for it. */
function apiModel(id: string, model: string, { options, world }: ServeParts): ApiModel {
  const { precision, threads } = options;
  const wanted = { model, precision, ...(threads !== undefined && { threads }) };
  const open = async (): Promise<OpenedModel> => {
    const opened = await world.openModel(wanted, world);
    const bytes = (precision: Precision): number => weightBytes(opened.gguf, precision);
    return { ...opened, weightBytes: { exact: bytes("exact"), compact: bytes("compact") } };
  };
  return { id, open };
}

/** A model's file with what the page is told of it; one that the table does not know is checked here, where a sentence can still be said. */
async function servedModel(file: ModelFile, world: World): Promise<ServedModel> {
  const sha256 = file.entry?.sha256 ?? (await checkedSha256(file, world));
  const entry = MODELS.find((model) => model.sha256 === sha256);
  const id = entry?.id ?? fileModelId(file.path);
  return {
    id,
    label: entry?.label ?? id,
    path: file.path,
    sizeBytes: file.fileBytes,
    sha256,
    licence: entry?.licence ?? null,
  };
}

async function checkedSha256({ path, paths }: ModelFile, { signal }: World): Promise<string> {
  const source = await openFileSource(paths);
  try {
    parseShape(await readGguf(source));
  } catch (error) {
    throw inFile(path, error);
  } finally {
    await source.close();
  }
  return modelSha256({ paths }, signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
