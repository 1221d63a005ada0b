// The rules of HOUSE-STYLE section 10 that no linter knows: who may import whom, clocks and chance, names, colours.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each package's src may import of ours. A star: middle packages know core alone, and of the roots only cli knows another. */
const MAY_IMPORT = {
  core: [],
  engine: ["core"],
  tokenizers: ["core"],
  models: ["core"],
  remote: ["core"],
  calls: ["core"],
  server: ["core", "engine", "tokenizers", "models", "calls", "remote"],
  cli: ["core", "engine", "tokenizers", "models", "remote", "server"],
  web: ["core", "engine", "tokenizers", "models", "calls"],
};
const ROOTS = ["server", "cli", "web"];
const ENTRIES = Object.fromEntries(Object.keys(MAY_IMPORT).map((name) => [name, entriesOf(name)]));
const VAGUE_NAMES = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];
const COLOUR_FILE = "packages/web/src/styles/tokens.css";

/** Files that break a rule for a reason: { file, rule, reason }. One that no longer does is an error. */
const EXCEPTIONS = [];

const RULES = [
  { name: "imports", problems: importProblems },
  { name: "clock and chance", problems: chanceProblems },
  { name: "names", problems: nameProblems },
  { name: "colours", problems: colourProblems },
  { name: "exports", problems: exportProblems },
];

const files = filesIn(join(root, "packages")).map(describe);
const findings = files.flatMap((file) =>
  RULES.flatMap((rule) =>
    rule.problems(file).map((problem) => ({ file: file.path, rule: rule.name, problem })),
  ),
);
const matches = (finding, exception) =>
  finding.file === exception.file && finding.rule === exception.rule;
const open = findings.filter((finding) => !EXCEPTIONS.some((item) => matches(finding, item)));
const unused = EXCEPTIONS.filter((item) => !findings.some((finding) => matches(finding, item)));
for (const { file, rule, problem } of open) console.error(`${file}: ${rule}: ${problem}`);
for (const { file, rule } of unused) {
  console.error(
    `scripts/check-rules.mjs: the exception for ${file} (${rule}) is not needed: delete it`,
  );
}
if (open.length + unused.length === 0) console.log(`${files.length} files follow the rules`);
process.exitCode = open.length + unused.length === 0 ? 0 : 1;

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (["node_modules", "dist", "bundle"].includes(entry.name)) return [];
    if (entry.isDirectory()) return filesIn(path);
    return /\.(ts|tsx|css)$/.test(entry.name) ? [path] : [];
  });
}

function describe(absolute) {
  const path = relative(root, absolute).split(sep).join("/");
  const [, name, area] = path.split("/");
  const text = readFileSync(absolute, "utf8");
  return { path, name, isSource: area === "src", text, code: withoutComments(text) };
}

/** Enough for what is looked for here: an address in a string loses its tail. */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[\s;{}(,])\/\/.*$/gm, "$1");
}

function importProblems({ path, name, isSource, code }) {
  const imported = [...code.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((m) => m[1]);
  return imported.flatMap((target) => {
    if (target.startsWith("@tokenscope/")) return ownImportProblems(target, { name, isSource });
    if (target.startsWith(".")) return relativeImportProblems(target, path);
    if (target.startsWith("node:") && isSource && !mayUseNode(path)) {
      return [`imports ${target}; this code runs in browsers too: pass in what differs`];
    }
    return [];
  });
}

function ownImportProblems(target, { name, isSource }) {
  const [, other, ...rest] = target.split("/");
  const entry = [".", ...rest].join("/");
  if (ENTRIES[other]?.[entry] === undefined) {
    return [`imports ${target}; a package is imported by its public entry`];
  }
  if (!isSource) return [];
  if (entry === "./contracts") return [`imports ${target}, which is for tests alone`];
  if (entry === "./node" && name === "web") return [`imports ${target}, which needs Node`];
  if (MAY_IMPORT[name]?.includes(other)) return [];
  return [
    `imports ${target}; ${name} may import ${MAY_IMPORT[name]?.join(", ") || "nothing of ours"}`,
  ];
}

/** A package's public entries with their source files. Example: { ".": "./src/index.ts", "./node": "./src/node/index.ts" }. */
function entriesOf(name) {
  const { exports = {} } = JSON.parse(
    readFileSync(join(root, "packages", name, "package.json"), "utf8"),
  );
  return Object.fromEntries(Object.entries(exports).map(([entry, { source }]) => [entry, source]));
}

function relativeImportProblems(target, path) {
  const place = new URL(target, `file:///${path}`).pathname.slice(1);
  const [, name] = path.split("/");
  if (place.startsWith(`packages/${name}/`) || place.startsWith("fixtures/")) return [];
  if (!path.includes("/src/") && place.startsWith("scripts/")) return [];
  return [`imports ${target}, which lies outside its package`];
}

/** Node's own modules belong to the roots on Node, and elsewhere to the files behind an entry "./node". */
function mayUseNode(path) {
  const [, name] = path.split("/");
  if (["server", "cli"].includes(name)) return true;
  const entry = ENTRIES[name]?.["./node"]?.replace("./", `packages/${name}/`);
  return path === entry || path.startsWith(`packages/${name}/src/node/`);
}

function chanceProblems({ name, isSource, code }) {
  if (!isSource || ROOTS.includes(name)) return [];
  const found = code.match(
    /\bMath\.random\b|\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/g,
  );
  return (found ?? []).map((call) => `calls ${call}; take now or rng as an argument`);
}

function nameProblems({ path }) {
  const words = path.split("/").flatMap((part) => basename(part).split(/[.-]/));
  return words
    .filter((word) => VAGUE_NAMES.includes(word))
    .map((word) => `"${word}" says nothing; name the noun it is about`);
}

function colourProblems({ path, name, isSource, code }) {
  if (name !== "web" || !isSource || path === COLOUR_FILE) return [];
  const colour = path.endsWith(".css")
    ? /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(/gi
    : /(?<=["'`:\s])#(?:[0-9a-f]{6}|[0-9a-f]{8}|[0-9a-f]{3,4})(?=["'`;\s])|\b(?:rgba?|hsla?|oklch)\(/gi;
  return (code.match(colour) ?? []).map(
    (found) => `has the colour ${found}; colours stand in ${COLOUR_FILE}`,
  );
}

function exportProblems({ isSource, code }) {
  return isSource && /^export \* /m.test(code) ? ["export *: name what is public"] : [];
}
