// Engines on the kernel alone for tests, in Node.

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Engine, Precision } from "@tokenscope/core";
import { compileKernel, loadKernelEngine, readGguf } from "@tokenscope/engine";
import { loadNodeKernel, openFileSource } from "@tokenscope/engine/node";

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

/** The kernel as the command line has it. */
export const nodeKernel = await loadNodeKernel(dirname(kernelPaths.thread));

export interface OpenKernelOptions {
  readonly precision?: Precision;
  readonly variant?: "relaxed" | "fixed";
  readonly threads?: number;
  readonly contextLength?: number;
}

/** An engine on the kernel over a file, exact and with two threads unless told. */
export async function openKernel(path: string, options: OpenKernelOptions = {}): Promise<Engine> {
  const { precision = "exact", variant = "relaxed", threads = 2, contextLength } = options;
  const module =
    variant === "relaxed"
      ? nodeKernel.module
      : await compileKernel(readFileSync(kernelPaths.fixed));
  const source = await openFileSource(path);
  try {
    const gguf = await readGguf(source);
    const metadata = new Map(gguf.metadata);
    const key = `${metadata.get("general.architecture")}.context_length`;
    if (contextLength !== undefined) metadata.set(key, contextLength);
    const model = { source, gguf: { ...gguf, metadata }, precision };
    const runtime = { ...nodeKernel, module, threads };
    return await loadKernelEngine({ ...model, ...runtime, backend: "wasm" });
  } finally {
    await source.close();
  }
}
