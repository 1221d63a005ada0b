// Section "Browser": the engine in a worker beside wllama, each in a browser of its own, turn by turn.

import { join } from "node:path";
import { BENCH } from "../install.mjs";
import { watchRenderer } from "../memory/renderer-memory.mjs";
import { interleave } from "../statistics.mjs";
import { openChromium } from "./chromium.mjs";
import { startIsolatedServer } from "./isolated-server.mjs";
import { buildBenchPages, openTokenscope } from "./tokenscope.mjs";
import { openWllama } from "./wllama.mjs";

const DECODE_STEPS = 32;
const PASTS = [256, 1, 1000]; // wllama has a context of 512 and is measured at 256 alone

const CONTESTANTS = [
  { name: "compact", load: openTokenscope, options: { precision: "compact" }, pasts: PASTS },
  { name: "peer", load: openWllama, options: {}, pasts: [256] },
  { name: "exact", load: openTokenscope, options: { precision: "exact" }, pasts: PASTS },
];

/** onnxruntime-web, which the page left for the kernel: the file's fp32 weights, as it had them. */
const ONNXRUNTIME = {
  name: "onnxruntime",
  load: openTokenscope,
  options: { precision: "exact", name: "onnxruntime" },
  pasts: PASTS,
};

/** Measures everything of the table "Browser". */
export async function measureBrowser({ model, windows, longWindow, plan }) {
  const chosen = plan.withOrt ? [...CONTESTANTS, ONNXRUNTIME] : CONTESTANTS;
  const pages = await buildBenchPages(["tokenscope", ...(plan.withOrt ? ["onnxruntime"] : [])]);
  const server = await startIsolatedServer([
    ["/model.gguf", model.path],
    ["/wllama", join(BENCH, "node_modules/@wllama/wllama/esm")],
    ["/blank.html", join(BENCH, "browser/blank.html")],
    ["/", pages],
  ]);
  const opened = [];
  try {
    for (const each of chosen) opened.push(await openContestant(each, { server, plan }));
    const measurements = opened.flatMap(({ name, pasts, contestant }) =>
      pasts.map((past) => ({
        name: `${past} ${name}`,
        run: (round) =>
          contestant.run(
            past === 256 ? windows[round % windows.length] : { ids: longWindow.ids.slice(0, past) },
            DECODE_STEPS,
          ),
      })),
    );
    return {
      spreads: await interleave(measurements, plan),
      abouts: Object.fromEntries(opened.map(({ name, contestant }) => [name, contestant.about])),
      memory: await memories(opened),
      chromium: opened[0].browser.version(),
    };
  } finally {
    for (const { browser } of opened) await browser.close();
    await server.close();
  }
}

/** A contestant that has loaded its model, in a browser of its own. */
async function openContestant({ name, load, options, pasts }, { server, plan }) {
  const browser = await openChromium();
  try {
    const place = { url: server.url, threads: plan.threads, ...options };
    return { name, pasts, browser, contestant: await load(await browser.newPage(), place) };
  } catch (error) {
    await browser.close();
    throw error;
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
