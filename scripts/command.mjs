// Bundles the command line into packages/cli/bundle, unless it is newer than its sources.

import { mkdirSync, renameSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isStale } from "./freshness.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const PACKAGES = ["core", "engine", "tokenizers", "models", "remote", "calls", "server", "cli"];

/** The bundle's entry, up to date. */
export async function bundleCommand() {
  const bundle = join(root, "packages/cli/bundle");
  const entry = join(bundle, "main.js");
  const sources = PACKAGES.map((name) => join(root, "packages", name, "src"));
  const inputs = [...sources, join(root, "package-lock.json"), fileURLToPath(import.meta.url)];
  if (isStale(entry, inputs)) await writeBundle(bundle);
  return entry;
}

/** Bundled aside and moved into place, so that a command running at the same time never reads half of it. */
async function writeBundle(bundle) {
  const startedAt = new Date();
  const cache = join(root, "node_modules/.cache/tokenscope");
  const fresh = join(cache, `bundle-${process.pid}`);
  const old = join(cache, `old-${process.pid}`);
  mkdirSync(cache, { recursive: true });
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    input: { main: join(root, "packages/cli/src/main.ts") },
    platform: "node",
    external: ["onnxruntime-node"],
    resolve: { conditionNames: ["source", "import", "node"] },
  });
  const chunkFileNames = "[name]-[hash].js";
  await build.write({ dir: fresh, format: "es", entryFileNames: "[name].js", chunkFileNames });
  await build.close();
  utimesSync(join(fresh, "main.js"), startedAt, startedAt); // what changes meanwhile is newer
  moveAside(bundle, old);
  renameSync(fresh, bundle);
  rmSync(old, { recursive: true, force: true });
}

function moveAside(folder, to) {
  try {
    renameSync(folder, to);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}
