// Section "Browser": the engine in a worker beside wllama, each in a browser of its own, turn by turn.

import { join } from "node:path";
import { BENCH } from "../install.mjs";
import { watchRenderer } from "../memory/renderer-memory.mjs";
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
  const opened = [];
  const open = async (name, load, options) => {
    const browser = await openChromium();
    opened.push({ name, browser });
    const contestant = await load(await browser.newPage(), {
      url: server.url,
      threads: plan.threads,
      ...options,
    });
    return [name, contestant];
  };
  try {
    const contestants = [
      await open("compact", openTokenscope, { precision: "compact" }),
      await open("peer", openWllama, {}),
      await open("exact", openTokenscope, { precision: "exact" }),
    ];
    const measurements = contestants.map(([name, contestant]) => ({
      name,
      run: (round) => contestant.run(windows[round % windows.length], DECODE_STEPS),
    }));
    const spreads = await interleave(measurements, plan);
    const abouts = Object.fromEntries(contestants.map(([name, { about }]) => [name, about]));
    return {
      spreads,
      abouts,
      memory: await memories(opened),
      chromium: opened[0].browser.version(),
    };
  } finally {
    for (const { browser } of opened) await browser.close();
    await server.close();
  }
}

/** Private bytes of each browser's page, now. */
async function memories(opened) {
  const bytes = {};
  for (const { name, browser } of opened) {
    const watch = await watchRenderer(browser);
    bytes[name] = await watch.nowBytes();
    await watch.stop();
  }
  return bytes;
}
