// Tokenscope's engine in a page of its own: on the kernel, or on onnxruntime-web with the settings that its threads need in a Vite worker.

import { join } from "node:path";
import { build } from "vite";
import { BENCH } from "../install.mjs";

const OUT = join(BENCH, ".tmp/browser");

/** Builds the bench pages, tokenscope.html and the like, and returns their folder. */
export async function buildBenchPages(names) {
  await build({
    configFile: false,
    root: join(BENCH, "browser"),
    base: "./",
    logLevel: "warn",
    // The glue stays a file of its own: inlined into our worker, each thread would start our worker again and wait.
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "source", "module", "browser"] },
    worker: { format: "es" },
    build: {
      target: "es2023",
      outDir: OUT,
      emptyOutDir: true,
      rolldownOptions: { input: names.map((name) => join(BENCH, `browser/${name}.html`)) },
    },
  });
  return OUT;
}

/**
 * Opens the worker in `page` and loads the model.
 * @param {import("playwright-core").Page} page
 * @param {{ readonly url: string, readonly threads: number, readonly precision: "exact" | "compact", readonly name?: string }} place
 */
export async function openTokenscope(page, { url, threads, precision, name = "tokenscope" }) {
  await page.goto(`${url}/${name}.html`);
  await page.waitForFunction(() => globalThis.tokenscopeBench !== undefined);
  const about = await page.evaluate((request) => globalThis.tokenscopeBench.load(request), {
    url: `${url}/model.gguf`,
    precision,
    threads,
  });
  return {
    about,
    /** Prefill with all records, then decode; milliseconds as the page sees them. */
    run: ({ ids }, steps) =>
      page.evaluate((request) => globalThis.tokenscopeBench.run(request), { ids, steps }),
  };
}
