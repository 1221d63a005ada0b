// The page of the engine on onnxruntime-web. Built by Vite.

import { measureWorker } from "./measured-page.mjs";

measureWorker(
  () => new Worker(new URL("./onnxruntime-worker.mjs", import.meta.url), { type: "module" }),
);
