// Builds the kernel, then the page into packages/web/dist, and compresses its files, unless it is newer than its sources.

import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip, constants as zlib } from "node:zlib";
import { isStale } from "./freshness.mjs";
import { buildKernel } from "./kernel.mjs";
import { buildServiceWorker } from "./service-worker.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const web = join(root, "packages/web");
const INPUTS = [
  ...["core", "calls", "engine", "tokenizers", "models", "web"].map(
    (name) => `packages/${name}/src`,
  ),
  ...["index.html", "vite.config.ts", "public"].map((name) => `packages/web/${name}`),
  "packages/engine/kernel",
  "package-lock.json",
  "scripts/kernel.mjs",
  "scripts/page.mjs",
  "scripts/service-worker.mjs",
];
const COMPRESSED = /\.(js|mjs|css|html|json|svg|wasm|webmanifest)$/;
const SMALLEST_BYTES = 1024; // below, the header costs what the compression saves
const LARGE_BYTES = 2 ** 20; // brotli 11 on the 27 MB of the WebGPU runtime would be most of the build

/** Builds where something changed; into packages/web/dist unless told. */
export async function buildPage(folder = join(web, "dist")) {
  const stamp = join(folder, ".built"); // written last: half a build is no build
  if (
    !isStale(
      stamp,
      INPUTS.map((input) => join(root, input)),
    )
  )
    return;
  const startedAt = new Date();
  process.stderr.write("Building the page ...\n");
  await buildKernel();
  await bundlePage(folder);
  await buildServiceWorker(folder);
  await Promise.all(filesOf(folder).map(compress));
  writeFileSync(stamp, "");
  utimesSync(stamp, startedAt, startedAt); // what changes meanwhile is newer
}

/** As users get it, also where a test runner builds: its NODE_ENV would give React's development build. */
async function bundlePage(folder) {
  const { build } = await import("vite");
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  try {
    await build({ root: web, logLevel: "warn", build: { outDir: folder, emptyOutDir: true } });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

function filesOf(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  return paths.filter((path) => COMPRESSED.test(path) && statSync(path).size >= SMALLEST_BYTES);
}

async function compress(path) {
  const bytes = await readFile(path);
  const quality = bytes.length > LARGE_BYTES ? 9 : 11;
  const params = {
    [zlib.BROTLI_PARAM_QUALITY]: quality,
    [zlib.BROTLI_PARAM_LGWIN]: zlib.BROTLI_MAX_WINDOW_BITS,
    [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, { params }),
    promisify(gzip)(bytes, { level: 9 }),
  ]);
  if (br.length < bytes.length) await writeFile(`${path}.br`, br);
  if (gz.length < bytes.length) await writeFile(`${path}.gz`, gz);
}
