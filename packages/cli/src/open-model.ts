// From the name a person typed to a model that answers: the file, its header, its tokenizer, its engine.

import { availableParallelism, totalmem } from "node:os";
import { basename } from "node:path";
import {
  type ChatTemplate,
  type Engine,
  EngineError,
  FormatError,
  type ModelIdentity,
  type Precision,
  type Tokenizer,
} from "@tokenscope/core";
import {
  type Gguf,
  loadEngine,
  type Ort,
  parseShape,
  quantizationName,
  readGguf,
  roundedFile,
} from "@tokenscope/engine";
import { type FileSource, loadNodeKernel, openFileSource } from "@tokenscope/engine/node";
import { MODELS, type ModelEntry, wholeName } from "@tokenscope/models";
import { locateModel, modelSha256 } from "@tokenscope/models/node";
import { loadChatTemplate, loadTokenizer, parseTemplateSource } from "@tokenscope/tokenizers";
import { reportedFetch } from "./fetch-report.ts";
import { note, type World } from "./world.ts";

const MOST_THREADS = 8; // beyond, the machine's memory is the limit and not its cores
const EXACT_SHARE = 0.25; // of the machine's memory, for the fp32 weights of precision auto

export type PrecisionChoice = Precision | "auto";

export interface OpenModelOptions {
  readonly model: string; // an id of the table, a path or an address
  readonly precision: PrecisionChoice;
  readonly threads?: number;
  /** Its matrices as if they were stored with so many bits a weight. */
  readonly weightBits?: number;
  /** Sees the file's header and tokenizer before the weights are read, and may throw. */
  readonly check?: (text: TextModel) => void;
}

/** A model's text side: enough to tokenise, nothing that computes. */
export interface TextModel {
  readonly id: string;
  readonly path: string; // of the first shard, or of the only file
  readonly paths: readonly string[]; // of all shards, in their order
  readonly entry: ModelEntry | null;
  readonly gguf: Gguf;
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: ChatTemplate | null; // null where the file has none
}

/** A model that is ready to run. */
export interface OpenModel extends TextModel {
  readonly identity: ModelIdentity;
  readonly engine: Engine;
}

/** The header and the tokenizer of a model; throws as locateModel and readGguf do. */
export async function openTextModel(model: string, world: World): Promise<TextModel> {
  const { text, source } = await openModelFile(model, world);
  await source.close();
  return text;
}

/** A model with its engine, which the caller closes; the file stays open until then. */
export async function openModel(options: OpenModelOptions, world: World): Promise<OpenModel> {
  const { text, source } = await openModelFile(options.model, world);
  const { path, paths, entry } = text;
  try {
    options.check?.(text);
    const { weightBits } = options;
    const file = { source, gguf: text.gguf };
    const weights = weightBits === undefined ? file : roundedFile(file, weightBits);
    const { gguf } = weights;
    const sha256 = entry?.sha256 ?? (await modelSha256({ paths }, world.signal));
    const precision = options.precision === "auto" ? fittingPrecision(gguf) : options.precision;
    const engine = await loadEngine({
      ort: loadRuntime,
      kernel: await loadNodeKernel(world.kernelDir),
      ...weights,
      precision,
      backend: "node-cpu",
      threads: options.threads ?? Math.min(availableParallelism(), MOST_THREADS),
      ...(fittingPrecision(gguf) === "compact" && { preparesFromRows: Number.POSITIVE_INFINITY }), // fp32 weights have no room
      onSlower: (reason) => void note(world, `long texts take longer here: ${String(reason)}`),
      onClose: () => source.close(),
    });
    const { architecture, backend } = engine;
    const rounding = weightBits === undefined ? "" : ` at ${weightBits} bits`;
    const quantization = quantizationName(text.gguf) + rounding;
    const id = MODELS.find((known) => known.sha256 === sha256)?.id ?? text.id;
    const identity = { id, sha256, architecture, quantization, precision, backend };
    return { ...text, id, identity, engine };
  } catch (error) {
    await source.close();
    throw inFile(path, error);
  }
}

/** Positions of the context that a model's file tells, from its header alone. */
export async function fileContextLength({ paths }: Pick<TextModel, "paths">): Promise<number> {
  const source = await openFileSource(paths);
  try {
    return parseShape(await readGguf(source)).contextLength;
  } finally {
    await source.close();
  }
}

/** A model file's own name. Example: "/tmp/tiny.gguf" -> "tiny", "/tmp/big-00001-of-00003.gguf" -> "big". */
export function fileModelId(path: string): string {
  return wholeName(basename(path)).replace(/\.gguf$/i, "");
}

/** Exact while its fp32 weights leave the machine room, else compact: what precision auto means in Node. */
export function fittingPrecision(gguf: Gguf, memoryBytes: number = totalmem()): Precision {
  let weights = 0;
  for (const { dims } of gguf.tensors.values()) weights += dims.reduce((a, b) => a * b, 1);
  return weights * Float32Array.BYTES_PER_ELEMENT <= memoryBytes * EXACT_SHARE
    ? "exact"
    : "compact";
}

interface ModelParts {
  readonly text: TextModel;
  readonly source: FileSource;
}

/** The file, open, with its header and tokenizer read. */
async function openModelFile(model: string, world: World): Promise<ModelParts> {
  const { path, paths, entry } = await reportedFetch(world, (options) =>
    locateModel(model, options),
  );
  const source = await openFileSource(paths);
  try {
    const gguf = await readGguf(source);
    const id = entry?.id ?? fileModelId(path);
    const tokenizer = loadTokenizer({ name: id, metadata: gguf.metadata });
    const template = parseTemplateSource(gguf.metadata);
    const chatTemplate =
      template && loadChatTemplate({ ...template, tokenizer, now: () => new Date() });
    return { text: { id, path, paths, entry, gguf, tokenizer, chatTemplate }, source };
  } catch (error) {
    await source.close();
    throw inFile(path, error);
  }
}

/** A FormatError with the file's name before it: readers of bytes know none. */
export function inFile(path: string, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  return new FormatError(`${path}: ${error.message}`, { cause: error });
}

/** Loaded late: its library takes longer to open than most commands run. */
async function loadRuntime(): Promise<Ort> {
  try {
    const runtime: Ort = await import("onnxruntime-node");
    return runtime;
  } catch (cause) {
    throw new EngineError(
      `onnxruntime-node could not be loaded on this machine (${process.platform} ${process.arch}): ${String(cause)}; install the packages again with npm ci`,
      { cause },
    );
  }
}
