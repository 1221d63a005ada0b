// An engine for a model's file in this browser: WebGPU or the kernel, as engine-choice.ts says.

import type { Engine, Precision } from "@tokenscope/core";
import { type ByteSource, type Gguf, parseShape } from "@tokenscope/engine";
import { chooseEngine, describeAdapter, type GpuAdapter } from "./engine-choice.ts";
import { openKernelEngine } from "./kernel-engine.ts";
import type { EngineChoice } from "./protocol.ts";

/** What every engine is opened from. */
export interface EngineFile {
  readonly source: ByteSource;
  readonly gguf: Gguf;
  readonly precision: Precision;
}

export interface OpenedEngine {
  readonly engine: Engine;
  /** What a person may want to know of how it runs; empty where nothing. */
  readonly reason: string;
  /** Resolves, with the browser's own words, once the device under the engine is gone; null where there is none to lose. */
  readonly lost: Promise<string> | null;
}

/** The engine that fits best; `hasGpu` where a person might choose WebGPU. */
export async function openEngine(
  file: EngineFile,
  choice: EngineChoice,
): Promise<OpenedEngine & { readonly hasGpu: boolean }> {
  const { precision, gguf } = file;
  const { vocabularySize, hiddenWidth } = parseShape(gguf);
  const widestMatrixBytes = vocabularySize * hiddenWidth * Float32Array.BYTES_PER_ELEMENT;
  const adapter = await findAdapter();
  const { backend, reason, hasGpu } = chooseEngine({
    choice,
    precision,
    adapter,
    widestMatrixBytes,
  });
  if (backend === "wasm") return openKernel(file, reason, hasGpu);
  try {
    const { openGpuEngine } = await import("./gpu-engine.ts");
    return { ...(await openGpuEngine(file)), reason, hasGpu };
  } catch (error) {
    console.warn(error); // the runtime's own words are often a number
    return openKernel(file, "WASM, because WebGPU could not prepare the model.", hasGpu);
  }
}

async function openKernel(file: EngineFile, reason: string, hasGpu: boolean) {
  const opened = await openKernelEngine(file);
  return { ...opened, reason: [reason, opened.reason].filter(Boolean).join(" "), hasGpu };
}

async function findAdapter(): Promise<GpuAdapter | null> {
  const gpu: GPU | undefined = navigator.gpu; // none outside a secure context, whatever the types say
  const adapter = (await gpu?.requestAdapter().catch(() => null)) ?? null;
  return adapter === null ? null : describeAdapter(adapter);
}
