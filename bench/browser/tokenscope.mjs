// Tokenscope's worker in a page of its own, built with the settings of the real page.

import { join } from "node:path";
import { build } from "vite";
import { BENCH } from "../install.mjs";

const OUT = join(BENCH, ".tmp/browser");

/** Builds the bench page and returns its folder. */
export async function buildBenchPage() {
  await build({
    configFile: join(BENCH, "../packages/web/vite.config.ts"),
    root: join(BENCH, "browser"),
    logLevel: "warn",
    build: {
      outDir: OUT,
      emptyOutDir: true,
      rolldownOptions: { input: join(BENCH, "browser/tokenscope.html") },
    },
  });
  return OUT;
}

/**
 * Opens the worker in `page` and loads the model.
 * @param {import("playwright-core").Page} page
 * @param {{ readonly url: string, readonly model: object, readonly precision: "exact" | "compact" }} place
 */
export async function openTokenscope(page, { url, model, precision }) {
  await page.goto(`${url}/tokenscope.html`);
  await page.waitForFunction(() => globalThis.tokenscopeBench !== undefined);
  const about = await page.evaluate((request) => globalThis.tokenscopeBench.load(request), {
    model: { ...model, url: `${url}/model.gguf` },
    precision,
  });
  return {
    about,
    /** Prefill with all records, then decode; milliseconds as the page sees them. */
    run: ({ ids }, steps) =>
      page.evaluate((request) => globalThis.tokenscopeBench.run(request), { ids, steps }),
  };
}
