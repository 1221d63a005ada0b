// The engine on onnxruntime-web's WASM build, which the page used before the kernel. Built by Vite.

import { blobSource, loadEngine } from "@tokenscope/engine";
import mjsUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";
import { fetchedBlob, serveEngine } from "./measured-worker.mjs";

serveEngine(async ({ url, precision, threads }) => {
  ort.env.wasm.wasmPaths = { mjs: mjsUrl, wasm: wasmUrl };
  ort.env.wasm.numThreads = threads;
  const source = blobSource(await fetchedBlob(url));
  const engine = await loadEngine({ ort, source, precision, backend: "wasm", threads });
  return { engine, about: { threads } };
});
