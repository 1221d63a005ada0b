// Where and when a measurement was made: a figure without these is no figure.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { join } from "node:path";
import { BENCH } from "./install.mjs";

/** Version of an installed package, looked for in bench/ and then in the workspace. */
export function packageVersion(name) {
  for (const root of [BENCH, join(BENCH, "..")]) {
    try {
      return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"))
        .version;
    } catch {
      // not installed there: the other root may have it
    }
  }
  return "n/a";
}

/** Short commit of the checkout, with "+" where files differ from it; "n/a" outside git. */
function commit() {
  try {
    const git = (...args) => execFileSync("git", args, { cwd: BENCH, encoding: "utf8" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") ? "+" : "");
  } catch {
    return "n/a";
  }
}

/** Processor, memory, system and Node. */
export function machine() {
  const models = [...new Set(cpus().map((cpu) => cpu.model.trim()))].join(" + ");
  return {
    cpu: `${models}, ${cpus().length} cores`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.version,
  };
}

/** When a section starts, on which commit, and how busy the machine is then (load average of the last minute). */
export function startedNow() {
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  return { date, commit: commit(), load: loadavg()[0] };
}
