/// <reference lib="webworker" />
// The worker's message loop: it loads a model, then hands each call to its host.

import { FormatError, type RunCounts } from "@tokenscope/core";
import { blobSource, type Gguf, readGguf } from "@tokenscope/engine";
import { loadChatTemplate, loadTokenizer, parseTemplateSource } from "@tokenscope/tokenizers";
import { type HostedModel, hostModel } from "./hosted-model.ts";
import { loadModelFile } from "./model-file.ts";
import type {
  CallKind,
  Calls,
  FailureMessage,
  FromWorker,
  LoadedModel,
  ModelFile,
  ToWorker,
} from "./protocol.ts";

const aborts = new Map<number, AbortController>();
let hosted: HostedModel | undefined;

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "abort") aborts.get(data.call)?.abort();
  else void answer(data);
});

async function answer({
  kind,
  call,
  request,
}: Exclude<ToWorker, { kind: "abort" }>): Promise<void> {
  const abort = new AbortController();
  aborts.set(call, abort);
  const emit = (event: unknown): void => post({ kind: "event", call, event });
  try {
    const result = await handle(kind, request, { emit, signal: abort.signal });
    post({ kind: "done", call, result, counts: counts() });
  } catch (error) {
    post({ kind: "failed", call, failure: failureMessage(error) });
  } finally {
    aborts.delete(call);
  }
}

interface Reply {
  readonly emit: (event: unknown) => void;
  readonly signal: AbortSignal;
}

function handle(kind: CallKind, request: unknown, { emit, signal }: Reply): Promise<unknown> {
  if (kind === "load") return load(request as Calls["load"]["request"], { emit, signal });
  if (hosted === undefined) throw new RangeError(`${kind} was called before a model was loaded`);
  const handler = hosted.host[kind] as (...args: unknown[]) => Promise<unknown>; // the protocol's union pairs kind and request
  return handler(request, emit, signal);
}

async function load(
  { model, precision, engine = "auto" }: Calls["load"]["request"],
  { emit, signal }: Reply,
): Promise<LoadedModel> {
  const onProgress = (receivedBytes: number): void =>
    emit({ kind: "download", receivedBytes, totalBytes: model.fileBytes });
  const source = blobSource(await loadModelFile(model, { onProgress, signal }));
  emit({ kind: "prepare" });
  await hosted?.close();
  hosted = undefined;
  const gguf = await readGguf(source);
  hosted = await hostModel({
    model,
    file: { source, gguf, precision },
    choice: engine,
    text: textParts(model, gguf),
    onReplaced: (replacement) => post({ kind: "replaced", ...replacement }),
  });
  return hosted.loaded;
}

function textParts(model: ModelFile, { metadata }: Gguf) {
  const tokenizer = loadTokenizer({ name: model.id, metadata });
  const templateSource = parseTemplateSource(metadata);
  if (templateSource === null) {
    throw new FormatError(
      `${model.label} has no chat template in its metadata, so no conversation can be written for it; choose an instruction-tuned model`,
    );
  }
  const template = loadChatTemplate({ ...templateSource, tokenizer, now: () => new Date() });
  return { tokenizer, template };
}

function counts(): RunCounts {
  return hosted?.counts ?? { modelRuns: 0, headRuns: 0 };
}

function failureMessage(error: unknown): FailureMessage {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), details: "" };
  const { name, message, stack = "" } = error;
  return { name, message, details: error.cause ? `${stack}\n${String(error.cause)}` : stack };
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
