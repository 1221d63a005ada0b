// A model that is ready in the worker: its engine, what the page must know of it, its host, and another engine when the first is lost.

import { createSessionHost, type SessionHost, vocabularyTable } from "@tokenscope/calls";
import type { ChatTemplate, Engine, RunCounts, Tokenizer } from "@tokenscope/core";
import { weightBytes } from "@tokenscope/engine";
import { openKernelEngine } from "./kernel-engine.ts";
import { type EngineFile, openEngine } from "./open-engine.ts";
import type { EngineChoice, LoadedModel, ModelFile, Replacement } from "./protocol.ts";
import { steadyHost } from "./steady-host.ts";

export interface HostOptions {
  readonly model: ModelFile;
  readonly file: EngineFile;
  readonly choice: EngineChoice;
  readonly text: {
    readonly tokenizer: Tokenizer;
    readonly template: ChatTemplate;
    readonly hasTemplate: boolean;
  };
  readonly onReplaced: (replacement: Replacement) => void;
}

export interface HostedModel {
  readonly loaded: LoadedModel;
  readonly host: SessionHost;
  /** Of the engine that runs now. */
  readonly counts: RunCounts;
  close(): Promise<void>;
}

/** Opens an engine for the model; throws as that does. */
export async function hostModel(options: HostOptions): Promise<HostedModel> {
  const { file, choice, text } = options;
  const first = await openEngine(file, choice);
  let { engine } = first;
  const replace = async (loss: string): Promise<SessionHost> => {
    void engine.close().catch(() => undefined); // its device is gone: what it frees is freed with it
    const second = await openKernelEngine(file);
    engine = second.engine;
    const engineReason = `WASM, because WebGPU was lost. ${second.reason}`.trim();
    const reason = `WebGPU was lost, so the model goes on in WASM. The browser said: ${loss}`;
    options.onReplaced({ loaded: describe(options, { ...first, engine, engineReason }), reason });
    return createSessionHost({ engine, ...text });
  };
  const host = createSessionHost({ engine, ...text });
  const { lost } = first;
  return {
    loaded: describe(options, { ...first, engineReason: first.reason }),
    host:
      lost === null
        ? host
        : steadyHost({
            host,
            endTokenIds: text.tokenizer.endTokenIds,
            lost,
            replace: (loss) => replace(loss).catch(giveUp),
          }),
    get counts() {
      return engine.counts;
    },
    close: () => engine.close(),
  };
}

/** Ends the worker as a crash does: the page keeps its document and offers to try again. */
function giveUp(error: unknown): never {
  self.reportError(error);
  throw error;
}

interface Described {
  readonly engine: Engine;
  readonly engineReason: string;
  readonly hasGpu: boolean;
}

function describe(
  { model, file, text }: HostOptions,
  { engine, engineReason, hasGpu }: Described,
): LoadedModel {
  const { id, sha256, label, fileBytes } = model;
  const { architecture, quantization, backend, threads, contextLength } = engine;
  const { gguf } = file;
  return {
    identity: { id, sha256, architecture, quantization, precision: file.precision, backend },
    label,
    fileBytes,
    weightBytes: { exact: weightBytes(gguf, "exact"), compact: weightBytes(gguf, "compact") },
    threads,
    engineReason,
    hasGpu,
    contextLength,
    vocabulary: vocabularyTable(text.tokenizer.vocabulary),
    endTokenIds: text.tokenizer.endTokenIds,
    hasTemplate: text.hasTemplate,
    takesTools: text.template.takesTools,
  };
}
