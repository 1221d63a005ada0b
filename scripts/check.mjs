// npm run check: format and lint, types, the rules of the house, licences, dead code. Each is one check; all run, whatever fails.

import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const CHECKS = [
  {
    name: "format and lint",
    script: "node_modules/@biomejs/biome/bin/biome",
    args: ["check", "--diagnostic-level=warn", "--error-on-warnings"],
  },
  { name: "types", script: "node_modules/typescript/bin/tsc", args: ["-b"] },
  { name: "rules of the house", script: "scripts/check-rules.mjs", args: [] },
  { name: "licences", script: "scripts/check-licences.mjs", args: [] },
  { name: "dead code", script: "node_modules/knip/bin/knip.js", args: ["--no-progress"] },
];

/** Runs all checks; the names of those that passed and failed. */
export function runChecks() {
  const passed = [];
  const failed = [];
  for (const { name, script, args } of CHECKS) {
    console.log(`\n- ${name}`);
    const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
      cwd: root,
      stdio: "inherit",
    });
    (status === 0 ? passed : failed).push(name);
  }
  return { passed, failed };
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { failed } = runChecks();
  console.log(failed.length === 0 ? "\nall checks passed" : `\nfailed: ${failed.join(", ")}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
