// The kernel in this browser: which of its two builds, how many threads, and how a thread is started.

import { EngineError } from "@tokenscope/core";
import {
  compileKernel,
  type KernelModule,
  loadKernelEngine,
  type StartThread,
} from "@tokenscope/engine";
import type { EngineFile, OpenedEngine } from "./open-engine.ts";

const MAX_THREADS = 8; // more cores than memory channels only wait for each other
const RELAXED_URL = new URL("@tokenscope/engine/kernel/relaxed.wasm", import.meta.url); // Vite wants the two in one expression
const FIXED_URL = new URL("@tokenscope/engine/kernel/fixed.wasm", import.meta.url);

const ONE_THREAD = self.isSecureContext
  ? "One thread: this address sends no isolation headers, which threads need."
  : "One thread: browsers give threads to https addresses and localhost alone.";

/** An engine on the kernel; its reason tells of what slows it down here. */
export async function openKernelEngine(file: EngineFile): Promise<OpenedEngine> {
  const { module, isRelaxed } = await kernelModule();
  const isIsolated = self.crossOriginIsolated;
  const threads = isIsolated ? Math.min(navigator.hardwareConcurrency, MAX_THREADS) : 1;
  const engine = await loadKernelEngine({ ...file, module, startThread, threads, backend: "wasm" });
  const notes = [
    isIsolated ? [] : ONE_THREAD,
    isRelaxed ? [] : "This browser has no relaxed SIMD, which would make it about twice as quick.",
  ].flat();
  return { engine, reason: notes.join(" "), lost: null };
}

async function kernelModule(): Promise<{ module: KernelModule; isRelaxed: boolean }> {
  const relaxed = await fetchBytes(RELAXED_URL);
  try {
    return { module: await compileKernel(relaxed), isRelaxed: true };
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return { module: await compileKernel(await fetchBytes(FIXED_URL)), isRelaxed: false };
  }
}

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const failure = (cause: unknown) =>
    new EngineError("The page's WebAssembly kernel could not be fetched; reload the page.", {
      cause,
    });
  const response = await fetch(url).catch((cause: unknown) => {
    throw failure(cause);
  });
  if (!response.ok) throw failure(`the host answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const startThread: StartThread = (start) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./kernel-thread.ts", import.meta.url), { type: "module" });
    const fail = (cause: unknown): void =>
      reject(new EngineError("A thread of the model could not be started.", { cause }));
    worker.addEventListener("error", (event) => fail(event.message));
    worker.addEventListener("message", ({ data }: MessageEvent<string | null>) =>
      data === null ? resolve(worker) : fail(data),
    );
    worker.postMessage(start);
  });
