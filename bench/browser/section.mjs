// Section "Browser": the page's own worker beside wllama, each in a browser of its own, turn by turn.

import { join } from "node:path";
import { BENCH } from "../install.mjs";
import { interleave } from "../statistics.mjs";
import { openChromium } from "./chromium.mjs";
import { startIsolatedServer } from "./isolated-server.mjs";
import { buildBenchPage, openTokenscope } from "./tokenscope.mjs";
import { openWllama } from "./wllama.mjs";

const DECODE_STEPS = 16; // a wllama round takes some 15 s as it is

/** Measures everything of the table "Browser". */
export async function measureBrowser({ model, windows, plan }) {
  const pages = await buildBenchPage();
  const server = await startIsolatedServer([
    ["/model.gguf", model.path],
    ["/wllama", join(BENCH, "node_modules/@wllama/wllama/esm")],
    ["/blank.html", join(BENCH, "browser/blank.html")],
    ["/", pages],
  ]);
  const browsers = [];
  const page = async () => {
    const browser = await openChromium();
    browsers.push(browser);
    return await browser.newPage();
  };
  try {
    const place = { url: server.url, model: pageModel(model), threads: plan.threads };
    const contestants = {
      compact: await openTokenscope(await page(), { ...place, precision: "compact" }),
      peer: await openWllama(await page(), place),
      exact: await openTokenscope(await page(), { ...place, precision: "exact" }),
    };
    const measurements = Object.entries(contestants).map(([name, contestant]) => ({
      name,
      run: (round) => contestant.run(windows[round % windows.length], DECODE_STEPS),
    }));
    const spreads = await interleave(measurements, plan);
    const abouts = Object.entries(contestants).map(([who, { about }]) => [who, about]);
    return { spreads, abouts: Object.fromEntries(abouts), chromium: browsers[0].version() };
  } finally {
    for (const browser of browsers) await browser.close();
    await server.close();
  }
}

/** The registry's entry as the worker's protocol names a model file, without its address. */
export function pageModel({ entry }) {
  const { id, label, sha256, fileBytes } = entry;
  return { id, label, sha256, fileBytes };
}
