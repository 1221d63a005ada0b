// The kernel on Node: its code from the folder that scripts/kernel.mjs writes, its threads as Workers.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { StartThread } from "../wasm/kernel-threads.ts";
import type { KernelRuntime } from "../wasm/load-kernel-engine.ts";
import { compileKernel, type KernelModule } from "../wasm/web-assembly.ts";

const FLAGLESS_NODE = 21; // V8 11.4 and later have relaxed SIMD without being asked

/** The kernel in this folder, the package's own unless told; throws Node's own error where a file of it is missing. */
export async function loadNodeKernel(folder = ownFolder()): Promise<KernelRuntime> {
  const script = join(folder, "node-thread.mjs");
  const startThread: StartThread = (start) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(script, { workerData: start });
      worker.once("error", reject);
      worker.once("message", () => {
        worker.unref(); // a command that has ended need not wait for a thread that waits for work
        resolve(worker);
      });
    });
  return { module: await loadModule(folder), startThread };
}

/** As this file stands in the package's dist, else in its src. */
function ownFolder(): string {
  const inDist = fileURLToPath(new URL("../kernel", import.meta.url));
  return existsSync(inDist) ? inDist : fileURLToPath(new URL("../../dist/kernel", import.meta.url));
}

async function loadModule(folder: string): Promise<KernelModule> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < FLAGLESS_NODE) setFlagsFromString("--experimental-wasm-relaxed-simd");
  try {
    return await compileKernel(await readFile(join(folder, "relaxed.wasm")));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "CompileError") throw error;
    return compileKernel(await readFile(join(folder, "fixed.wasm")));
  }
}
