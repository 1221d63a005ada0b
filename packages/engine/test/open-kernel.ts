// Engines on the kernel for tests, in Node: two threads, with relaxed SIMD where this Node has it or can be told to.

import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Engine, Precision } from "@tokenscope/core";
import { compileKernel, loadKernelEngine, readGguf, type StartThread } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";

const nodeMajor = Number(process.versions.node.split(".")[0]);
if (nodeMajor < 22) setFlagsFromString("--experimental-wasm-relaxed-simd"); // V8 has had it on since 11.4

interface KernelPaths {
  readonly relaxed: string;
  readonly fixed: string;
  readonly thread: string;
}
const script = new URL("../../../scripts/kernel.mjs", import.meta.url).href;
/** Built when a test first asks. */
export const kernelPaths: KernelPaths = await import(script).then(({ buildKernel }) =>
  buildKernel(),
);

const startThread: StartThread = (start) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(kernelPaths.thread, { workerData: start });
    worker.once("error", reject);
    worker.once("message", () => resolve(worker));
  });

export interface OpenKernelOptions {
  readonly precision?: Precision;
  readonly variant?: "relaxed" | "fixed";
  readonly threads?: number;
  readonly contextLength?: number;
}

/** An engine on the kernel over a file, exact and with two threads unless told. */
export async function openKernel(path: string, options: OpenKernelOptions = {}): Promise<Engine> {
  const { precision = "exact", variant = "relaxed", threads = 2, contextLength } = options;
  const module = await compileKernel(readFileSync(kernelPaths[variant]));
  const source = await openFileSource(path);
  try {
    const gguf = await readGguf(source);
    const metadata = new Map(gguf.metadata);
    const key = `${metadata.get("general.architecture")}.context_length`;
    if (contextLength !== undefined) metadata.set(key, contextLength);
    const model = { source, gguf: { ...gguf, metadata }, precision };
    return await loadKernelEngine({ ...model, module, startThread, threads, backend: "wasm" });
  } finally {
    await source.close();
  }
}
