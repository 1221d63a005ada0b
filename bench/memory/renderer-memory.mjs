// Private memory of Chromium's renderer processes, read from /proc: what a tab costs beyond what it shares.

import { readdirSync, readFileSync } from "node:fs";

const SAMPLE_MS = 100; // reading smaps_rollup of a 2 GB process takes some 10 ms

/** Bytes in Private_Clean and Private_Dirty of a process, or null when it has ended. */
export function privateBytes(pid) {
  const rollup = readProc(pid, "smaps_rollup");
  if (rollup === null) return null;
  const fields = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)];
  return fields.reduce((sum, field) => sum + Number(field[1]) * 1024, 0);
}

/** Renderer processes below a browser's process, whatever stands between them. */
export function rendererPids(browserPid) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? readProc(name, "stat") : null;
    if (stat !== null)
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (pid) => pid === browserPid || (parents.has(pid) && isBelow(parents.get(pid)));
  return [...parents.keys()].filter(
    (pid) => isBelow(pid) && readProc(pid, "cmdline")?.includes("--type=renderer"),
  );
}

/**
 * Samples the largest renderer below a browser's process until `stop`; that renderer is the page under measurement, an empty spare one takes 20 MB.
 * @returns {{ nowBytes: () => number, stop: () => { peakBytes: number } }}
 */
export function watchRenderer(browserPid) {
  let peakBytes = 0;
  const nowBytes = () => {
    const largest = Math.max(0, ...rendererPids(browserPid).map((pid) => privateBytes(pid) ?? 0));
    peakBytes = Math.max(peakBytes, largest);
    return largest;
  };
  const timer = setInterval(nowBytes, SAMPLE_MS);
  return {
    nowBytes,
    stop: () => {
      clearInterval(timer);
      return { peakBytes };
    },
  };
}

function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null; // the process ended between two looks
  }
}
