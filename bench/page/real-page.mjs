// The real page: built and served as `npm start` has it, and what is seen of its model from outside.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { BENCH } from "../install.mjs";

const PAGE_DIR = join(BENCH, ".tmp/page");
const PRECISION = 'select[aria-label="Precision"]';

export const PATIENCE_MS = 180_000; // for loading and for a reply, on a slow machine

/** Builds the page and serves it with one model; the caller closes the server. */
export async function openPageServer({ bundles, model }) {
  await build({
    root: join(BENCH, "../packages/web"),
    logLevel: "warn",
    build: { outDir: PAGE_DIR, emptyOutDir: true },
  });
  const { servePage } = await import(pathToFileURL(bundles.pageServer).href);
  return await servePage({ pageDir: PAGE_DIR, model });
}

/** Waits for a model and gives the precision it runs in; a failed load is thrown at once with the page's own words. */
export async function modelReady(page) {
  const failure = page.getByText("The model did not load.").first();
  const ready = page.locator(`${PRECISION}:enabled`); // it can be chosen once a model is there
  await ready.or(failure).first().waitFor();
  if (await failure.isVisible()) throw new Error(`bench: ${await failure.textContent()}`);
  return await ready.inputValue();
}

/** As modelReady, and throws unless the page runs in `precision`. */
export async function modelReadyIn(page, precision) {
  const chosen = await modelReady(page);
  if (chosen !== precision) throw new Error(`bench: the page runs ${chosen}, not ${precision}`);
}

/** Chooses another precision, as a person would, and waits for the model in it. */
export async function switchPrecision(page, precision) {
  await page.locator(PRECISION).selectOption(precision);
  await page.locator(`${PRECISION}:disabled`).waitFor();
  await modelReadyIn(page, precision);
}

/** What the page says that it runs on. Example: "WASM, 2 threads". */
export async function engineWords(page) {
  const cell = page.locator("footer.status .engine"); // text, or a choice where there are several
  return await cell.evaluate((element) => element.selectedOptions?.[0].text ?? element.textContent);
}

/** Milliseconds from the navigation until the model is ready to run, on the page's own clock: the first distribution is one step later. */
export async function modelReadyMs(page) {
  const handle = await page.waitForFunction(() =>
    document.querySelector("footer.status")?.dataset.model === "ready" ? performance.now() : false,
  );
  return await handle.jsonValue();
}
