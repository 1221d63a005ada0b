// The browser's kernel in Node, so that its numbers can be laid beside ONNX Runtime's. Bundled from the sources before it runs.

import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { compileKernel, loadKernelEngine } from "@tokenscope/engine";

const RELAXED_SINCE = 22; // Node's first V8 in which relaxed SIMD is on by itself

/** An engine on the relaxed kernel; `kernel` are the paths that scripts/kernel.mjs gives. */
export async function openNodeKernel({ kernel, source, precision, threads }) {
  const nodeMajor = Number(process.versions.node.split(".")[0]);
  if (nodeMajor < RELAXED_SINCE) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const module = await compileKernel(readFileSync(kernel.relaxed));
  const startThread = (start) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(kernel.thread, { workerData: start });
      worker.once("error", reject);
      worker.once("message", () => resolve(worker));
    });
  const runtime = { module, startThread, threads, backend: "wasm" };
  return await loadKernelEngine({ ...runtime, source, precision });
}
