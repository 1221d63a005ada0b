// The page of the engine on the kernel. Built by Vite.

import { measureWorker } from "./measured-page.mjs";

measureWorker(
  () => new Worker(new URL("./engine-worker.mjs", import.meta.url), { type: "module" }),
);
