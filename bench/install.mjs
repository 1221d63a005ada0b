// Installs the peers beside this file when the lockfile changed or nothing is there; plain Node, nothing else needed.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const BENCH = import.meta.dirname;
const MARK = join(BENCH, "node_modules/.lock-hash"); // goes when node_modules goes

// Not `npm ci`: it stops where a registry lacks one of node-llama-cpp's optional packages for other systems. This
// takes the lockfile's versions too, and writes no file but node_modules.
const INSTALL = ["install", "--no-save"];

/** Installs the lockfile's packages in bench/, scripts off (.npmrc), unless they are there already. */
export function installPeers() {
  const lock = readFileSync(join(BENCH, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  if (existsSync(MARK) && readFileSync(MARK, "utf8") === hash) return;
  console.log("bench: installing the peers (about 750 MB, once)");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execFileSync(npm, INSTALL, { cwd: BENCH, stdio: "inherit" });
  writeFileSync(MARK, hash);
}
