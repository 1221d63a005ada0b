/// <reference lib="webworker" />
// The worker's message loop: it loads a model, then hands each call to its host.

import type { FailureMessage } from "@tokenscope/calls";
import { plainTemplate, type RunCounts } from "@tokenscope/core";
import { blobSource, type Gguf, parseShape, readGguf } from "@tokenscope/engine";
import { loadChatTemplate, loadTokenizer, parseTemplateSource } from "@tokenscope/tokenizers";
import { type HostedModel, hostModel } from "./hosted-model.ts";
import { loadModelFile } from "./model-file.ts";
import { identifiedModel } from "./own-model.ts";
import type { CallKind, Calls, FromWorker, LoadedModel, ModelFile, ToWorker } from "./protocol.ts";

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
  const source = blobSource(model.file ?? (await loadModelFile(model, { onProgress, signal })));
  const gguf = await readGguf(source);
  parseShape(gguf); // what no engine could run is refused while the model before it still runs
  const text = textParts(model, gguf);
  const { file } = model;
  const named =
    file === undefined ? model : await identifiedModel({ ...model, file }, { onProgress, signal });
  emit({ kind: "prepare" });
  await hosted?.close();
  hosted = undefined;
  hosted = await hostModel({
    model: named,
    file: { source, gguf, precision },
    choice: engine,
    text,
    onReplaced: (replacement) => post({ kind: "replaced", ...replacement }),
  });
  return hosted.loaded;
}

function textParts(model: ModelFile, { metadata }: Gguf) {
  const tokenizer = loadTokenizer({ name: model.id, metadata });
  const source = parseTemplateSource(metadata);
  const now = (): Date => new Date();
  const template =
    source === null ? plainTemplate(tokenizer) : loadChatTemplate({ ...source, tokenizer, now });
  return { tokenizer, template, hasTemplate: source !== null };
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
