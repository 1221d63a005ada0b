// Section "Loading": from the model's file to the first distribution, the first time and again, in Node and in the real page.

import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { BENCH } from "../install.mjs";
import { openContestant } from "../node/contestant.mjs";
import { withFirstVisits } from "../page/first-visits.mjs";
import { modelReadyIn, modelReadyMs } from "../page/real-page.mjs";
import { interleave } from "../statistics.mjs";

const FOLDER = join(BENCH, ".tmp/loading");
const PRECISIONS = ["compact", "exact"];

/** Spreads by runtime and precision: { firstMs, againMs } and what else was seen on the way. */
export async function measureLoading({ plan, ...bench }) {
  return await withFirstVisits(bench, async (visits) => {
    const measurements = PRECISIONS.flatMap((precision) => [
      {
        name: `node ${precision}`,
        run: () => loadedInNode({ ...bench, precision, threads: plan.threads }),
      },
      { name: `browser ${precision}`, run: () => loadedInBrowser(visits, precision) },
    ]);
    return { engine: visits.engine, spreads: await interleave(measurements, plan) };
  });
}

/** Two processes one after another on a copy of the file in a folder of its own, beside which nothing was prepared. */
async function loadedInNode({ bundles, kernelFolder, model, precision, threads }) {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, "model-"));
  try {
    const modelPath = join(folder, "model.gguf");
    copyFileSync(model.path, modelPath);
    written(modelPath);
    const options = { kernelFolder, modelPath, precision, threads };
    const first = await openedOnce(bundles.tokenscope, options);
    const again = await openedOnce(bundles.tokenscope, options);
    return {
      firstMs: first.firstDistributionMs,
      againMs: again.firstDistributionMs,
      processMs: again.processMs,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Waits until a file is on the disk, so that writing it is not part of what follows; it stays in the system's memory too. */
function written(path) {
  const file = openSync(path, "r+");
  fsyncSync(file);
  closeSync(file);
}

/** From the file by the child's clock; from the start of its process by ours. */
async function openedOnce(path, options) {
  const start = performance.now();
  const contestant = await openContestant(path, options);
  const processMs = performance.now() - start;
  await contestant.close();
  return { firstDistributionMs: contestant.about.firstDistributionMs, processMs };
}

/** A first visit, then a reload of the same page. */
async function loadedInBrowser({ url, open }, precision) {
  const { page, close } = await open(precision);
  try {
    await page.goto(url);
    const firstMs = await modelReadyMs(page);
    await modelReadyIn(page, precision);
    await page.reload();
    const againMs = await modelReadyMs(page);
    await modelReadyIn(page, precision);
    return { firstMs, againMs };
  } finally {
    await close();
  }
}
