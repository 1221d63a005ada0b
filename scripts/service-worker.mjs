// Bundles the page's service worker into a built page, with the list of the files that it keeps.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(
  new URL("../packages/web/src/offline/service-worker.ts", import.meta.url),
);
const NOT_KEPT = /^(index\.html|models\.json|service-worker\.js|\..*)$|\.(br|gz|gguf)$/; // index.html is kept as the folder's own address
const LARGE_BYTES = 2 ** 22; // WebGPU's runtime alone is larger

/** Writes service-worker.js into the folder of a page that Vite has just built. */
export async function buildServiceWorker(folder) {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const [, entry] = /<script[^>]+src="\.\/(assets\/[^"]+)"/.exec(html) ?? [];
  if (entry === undefined) throw new Error(`${folder}/index.html starts no script`);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !NOT_KEPT.test(file.name))
    .map((file) => relative(folder, join(file.parentPath, file.name)).split(sep).join("/"))
    .toSorted();
  const isLarge = (file) => statSync(join(folder, file)).size > LARGE_BYTES;
  const define = {
    PAGE_VERSION: JSON.stringify(versionOf(folder, files)),
    PAGE_ENTRY: JSON.stringify(entry),
    PAGE_FILES: JSON.stringify(files.filter((file) => !isLarge(file))),
    GPU_FILES: JSON.stringify(files.filter(isLarge)),
  };
  const { rolldown } = await import("rolldown");
  const build = await rolldown({ input: SOURCE, platform: "browser", transform: { define } });
  await build.write({ file: join(folder, "service-worker.js"), format: "iife", minify: true });
  await build.close();
}

function versionOf(folder, files) {
  const hash = createHash("sha256").update(readFileSync(SOURCE));
  for (const file of ["index.html", ...files]) {
    hash
      .update(`\n${file}\n`)
      .update(file.startsWith("assets/") ? "" : readFileSync(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
