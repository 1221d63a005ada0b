/// <reference lib="webworker" />
// The worker's message loop: it loads a model, then hands each call to the session host.

import { type Engine, FormatError, type RunCounts } from "@tokenscope/core";
import { bytesSource, loadEngine, readGguf } from "@tokenscope/engine";
import { loadChatTemplate, loadTokenizer, parseTemplateSource } from "@tokenscope/tokenizers";
import glueUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";
import { loadModelFile } from "./model-file.ts";
import type {
  CallKind,
  Calls,
  FailureMessage,
  FromWorker,
  LoadedModel,
  ToWorker,
} from "./protocol.ts";
import { createSessionHost, type SessionHost } from "./session-host.ts";
import { vocabularyTable } from "./vocabulary-table.ts";

const MAX_THREADS = 8; // more cores than memory channels only wait for each other
const HEAD_ROWS = 32; // a row takes three temporaries of V floats, and WASM memory never shrinks

const aborts = new Map<number, AbortController>();
let hosted: { readonly engine: Engine; readonly host: SessionHost } | undefined;

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
  { model, precision }: Calls["load"]["request"],
  { emit, signal }: Reply,
): Promise<LoadedModel> {
  const onProgress = (receivedBytes: number): void =>
    emit({ kind: "download", receivedBytes, totalBytes: model.fileBytes });
  const bytes = await loadModelFile(model, { onProgress, signal });
  emit({ kind: "prepare" });
  await hosted?.engine.close();
  hosted = undefined;
  const { threads, threadsReason } = configureRuntime();
  const source = bytesSource(bytes);
  const gguf = await readGguf(source);
  const tokenizer = loadTokenizer({ name: model.id, metadata: gguf.metadata });
  const templateSource = parseTemplateSource(gguf.metadata);
  if (templateSource === null) {
    throw new FormatError(
      `${model.label} has no chat template in its metadata, so no conversation can be written for it; choose an instruction-tuned model`,
    );
  }
  const template = loadChatTemplate({ ...templateSource, tokenizer, now: () => new Date() });
  const runtime = { ort, precision, backend: "wasm" as const, threads, headRows: HEAD_ROWS };
  const engine = await loadEngine({ ...runtime, source, gguf });
  hosted = { engine, host: createSessionHost({ engine, tokenizer, template }) };
  const { architecture, quantization, backend, contextLength } = engine;
  const { id, sha256, label, fileBytes } = model;
  return {
    identity: { id, sha256, architecture, quantization, precision, backend },
    label,
    fileBytes,
    threads,
    threadsReason,
    contextLength,
    vocabulary: vocabularyTable(tokenizer.vocabulary),
    endTokenIds: tokenizer.endTokenIds,
  };
}

function configureRuntime(): Pick<LoadedModel, "threads" | "threadsReason"> {
  const threads = self.crossOriginIsolated
    ? Math.min(navigator.hardwareConcurrency, MAX_THREADS)
    : 1;
  ort.env.wasm.wasmPaths = { mjs: glueUrl, wasm: wasmUrl };
  ort.env.wasm.numThreads = threads;
  const threadsReason = self.crossOriginIsolated
    ? null
    : "One thread: this address sends no isolation headers, which threads need.";
  return { threads, threadsReason };
}

function counts(): RunCounts {
  return hosted?.engine.counts ?? { modelRuns: 0, headRuns: 0 };
}

function failureMessage(error: unknown): FailureMessage {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), details: "" };
  const { name, message, stack = "" } = error;
  return { name, message, details: error.cause ? `${stack}\n${String(error.cause)}` : stack };
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
