// Engines for tests: files of fixtures/reference and the real model, on onnxruntime-node with the machine's two threads.

import type { Engine, Precision } from "@tokenscope/core";
import { loadEngine, type Ort } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";

const THREADS = 2;

/** An engine over a file in this precision. */
export async function openEngine(path: string, precision: Precision): Promise<Engine> {
  const source = await openFileSource(path);
  try {
    const runtime: Ort = ort;
    return await loadEngine({
      ort: runtime,
      source,
      precision,
      backend: "node-cpu",
      threads: THREADS,
    });
  } finally {
    await source.close();
  }
}
