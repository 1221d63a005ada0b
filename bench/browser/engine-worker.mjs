// The engine on the kernel in a Web Worker, with helper threads, as the page's worker has it. Built by Vite.

import { blobSource, compileKernel, loadKernelEngine } from "@tokenscope/engine";
import fixedUrl from "@tokenscope/engine/kernel/fixed.wasm?url";
import relaxedUrl from "@tokenscope/engine/kernel/relaxed.wasm?url";
import { fetchedBlob, serveEngine } from "./measured-worker.mjs";

/** Relaxed SIMD where the browser takes it, else the variant without. */
async function openKernel() {
  const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const relaxed = await bytes(relaxedUrl);
  if (WebAssembly.validate(relaxed)) {
    return { variant: "relaxed", module: await compileKernel(relaxed) };
  }
  return { variant: "fixed", module: await compileKernel(await bytes(fixedUrl)) };
}

/** A helper thread: a worker of this worker. */
function startThread(start) {
  return new Promise((resolve, reject) => {
    const helper = new Worker(new URL("./kernel-thread.mjs", import.meta.url), { type: "module" });
    helper.onmessage = () => resolve(helper);
    helper.onerror = (event) => reject(new Error(event.message));
    helper.postMessage(start);
  });
}

serveEngine(async ({ url, precision, threads }) => {
  const { variant, module } = await openKernel();
  const source = blobSource(await fetchedBlob(url));
  const runtime = { module, startThread, threads, backend: "wasm" };
  const engine = await loadKernelEngine({ ...runtime, source, precision });
  return { engine, about: { threads, variant } };
});
