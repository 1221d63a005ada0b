// npm test: the checks, the unit tests and the end-to-end tests, added up in one last line. `--platform` runs only the unit tests of what depends on the Node underneath, `--long` adds the long ones.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChecks } from "./check.mjs";
import { chromiumPath } from "./chromium.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const options = process.argv.slice(2);
const unknown = options.find((option) => !["--platform", "--long"].includes(option));
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}; allowed are --platform and --long`);
  process.exit(2);
}
if (options.includes("--long")) process.env.TOKENSCOPE_LONG = "1";

const LONGEST_TESTS = 10;
/** Files, sockets, threads, WebAssembly, processes: the rest is plain computation, which no Node changes. */
const PLATFORM_TESTS = [
  "packages/engine/test/kernel.test.ts",
  "packages/engine/test/byte-source.test.ts",
  "packages/engine/test/shards.test.ts",
  "packages/models/test",
  "packages/server/test",
  "packages/cli/test/open-model.test.ts",
  "packages/cli/test/process.test.ts",
  "packages/cli/test/serve.test.ts",
];
const reports = [];
const total = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

if (options.includes("--platform")) {
  runVitest("platform", PLATFORM_TESTS);
} else {
  await prepare();
  const checks = runChecks();
  total.passed += checks.passed.length;
  total.failed += checks.failed.length;
  notes.push(...checks.failed.map((name) => `failed: ${name}`));
  runVitest("unit", []);
  runEndToEnd();
}
if (options.includes("--long")) writeLongReport();
for (const note of notes) console.log(note);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** What the tests need: the page, the command line and the model. What cannot be made counts as one failure, and the tests that need it say so. */
async function prepare() {
  try {
    await import("./build.mjs");
  } catch (error) {
    console.error(error);
    addFailure("failed: the build");
  }
  const fetch = ["packages/cli/tokenscope.mjs", "models", "fetch", "smollm2-135m-instruct-q4_1"];
  if (spawnSync(process.execPath, fetch, { cwd: root, stdio: "inherit" }).status !== 0) {
    addFailure("failed: fetching the model");
  }
}

function runEndToEnd() {
  const chromium = chromiumPath();
  if (chromium !== null) {
    runVitest("e2e", ["--config", "vitest.e2e.config.ts"], { TOKENSCOPE_CHROMIUM: chromium });
    return;
  }
  const note = "the end-to-end tests did not run: no Chromium, Chrome or Edge was found";
  if (process.env.CI === "true") {
    addFailure(note);
  } else {
    total.skipped += 1;
    notes.push(note);
  }
}

/** Runs Vitest and adds its report up. */
function runVitest(name, args, env = {}) {
  const report = join(root, ".tmp", `vitest-${name}-${process.versions.node}.json`);
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  console.log(`\n- ${name} tests`);
  const { status } = spawnSync(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", ...args, ...reporters],
    { cwd: root, stdio: "inherit", env: { ...process.env, ...env } },
  );
  const counted = countsOf(report);
  reports.push({ name, ...counted });
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
  if (status !== 0 && counted.failed === 0) addFailure(`failed: the ${name} tests ended badly`);
  if (status === 0 && counted.passed === 0) addFailure(`failed: there are no ${name} tests`);
}

/** A file that fails before its first test (a broken import) counts as one failure: Vitest counts none. */
function countsOf(report) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, seconds: 0, slowest: [] }; // no report: the exit code tells
  }
  const brokenFiles = results.testResults.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  const tests = results.testResults
    .flatMap((file) => file.assertionResults)
    .map(({ fullName, duration }) => ({ name: fullName, seconds: (duration ?? 0) / 1000 }));
  return {
    seconds: tests.reduce((sum, { seconds }) => sum + seconds, 0),
    slowest: tests.toSorted((a, b) => b.seconds - a.seconds).slice(0, LONGEST_TESTS),
    passed: results.numPassedTests,
    failed: results.numFailedTests + brokenFiles.length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/** docs/long-test.md: what ran, how much, how long, on what. */
function writeLongReport() {
  const rows = reports.map(
    ({ name, passed, failed, skipped, seconds }) =>
      `| ${name} | ${passed} | ${failed} | ${skipped} | ${seconds.toFixed(0)} s |`,
  );
  const slow = reports
    .flatMap(({ slowest }) => slowest)
    .map(({ name, seconds }) => `| ${name} | ${seconds.toFixed(1)} s |`);
  const lines = [
    "# The long test",
    "",
    "Written by `npm run test:long`; do not edit. Property tests run 5,000 cases, the sequence properties 1,000, mutated headers 20,000, the soak 20,000 rounds.",
    "",
    `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, Node ${process.versions.node}, ${cpus().length} cores, ${process.platform} ${process.arch}. ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped.`,
    "",
    "| suite | passed | failed | skipped | time |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
    "| the ten longest tests of each suite | time |",
    "| --- | ---: |",
    ...slow,
    "",
  ];
  writeFileSync(join(root, "docs/long-test.md"), lines.join("\n"));
}

function addFailure(note) {
  total.failed += 1;
  notes.push(note);
}
