// One command for all speed, memory and fidelity figures: installs the peers, measures, writes docs/benchmarks.md.
//
//   node bench/run.mjs [--only node|browser|memory|fidelity] [--rounds N]
//
// With --only the other sections keep their last results (bench/.tmp/results). Wants a quiet machine; takes some 6 minutes.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { BENCH, installPeers } from "./install.mjs";

const ROOT = join(BENCH, "..");
const RESULTS = join(BENCH, ".tmp/results");
const SECTIONS = ["node", "browser", "memory", "fidelity"];
const WINDOW_TOKENS = 256;
const THREADS = 2;

/** Sections and plan from the command line; throws one sentence for what it cannot read. */
function parsePlan() {
  const { values } = parseArgs({
    options: { only: { type: "string" }, rounds: { type: "string" } },
  });
  const sections = values.only === undefined ? SECTIONS : [values.only];
  const unknown = sections.find((section) => !SECTIONS.includes(section));
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown} is no section; choose one of ${SECTIONS.join(", ")}`);
  }
  const rounds = Number(values.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds ${values.rounds} is no count; give a whole number from 1`);
  }
  return { sections, plan: { threads: THREADS, rounds, warmUps: 1, log: console.log } };
}

/** What every section needs: bundled sources, the model, the token windows. */
async function prepare(plan) {
  const { bundleSources } = await import("./bundle.mjs");
  const bundles = await bundleSources();
  const { defaultModel } = await import(pathToFileURL(bundles.model).href);
  const texts = await import(pathToFileURL(bundles.texts).href);
  const model = await defaultModel();
  const place = { modelPath: model.path, root: ROOT };
  const windows = await texts.tokenWindows({
    ...place,
    length: WINDOW_TOKENS,
    count: plan.rounds + plan.warmUps,
  });
  return {
    bundles,
    model,
    modelPath: model.path,
    windows,
    texts: await texts.fidelityTexts(place),
    plan,
  };
}

const MEASURES = {
  node: async (bench) => (await import("./node/section.mjs")).measureNode(bench),
  browser: async (bench) => (await import("./browser/section.mjs")).measureBrowser(bench),
  memory: async (bench) => (await import("./memory/section.mjs")).measureMemory(bench),
  fidelity: async (bench) => (await import("./fidelity/section.mjs")).measureFidelity(bench),
};

async function measureSection(section, bench) {
  const { startedNow } = await import("./machine.mjs");
  const started = startedNow();
  console.log(`bench: ${section} (load average ${started.load.toFixed(2)})`);
  const measured = await MEASURES[section](bench);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    join(RESULTS, `${section}.json`),
    JSON.stringify({ ...started, rounds: bench.plan.rounds, measured }, null, 2),
  );
}

function storedResults() {
  const stored = SECTIONS.map((section) => [section, join(RESULTS, `${section}.json`)]);
  return Object.fromEntries(
    stored
      .filter(([, path]) => existsSync(path))
      .map(([section, path]) => [section, JSON.parse(readFileSync(path, "utf8"))]),
  );
}

async function writeReport(plan) {
  const { machine, packageVersion } = await import("./machine.mjs");
  const { reportText } = await import("./report.mjs");
  const names = ["onnxruntime-node", "onnxruntime-web", "node-llama-cpp", "@wllama/wllama"];
  const versions = Object.fromEntries(names.map((name) => [name, packageVersion(name)]));
  const text = reportText({ machine: machine(), versions, plan, results: storedResults() });
  writeFileSync(join(ROOT, "docs/benchmarks.md"), text);
}

async function main() {
  const { sections, plan } = parsePlan();
  installPeers();
  const bench = await prepare(plan);
  for (const section of sections) await measureSection(section, bench);
  await writeReport(plan);
  console.log("bench: wrote docs/benchmarks.md");
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
