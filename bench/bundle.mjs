// Bundles this folder's files that import the workspaces' TypeScript sources, which Node 20 cannot read itself.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { BENCH } from "./install.mjs";

const OUT = join(BENCH, ".tmp/node");
const ENTRIES = {
  model: join(BENCH, "model.mjs"),
  texts: join(BENCH, "texts.mjs"),
  tokenscope: join(BENCH, "node/tokenscope.mjs"),
  pageServer: join(BENCH, "page/page-server.mjs"),
  fidelity: join(BENCH, "fidelity/fidelity.mjs"),
  calls: join(BENCH, "load/calls.mjs"),
};

/** Writes .tmp/node/*.mjs, one per entry, and returns their paths. */
export async function bundleSources() {
  rmSync(OUT, { recursive: true, force: true });
  const bundle = await rolldown({
    input: ENTRIES,
    platform: "node",
    external: ["onnxruntime-node"],
    resolve: { conditionNames: ["source", "import", "node"] },
  });
  await bundle.write({ dir: OUT, format: "esm", entryFileNames: "[name].mjs" });
  await bundle.close();
  return Object.fromEntries(Object.keys(ENTRIES).map((name) => [name, join(OUT, `${name}.mjs`)]));
}
