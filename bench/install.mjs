// Installs the peers beside this file when the lockfile changed or nothing is there; plain Node, nothing else needed.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const BENCH = import.meta.dirname;
const MARK = join(BENCH, "node_modules/.lock-hash"); // npm ci empties node_modules, so the mark goes with it

/** Runs `npm ci` in bench/ unless this lockfile is installed already. */
export function installPeers() {
  const lock = readFileSync(join(BENCH, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  if (existsSync(MARK) && readFileSync(MARK, "utf8") === hash) return;
  console.log("bench: installing the peers (about 750 MB, once)");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execFileSync(npm, ["ci"], { cwd: BENCH, stdio: "inherit" });
  writeFileSync(MARK, hash);
}
