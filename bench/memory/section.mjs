// Section "Memory": the real page in a fresh browser, from its address to a written reply, in compact and in exact.

import { withFirstVisits } from "../page/first-visits.mjs";
import { modelReadyIn } from "../page/real-page.mjs";
import { interleave } from "../statistics.mjs";
import { watchRenderer } from "./renderer-memory.mjs";

const MESSAGE = "Write a one-paragraph story about a dragon.";
const SETTLE_MS = 2_000; // garbage of loading is collected within this time
const MOST_ROUNDS = 3; // bytes hardly differ from one visit to the next

/** Spreads by precision: bytes at the peak, after loading, after a reply. */
export async function measureMemory({ plan, ...bench }) {
  const rounds = Math.min(plan.rounds, MOST_ROUNDS);
  return await withFirstVisits(bench, async ({ url, engine, open }) => {
    const measurements = ["compact", "exact"].map((precision) => ({
      name: precision,
      run: async () => measuredVisit(await open(precision), { url, precision }),
    }));
    const spreads = await interleave(measurements, { ...plan, rounds, warmUps: 0 });
    return { rounds, engine, spreads };
  });
}

async function measuredVisit({ page, browser, close }, { url, precision }) {
  try {
    const watch = await watchRenderer(browser);
    await page.goto(url);
    await modelReadyIn(page, precision);
    await page.waitForTimeout(SETTLE_MS);
    const loadedBytes = await watch.nowBytes();
    await writeReply(page);
    await page.waitForTimeout(SETTLE_MS);
    const afterBytes = await watch.nowBytes();
    return { loadedBytes, afterBytes, peakBytes: await watch.stop() };
  } finally {
    await close();
  }
}

async function writeReply(page) {
  await page.getByLabel("Message").fill(MESSAGE);
  await page.getByRole("button", { name: "End turn" }).click();
  await page.locator('button.generate[aria-disabled="false"]').click();
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await page.getByRole("button", { name: "Generate response" }).waitFor();
}
