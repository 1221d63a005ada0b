// One command for all speed, memory and fidelity figures: installs the peers, measures, writes docs/benchmarks.md.
//
//   node bench/run.mjs [--only node|browser|loading|memory|feel|fidelity] [--rounds N] [--with-ort] [--dry]
//
// With --only the other sections keep their last results (bench/.tmp/results). --with-ort measures onnxruntime-web in the
// browser too; --dry keeps results and report in bench/.tmp/dry. Wants a quiet machine; takes some 15 minutes.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { BENCH, installPeers } from "./install.mjs";

const ROOT = join(BENCH, "..");
const SECTIONS = ["node", "browser", "loading", "memory", "feel", "fidelity"];
const WINDOW_TOKENS = 256;
const LONG_WINDOW_TOKENS = 1_000;
const FEEL_TOKENS = { "a short conversation": 120, "a long conversation": 1_760 }; // of its message
const THREADS = 2;

/** Sections and plan from the command line; throws one sentence for what it cannot read. */
function parsePlan() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rounds: { type: "string" },
      "with-ort": { type: "boolean", default: false },
      dry: { type: "boolean", default: false },
    },
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
  const withOrt = values["with-ort"];
  const plan = { threads: THREADS, rounds, warmUps: 1, withOrt, log: console.log };
  return { sections, plan, places: values.dry ? DRY_PLACES : PLACES };
}

/** Where results are kept from one run to the next, and where the report goes. */
const PLACES = {
  results: join(BENCH, ".tmp/results"),
  report: join(ROOT, "docs/benchmarks.md"),
};
const DRY_PLACES = {
  results: join(BENCH, ".tmp/dry"),
  report: join(BENCH, ".tmp/dry/benchmarks.md"),
};

/** What every section needs: bundled sources, the kernel, the model, the token windows. */
async function prepare(plan) {
  const { buildKernel } = await import("../scripts/kernel.mjs");
  const { relaxed } = await buildKernel();
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
  const [longWindow] = await texts.tokenWindows({
    ...place,
    length: LONG_WINDOW_TOKENS,
    count: 1,
  });
  const feelTexts = [];
  for (const [name, length] of Object.entries(FEEL_TOKENS)) {
    const [{ text }] = await texts.tokenWindows({ ...place, length, count: 1 });
    feelTexts.push({ name, text });
  }
  return {
    bundles,
    kernelFolder: dirname(relaxed),
    model,
    modelPath: model.path,
    windows,
    longWindow,
    feelTexts,
    texts: await texts.fidelityTexts(place),
    plan,
  };
}

const MEASURES = {
  node: async (bench) => (await import("./node/section.mjs")).measureNode(bench),
  browser: async (bench) => (await import("./browser/section.mjs")).measureBrowser(bench),
  loading: async (bench) => (await import("./loading/section.mjs")).measureLoading(bench),
  memory: async (bench) => (await import("./memory/section.mjs")).measureMemory(bench),
  feel: async (bench) => (await import("./feel/section.mjs")).measureFeel(bench),
  fidelity: async (bench) => (await import("./fidelity/section.mjs")).measureFidelity(bench),
};

async function measureSection(section, bench, results) {
  const { startedNow } = await import("./machine.mjs");
  const started = startedNow();
  console.log(`bench: ${section} (load average ${started.load.toFixed(2)})`);
  const measured = await MEASURES[section](bench);
  mkdirSync(results, { recursive: true });
  writeFileSync(
    join(results, `${section}.json`),
    JSON.stringify({ ...started, rounds: bench.plan.rounds, measured }, null, 2),
  );
}

function storedResults(results) {
  const stored = SECTIONS.map((section) => [section, join(results, `${section}.json`)]);
  return Object.fromEntries(
    stored
      .filter(([, path]) => existsSync(path))
      .map(([section, path]) => [section, JSON.parse(readFileSync(path, "utf8"))]),
  );
}

async function writeReport(plan, places) {
  const { machine, packageVersion } = await import("./machine.mjs");
  const { reportText } = await import("./report.mjs");
  const names = ["onnxruntime-node", "onnxruntime-web", "node-llama-cpp", "@wllama/wllama"];
  const versions = Object.fromEntries(names.map((name) => [name, packageVersion(name)]));
  const results = storedResults(places.results);
  const text = reportText({ machine: machine(), versions, plan, results });
  writeFileSync(places.report, text);
}

async function main() {
  const { sections, plan, places } = parsePlan();
  installPeers();
  const bench = await prepare(plan);
  for (const section of sections) await measureSection(section, bench, places.results);
  await writeReport(plan, places);
  console.log(`bench: wrote ${relative(ROOT, places.report)}`);
}

try {
  await main();
} catch (error) {
  const words = error instanceof Error ? error.message : String(error);
  console.error(`bench: ${words.replace(/^bench: /, "")}`);
  process.exit(1); // a browser or server that did not close would keep it running
}
