// The engine in a Web Worker on WASM threads, as the page's worker has it; answers `load` and `run`, one at a time. Built by Vite.

import { loadEngine } from "@tokenscope/engine";
import mjsUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";

let engine;

/** The model file as a source of ranges over a Blob: Chromium keeps it outside this process. */
async function fetchedSource(url) {
  const blob = await (await fetch(url)).blob();
  return {
    byteLength: blob.size,
    read: async (offset, length) =>
      new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/** Loads the model and runs one token, so that the first distribution is there. */
async function load({ url, precision, threads }) {
  ort.env.wasm.wasmPaths = { mjs: mjsUrl, wasm: wasmUrl };
  ort.env.wasm.numThreads = threads;
  const source = await fetchedSource(url);
  engine = await loadEngine({ ort, source, precision, backend: "wasm", threads });
  const sequence = engine.openSequence();
  await appended(sequence, [1]);
  sequence.close();
  return { threads };
}

/** Prefill, then greedy steps; every record goes to the page as it comes. */
async function run({ ids, steps }) {
  const sequence = engine.openSequence();
  let [token] = (await appended(sequence, ids)).slice(-1);
  postMessage({ kind: "prefilled" });
  for (let written = 0; written <= steps; written += 1) {
    [token] = await appended(sequence, [token.prediction.topIds[0]]);
    postMessage({ kind: "step" });
  }
  sequence.close();
}

async function appended(sequence, ids) {
  const tokens = [];
  for await (const chunk of sequence.append(ids)) {
    tokens.push(...chunk);
    postMessage({ kind: "records", tokens: chunk });
  }
  return tokens;
}

addEventListener("message", async ({ data }) => {
  try {
    const result = data.kind === "load" ? await load(data.request) : await run(data.request);
    postMessage({ kind: "done", result });
  } catch (error) {
    postMessage({
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
    });
  }
});
