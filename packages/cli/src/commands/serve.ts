// tokenscope serve: the page, in the person's browser, and the API for programs.

import { type Precision, UsageError } from "@tokenscope/core";
import { weightBytes } from "@tokenscope/engine";
import { DEFAULT_MODEL_ID, MODELS } from "@tokenscope/models";
import { locateModel, type ModelFile, modelSha256 } from "@tokenscope/models/node";
import { type Endpoint, listModels } from "@tokenscope/remote";
import { type ApiModel, type ServedModel, startServer } from "@tokenscope/server";
import type { Command } from "commander";
import { reportedFetch } from "../fetch-report.ts";
import { addComputeOptions } from "../model-options.ts";
import { fileContextLength, fileModelId, inFile, type PrecisionChoice } from "../open-model.ts";
import { collect, parsePort } from "../option-values.ts";
import { addEngineChoice, endpointBeside } from "../remote/remote-options.ts";
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
  addEngineChoice(
    addComputeOptions(command),
    "openai: beside it, the page may ask the models of the OpenAI-compatible server of --base-url",
  ).action((options: ServeOptions) => {
    const remote = endpointBeside(command, world, PAGE_PATIENCE);
    return serve({ options, world, remote });
  });
}

/** A person waits before the page, and can ask again. */
const PAGE_PATIENCE = { retries: 1, timeoutMs: 60_000 };

/** Serves until Ctrl-C. */
async function serve({ options, world, remote }: ServeParts): Promise<void> {
  const { port, host, requireKeyEnv, allowHost: allowHosts = [] } = options;
  if (remote !== null && requireKeyEnv !== undefined) {
    throw new UsageError(
      "the page has no key to send, so with --require-key-env it asks no other server; leave out that or --engine openai",
    );
  }
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
    apiModels.push({ id: model.id, contextLength, open: opening(name, { options, world }) });
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
    ...(remote !== null && { remote }),
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
    if (remote !== null) await note(world, await remoteLine(remote, world));
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
  /** The server whose models the page may ask; null where none was named. */
  readonly remote: Endpoint | null;
}

const LOOK_MS = 5_000; // as long as the start waits to hear what the other server has

/** What the page may ask of the other server, said before it does; one that does not answer yet may do so later. */
async function remoteLine(remote: Endpoint, { signal }: World): Promise<string> {
  try {
    const looked = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
    const ids = await listModels(remote, looked);
    return `In Look deeper the page may ask ${ids.join(", ") || "no model yet"} at ${remote.baseUrl}.`;
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return `The page may ask the models at ${remote.baseUrl} once it answers; now: ${why}`;
  }
}

/** The model's engine, in this process; opened when the API is first used, so that the page does not wait for it. */
function opening(model: string, { options, world }: Omit<ServeParts, "remote">): ApiModel["open"] {
  const { precision, threads } = options;
  const wanted = { model, precision, ...(threads !== undefined && { threads }) };
  return async () => {
    const opened = await world.openModel(wanted, world);
    const bytes = (each: Precision): number => weightBytes(opened.gguf, each);
    return { ...opened, weightBytes: { exact: bytes("exact"), compact: bytes("compact") } };
  };
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

async function checkedSha256(file: ModelFile, { signal }: World): Promise<string> {
  await fileContextLength(file).catch((error: unknown) => {
    throw inFile(file.path, error);
  });
  return modelSha256(file, signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
