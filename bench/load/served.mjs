// A server of our own for a load test: `tokenscope serve` in a process whose memory can be read.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../packages/cli/tokenscope.mjs", import.meta.url));

/** Starts `serve` with these arguments and waits until it says where it is. */
export async function startServed(args) {
  const child = spawn(process.execPath, [COMMAND, "serve", "--no-open", "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`serve ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /http:\S+/.exec(line)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    url,
    memoryBytes: () => residentBytes(child.pid),
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** Memory that a process has in use, as Linux counts it; null elsewhere. */
function residentBytes(pid) {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
