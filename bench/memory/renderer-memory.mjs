// Private memory of Chromium's renderer processes, read from /proc: what a tab costs beyond what it shares with others.

import { readFileSync } from "node:fs";

const SAMPLE_MS = 100; // reading smaps_rollup of a process of 2 GB takes some 10 ms

/**
 * Samples the largest renderer of a browser until `stop`. That renderer holds the page and its worker: the browser has one page, and a spare renderer takes 20 MB.
 * @param {import("playwright-core").Browser} browser
 */
export async function watchRenderer(browser) {
  const session = await browser.newBrowserCDPSession();
  let peakBytes = 0;
  const nowBytes = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    const bytes = Math.max(0, ...renderers.map(({ id }) => privateBytes(id)));
    peakBytes = Math.max(peakBytes, bytes);
    return bytes;
  };
  let isWatching = true;
  const watching = (async () => {
    while (isWatching) {
      await nowBytes();
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return {
    /** Bytes now. */
    nowBytes,
    /** Ends the watch; the most bytes seen since it began. */
    stop: async () => {
      isWatching = false;
      await watching;
      await session.detach();
      return peakBytes;
    },
  };
}

/** Bytes in Private_Clean and Private_Dirty of a process; 0 when it has ended. */
function privateBytes(pid) {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const fields = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)];
    return fields.reduce((sum, field) => sum + Number(field[1]) * 1024, 0);
  } catch {
    return 0; // it ended between the list and the look
  }
}
