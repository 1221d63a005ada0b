// Engines for tests: files of fixtures/reference and the real model, on onnxruntime-node with the machine's two threads.

import type { Engine, Precision } from "@tokenscope/core";
import {
  bytesSource,
  type KernelRuntime,
  loadEngine,
  type Ort,
  readGguf,
} from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";

const THREADS = 2;
const runtime: Ort = ort;

export interface OpenOptions {
  readonly precision?: Precision;
  readonly threads?: number;
  /** In place of the header's: the tiny models have 256 positions, which is one chunk. */
  readonly contextLength?: number;
  readonly ort?: Ort;
  readonly kernel?: KernelRuntime;
  /** 0 unless told: both runtimes are there. */
  readonly preparesFromRows?: number;
}

/** An engine over a file, exact unless told. */
export async function openEngine(path: string, options: OpenOptions = {}): Promise<Engine> {
  const { precision = "exact", threads = THREADS, contextLength } = options;
  const { kernel, preparesFromRows = 0 } = options;
  const source = await openFileSource(path);
  try {
    const gguf = await readGguf(source);
    const metadata = new Map(gguf.metadata);
    if (contextLength !== undefined) {
      metadata.set(`${metadata.get("general.architecture")}.context_length`, contextLength);
    }
    return await loadEngine({
      ort: options.ort ?? runtime,
      ...(kernel && { kernel, preparesFromRows }),
      source,
      gguf: { ...gguf, metadata },
      precision,
      backend: "node-cpu",
      threads,
      onClose: () => source.close(),
    });
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** An exact engine over a file in memory. */
export function openBytes(bytes: Uint8Array): Promise<Engine> {
  const source = bytesSource(bytes);
  return loadEngine({ ort: runtime, source, precision: "exact", backend: "node-cpu", threads: 1 });
}
