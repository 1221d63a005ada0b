// The model's graph on ONNX Runtime's WebGPU build: 27 MB of code, fetched only when this file is.

import { loadEngine } from "@tokenscope/engine";
import glueUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import * as ort from "onnxruntime-web/webgpu";
import type { EngineFile, OpenedEngine } from "./open-engine.ts";

const HEAD_ROWS = 32; // a row takes three temporaries of V floats

/** An engine on WebGPU, exact whatever the file says. Operations without a WebGPU kernel run on the processor, one thread. */
export async function openGpuEngine(file: EngineFile): Promise<OpenedEngine> {
  ort.env.wasm.wasmPaths = { mjs: glueUrl, wasm: wasmUrl };
  ort.env.wasm.numThreads = 1;
  const engine = await loadEngine({
    ...file,
    ort,
    precision: "exact",
    backend: "webgpu",
    threads: 1,
    headRows: HEAD_ROWS,
    sessionOptions: { executionProviders: ["webgpu"] },
  });
  const device = (await ort.env.webgpu.device) as GPUDevice;
  const lost = device.lost.then(({ message }) => message);
  return { engine, reason: "", lost };
}
