// Compiles the kernel (AssemblyScript) into packages/engine/dist/kernel, unless it is newer than its sources: once with relaxed SIMD, whose fused products are twice as quick, and once for runtimes that have none.

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isStale } from "./freshness.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = join(root, "packages/engine/kernel");
const OUT = join(root, "packages/engine/dist/kernel");
const THREAD = join(root, "packages/engine/src/node/kernel-thread.ts");
const MAXIMUM_PAGES = 65_536; // 4 GB, as src/wasm/layout.ts has it
const VARIANTS = { relaxed: "simd,threads,relaxed-simd", fixed: "simd,threads" };

/** Paths of both variants and of a Node thread's script, up to date. */
export async function buildKernel() {
  const inputs = [SOURCES, join(root, "package-lock.json"), fileURLToPath(import.meta.url)];
  const paths = {};
  for (const [name, features] of Object.entries(VARIANTS)) {
    paths[name] = join(OUT, `${name}.wasm`);
    if (isStale(paths[name], inputs)) await compile(paths[name], features);
  }
  paths.thread = join(OUT, "node-thread.mjs");
  const read = ["packages/core/src", "packages/engine/src/wasm"].map((name) => join(root, name));
  const sources = [...read, THREAD, ...inputs.slice(1)];
  if (isStale(paths.thread, sources)) await bundleThread(paths.thread);
  return paths;
}

/** The script of a helper thread on Node, which reads no TypeScript. */
async function bundleThread(path) {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    input: THREAD,
    platform: "node",
    resolve: { conditionNames: ["source", "import", "node"] },
  });
  const aside = `${path}.${process.pid}`;
  await build.write({ file: aside, format: "es" });
  await build.close();
  renameSync(aside, path);
}

/** Compiled aside and moved into place, so that a reader never finds half of it. */
async function compile(path, features) {
  mkdirSync(OUT, { recursive: true });
  const asc = await import("assemblyscript/asc");
  const aside = `${path}.${process.pid}`;
  const { error, stderr } = await asc.main([
    join(SOURCES, "index.ts"),
    ...["--outFile", aside, "--enable", features],
    ...["-O3", "--noAssert", "--runtime", "stub", "--memoryBase", "64"],
    ...["--importMemory", "--sharedMemory", "--zeroFilledMemory"],
    ...["--initialMemory", "64", "--maximumMemory", String(MAXIMUM_PAGES)],
    ...["--disableWarning", "112"], // vectors are passed between our own functions only
  ]);
  if (error) throw new Error(`the kernel does not compile: ${error.message}\n${stderr}`);
  renameSync(aside, path);
}
