// Section "Memory": the real page in a fresh browser, from its address to a written reply, in compact and in exact.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { openChromium } from "../browser/chromium.mjs";
import { BENCH } from "../install.mjs";
import { watchRenderer } from "./renderer-memory.mjs";

const PAGE_DIR = join(BENCH, ".tmp/page");
const MESSAGE = "Write a one-paragraph story about a dragon.";
const PATIENCE_MS = 180_000; // for loading and for a reply, on a slow machine
const SETTLE_MS = 2_000; // garbage of loading is collected within this time

/** One row per precision: peak, after loading, after a reply. */
export async function measureMemory({ bundles, model }) {
  await build({
    root: join(BENCH, "../packages/web"),
    logLevel: "warn",
    build: { outDir: PAGE_DIR, emptyOutDir: true },
  });
  const { servePage } = await import(pathToFileURL(bundles.pageServer).href);
  const server = await servePage({ pageDir: PAGE_DIR, model });
  try {
    return [
      await measuredPage(server.url, { what: "compact", isExact: false }),
      await measuredPage(server.url, { what: "exact, switched to on the page", isExact: true }),
    ];
  } finally {
    await server.close();
  }
}

async function measuredPage(url, { what, isExact }) {
  const browser = await openChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const watch = await watchRenderer(browser);
    const start = performance.now();
    await page.goto(url);
    await modelReady(page, "compact");
    const readyMs = performance.now() - start;
    if (isExact) await switchToExact(page);
    await page.waitForTimeout(SETTLE_MS);
    const loadedBytes = await watch.nowBytes();
    await writeReply(page);
    await page.waitForTimeout(SETTLE_MS);
    const afterBytes = await watch.nowBytes();
    return { what, readyMs, loadedBytes, afterBytes, peakBytes: await watch.stop() };
  } finally {
    await browser.close();
  }
}

/** The precision can be chosen once a model is there; a failed load is thrown at once with the page's own words. */
async function modelReady(page, precision) {
  const failure = page.getByText("The model did not load.").first();
  const ready = page.locator('select[aria-label="Precision"]:enabled');
  await ready.or(failure).first().waitFor();
  if (await failure.isVisible()) throw new Error(`bench: ${await failure.textContent()}`);
  const chosen = await ready.inputValue();
  if (chosen !== precision) throw new Error(`bench: the page runs ${chosen}, not ${precision}`);
}

async function switchToExact(page) {
  const select = page.locator('select[aria-label="Precision"]');
  await select.selectOption("exact");
  await page.locator('select[aria-label="Precision"]:disabled').waitFor();
  await modelReady(page, "exact");
}

async function writeReply(page) {
  await page.getByLabel("Message").fill(MESSAGE);
  await page.getByRole("button", { name: "End turn" }).click();
  await page.locator('button.generate[aria-disabled="false"]').click();
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await page.getByRole("button", { name: "Generate response" }).waitFor();
}
