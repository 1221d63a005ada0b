// tokenscope serve: the page, in the person's browser.

import { UsageError } from "@tokenscope/core";
import { parseShape, readGguf } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { DEFAULT_MODEL_ID, MODELS } from "@tokenscope/models";
import { fileSha256, locateModel, type ModelFile } from "@tokenscope/models/node";
import { type ServedModel, startServer } from "@tokenscope/server";
import type { Command } from "commander";
import { reportedFetch } from "../fetch-report.ts";
import { fileModelId, inFile } from "../open-model.ts";
import { collect, parsePort } from "../option-values.ts";
import { type World, writeLine } from "../world.ts";

const DEFAULT_PORT = 8376;
const DEFAULT_HOST = "127.0.0.1"; // this machine alone

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly model?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly open: boolean;
}

/** Adds the command `serve`, which is also what runs where no command is named. */
export function addServe(program: Command, world: World): void {
  program
    .command("serve", { isDefault: true })
    .description("the page in your browser (what runs where no command is named)")
    .option("--port <number>", "port; 0: any free one", parsePort, DEFAULT_PORT)
    .option("--host <address>", "address to listen on", DEFAULT_HOST)
    .option("--allow-host <name>", "a name the page may be reached by; repeat for more", collect)
    .option("--model <model>", "model id, GGUF file or address; repeat for more", collect)
    .option("--no-open", "do not open the browser")
    .action((options: ServeOptions) => serve(options, world));
}

/** Serves until Ctrl-C. */
async function serve(options: ServeOptions, world: World): Promise<void> {
  const models: ServedModel[] = [];
  for (const name of options.model ?? [DEFAULT_MODEL_ID]) {
    const model = await servedModel(name, world);
    if (models.some(({ id }) => id === model.id)) {
      throw new UsageError(`two models are called "${model.id}"; rename one of the files`);
    }
    models.push(model);
  }
  world.signal.throwIfAborted();
  const server = await startServer({
    port: options.port,
    host: options.host,
    pageDir: world.pageDir,
    models,
    allowHosts: options.allowHost ?? [],
  });
  try {
    await writeLine(world.stdout, `Tokenscope is at ${server.url} (Ctrl-C stops it)`);
    if (options.open) world.openPage(server.url);
    await aborted(world.signal);
  } finally {
    await server.close();
  }
}

/** A model's file with what the page is told of it; one that the table does not know is checked here, where a sentence can still be said. */
async function servedModel(name: string, world: World): Promise<ServedModel> {
  const file = await reportedFetch(world, (options) => locateModel(name, options));
  if (file.paths.length > 1) {
    throw new UsageError(
      `${name} is ${file.paths.length} files, and the page takes one; join them with llama-gguf-split --merge`,
    );
  }
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

async function checkedSha256({ path }: ModelFile, { signal }: World): Promise<string> {
  const source = await openFileSource(path);
  try {
    parseShape(await readGguf(source));
  } catch (error) {
    throw inFile(path, error);
  } finally {
    await source.close();
  }
  return fileSha256(path, signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
