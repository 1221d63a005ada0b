// A helper thread of the kernel on Node: the script of a worker_threads Worker, bundled by scripts/kernel.mjs.

import { parentPort, workerData } from "node:worker_threads";
import { serveThread } from "../wasm/kernel-threads.ts";

await serveThread(workerData, () => parentPort?.postMessage("ready"));
