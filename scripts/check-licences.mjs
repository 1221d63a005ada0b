// The licences of everything in the lockfile against what may be used and shipped, and docs/dependencies.md as it must read. `--write` writes that file.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENT = join(root, "docs/dependencies.md");
const IN_MODULES = "node_modules/";

/** What a product under Apache-2.0 may ship without conditions on its own code. */
const SHIPPED = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT"];
/** Tools are not shipped, so that the weak copyleft of their own files binds nobody. */
const USED = [...SHIPPED, "MPL-2.0"];

const dependencies = readDependencies();
const problems = dependencies.flatMap(({ name, version, licence, isShipped }) => {
  const allowed = isShipped ? SHIPPED : USED;
  if (isAllowed(licence, allowed)) return [];
  return [
    `${name} ${version} is under ${licence || "no stated licence"}; allowed are ${allowed.join(", ")}; choose another package`,
  ];
});
const text = documentText(dependencies);
if (process.argv.includes("--write")) writeFileSync(DOCUMENT, text);
else if (readFileSync(DOCUMENT, "utf8") !== text) {
  problems.push(
    "docs/dependencies.md is not what the lockfile says; run scripts/check-licences.mjs --write",
  );
}
for (const problem of problems) console.error(problem);
if (problems.length === 0)
  console.log(`${dependencies.length} packages have licences that are allowed`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Every package of the lockfile but our own, each version once, by name. */
function readDependencies() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const found = new Map();
  for (const [path, entry] of Object.entries(packages)) {
    const at = path.lastIndexOf(IN_MODULES);
    if (at === -1 || entry.link) continue;
    const name = path.slice(at + IN_MODULES.length);
    const key = `${name} ${entry.version}`;
    const isShipped = !(entry.dev ?? false) || (found.get(key)?.isShipped ?? false);
    found.set(key, { name, version: entry.version, licence: entry.license ?? "", isShipped });
  }
  return [...found.keys()].sort().map((key) => found.get(key));
}

/** An SPDX expression of one licence, or of several to choose from. Example: "(MIT OR CC0-1.0)". */
function isAllowed(expression, allowed) {
  return expression
    .replace(/^\((.*)\)$/, "$1")
    .split(" OR ")
    .some((licence) => allowed.includes(licence));
}

function documentText(all) {
  const shipped = all.filter(({ isShipped }) => isShipped);
  const counts = new Map();
  for (const { licence, isShipped } of all) {
    if (!isShipped) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  const tools = [...counts].sort().map(([licence, count]) => `${licence} (${count})`);
  return [
    "# What Tokenscope is made with",
    "",
    "Written by `scripts/check-licences.mjs --write` from package-lock.json, and held to it by `npm run check`; do not edit.",
    "",
    `Packages that are installed with Tokenscope or built into its page: ${shipped.length}.`,
    "",
    "| package | version | licence |",
    "| --- | --- | --- |",
    ...shipped.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`),
    "",
    `Packages that only build and test it, by licence: ${tools.join(", ")}.`,
    "",
  ].join("\n");
}
