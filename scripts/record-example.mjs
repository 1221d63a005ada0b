// Writes packages/web/src/recording/dragon.json: the real model's own reply to the lab's message, exact, with two branches.
// Run by hand when the engine or the recording's shape changes: node scripts/record-example.mjs

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, ".tmp/record-example.mjs");
mkdirSync(dirname(out), { recursive: true });
const bundle = await rolldown({
  input: join(root, "scripts/record-example.ts"),
  platform: "node",
  external: ["onnxruntime-node"],
  resolve: { conditionNames: ["source", "import", "node"] },
});
await bundle.write({ file: out, format: "esm" });
const { recordExample } = await import(pathToFileURL(out).href);
await recordExample(join(root, "packages/web/src/recording/dragon.json"));
