// docs/benchmarks.md from the results of the sections: tables with median, spread, both goals and which is met.

import {
  BROWSER_RATIOS,
  FEEL_LIMITS,
  FIDELITY_LIMITS,
  LOADING_LIMITS,
  MEMORY_LIMITS,
  NODE_RATIOS,
} from "./goals.mjs";
import {
  goals,
  inUnit,
  limitTable,
  MEGABYTES,
  milliseconds,
  ratioTable,
  SECONDS,
  table,
} from "./tables.mjs";

const SECTIONS = {
  node: { title: "In Node, beside node-llama-cpp", text: nodeText },
  browser: { title: "In Chromium, beside wllama", text: browserText },
  loading: { title: "From the file to the first distribution", text: loadingText },
  memory: { title: "Memory of the page", text: memoryText },
  feel: { title: "How soon the page answers a hand", text: feelText },
  fidelity: {
    title: "What compact costs in accuracy, and whether runtimes agree",
    text: fidelityText,
  },
};

/**
 * The whole document. `results` holds what was measured, by section; a missing section is said to be missing.
 * @param {{ machine: object, versions: Record<string, string>, plan: object, results: Record<string, any> }} report
 */
export function reportText({ machine, versions, plan, results }) {
  const sections = Object.entries(SECTIONS).map(([name, { title, text }]) => {
    const result = results[name];
    return result === undefined
      ? `## ${title}\n\nNot measured: \`node bench/run.mjs --only ${name}\` fills this in.`
      : `## ${title}\n\n${measuredAt(result)}\n\n${text(result.measured)}`;
  });
  return `${[introduction({ machine, versions, plan }), ...sections].join("\n\n")}\n`;
}

function introduction({ machine, versions, plan }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# Benchmarks",
    "",
    "Written by `node bench/run.mjs`; do not edit. Ratios of one run carry over to other machines, absolute times do not.",
    "",
    `Machine: ${machine.cpu}, ${machine.memoryGib} GiB, ${machine.system}. Node ${machine.node}. ${packages.join(", ")}.`,
    "",
    `All run the same file (SmolLM2-135M-Instruct Q4_1) on the same tokens (windows of LICENSE) with ${plan.threads} threads and no GPU, each in a process of its own, in turns (A B C, A B C, ...): median of the rounds after ${plan.warmUps} warm-up, least and largest in brackets. Goals are issue 4's; "stretch" in the last column means that both are met.`,
  ].join("\n");
}

function measuredAt({ date, load, commit, rounds, measured }) {
  const count = measured.rounds ?? rounds;
  const turns = measured.spreads === undefined ? "" : ` in ${count} round${count === 1 ? "" : "s"}`;
  return `Measured ${date} UTC at ${commit}${turns}; load average at the start ${load.toFixed(2)}.`;
}

function nodeText({ spreads, abouts }) {
  const perSecond = (who) => Math.round((256 * 1000) / spreads[`prefill ${who}`].ms.median);
  const load = (who) => inUnit(SECONDS, abouts[who].firstDistributionMs);
  return [
    ratioTable(NODE_RATIOS, spreads),
    "",
    "Tokenscope runs ONNX Runtime for passes of many rows here, and its kernel for those of a few. Its prefill leaves a record of every position: the 50 most likely tokens, logZ, entropy, and the logprob and rank of the token that came, out of all 49,152. The peer's plain prefill (`evaluateWithoutGeneratingNewTokens`) leaves nothing; its decode is `evaluate` at temperature 0.",
    "`probabilities` is the peer's documented full list (`controlledEvaluate`, `generateNext: { probabilities: true }`); its leanest way asks for the 50 largest logits, the next token's and the total weight, which is what a record holds. Where all 49,152 logits are named, our side fetches them for each position too.",
    "The prototype is no longer run: its single sequence is taken as 0.97 times the peer's decode of this run (ENGINE.md has 18 to 20 ms beside 16 to 21).",
    "",
    `From the file to the first distribution, once: exact ${load("exact")}, compact ${load("compact")}, node-llama-cpp ${load("peer")}. Positions a second in a prefill: exact ${perSecond("exact")}, compact ${perSecond("compact")}, node-llama-cpp ${perSecond("peer")}.`,
  ].join("\n");
}

const NAMES = {
  compact: "compact",
  exact: "exact",
  onnxruntime: "onnxruntime-web, exact",
  peer: "wllama",
};

function browserText({ spreads, abouts, memory, chromium }) {
  const measured = Object.entries(NAMES).filter(([who]) => abouts[who] !== undefined);
  const list = (write) => measured.map(([who, name]) => `${name} ${write(who)}`).join(", ");
  const cells = (who, key, pasts) =>
    pasts.map((past) => {
      const value = spreads[`${past} ${who}`]?.[key];
      return value === undefined ? "n/a" : milliseconds(value);
    });
  return [
    `Chromium ${chromium}, cross-origin isolated, ${abouts.compact.threads} threads on our side (kernel: ${abouts.compact.variant}.wasm) and ${abouts.peer.threads} on wllama's (llama.cpp ${abouts.peer.build}).`,
    "",
    ratioTable(BROWSER_RATIOS, spreads),
    "",
    "Ours is the time the page sees, all records handed over. wllama's is its own clock for the prompt of a `createCompletion`, and the better of its clock and its stream for a token. It gives no distribution of a prompt's positions at all, and its context holds 512 tokens.",
    "",
    table(
      ["", "prefill 256", "prefill 1,000", "decode at 1", "at 256", "at 1,000"],
      measured.map(([who, name]) => [
        name,
        ...cells(who, "prefillMs", [256, 1000]),
        ...cells(who, "msPerToken", [1, 256, 1000]),
      ]),
    ),
    "",
    `From a new worker to the first distribution, the file fetched from this machine: ${list((who) => inUnit(SECONDS, abouts[who].firstDistributionMs))}. Private memory of each one's renderer after its rounds: ${list((who) => inUnit(MEGABYTES, memory[who]))}.`,
  ].join("\n");
}

function loadingText({ engine, spreads }) {
  const whole = (precision) => inUnit(SECONDS, spreads[`node ${precision}`].processMs.median);
  return [
    limitTable(LOADING_LIMITS, spreads, { head: "", unit: SECONDS }),
    "",
    `In Node: a process of its own each time, from opening the file, which the system has in memory, to the first record; the first time nothing has been prepared beside the file. With the start of the process, again: compact ${whole("compact")}, exact ${whole("exact")}.`,
    `The page (${engine}): from its address until the model is ready, one step before the first distribution; served from this machine; the first time in a profile that holds no model, again after a reload.`,
  ].join("\n");
}

function memoryText({ engine, spreads }) {
  return [
    limitTable(MEMORY_LIMITS, spreads, { head: "the page in", unit: MEGABYTES }),
    "",
    `The page runs ${engine}. Private memory (Private_Clean + Private_Dirty of smaps_rollup) of the renderer process that holds the page and its worker, sampled every 100 ms from its address on: weights, WASM, page and all. Each visit is a fresh browser that fetches the model; a reply is at most 100 tokens.`,
  ].join("\n");
}

const MILLISECONDS = { name: "ms", write: (ms) => ms.toFixed(ms < 100 ? 1 : 0) };

function feelText({ engine, chromium, tokens, spreads }) {
  const lengths = Object.entries(tokens).map(([name, count]) => `${name} has ${count} tokens`);
  const slow = Object.keys(tokens).map(
    (name) => `${(100 * spreads[name].slowFrames.median).toFixed(0)} % of them in ${name}`,
  );
  return [
    limitTable(FEEL_LIMITS, spreads, { head: "", unit: MILLISECONDS }),
    "",
    `The real page (${engine}, exact, Chromium ${chromium}, painted by the processor: no graphics card here) at 1440 x 900; ${lengths.join(", ")}. Measured inside the page, from the event until the answer stands in the document and the frame after it is painted, so that a sixtieth of a second is the least. A click and a search run the model 0 times (counted at each). Frames over 20 ms while the strip scrolls from end to end in two seconds: ${slow.join(", ")}.`,
  ].join("\n");
}

/** What is said of all positions together, and how it is written. */
const MEANS = {
  meanKlBits: { what: "mean KL in bits", write: bitsText },
  sameTopShare: { what: "same top token", write: percentText },
  meanAbsBits: { what: "mean difference of a token's bits", write: bitsText },
  maxAbsBits: { what: "largest difference of a token's bits", write: bitsText },
};

function fidelityText(comparisons) {
  const totals = Object.fromEntries(
    Object.entries(comparisons).map(([name, rows]) => [name, meansOf(rows.reduce(addedSums))]),
  );
  const limits = FIDELITY_LIMITS.map(({ comparison, of, ...limit }) => {
    const { what, write } = MEANS[of];
    const value = totals[comparison][of];
    const [must, , met] = goals({ ...limit, write }, value);
    return [comparison, what, write(value), must, met];
  });
  return [
    table(["compared", "over all positions", "measured", "must", "met"], limits),
    "",
    "Of each pair the second is the truth, over all 49,152 tokens at every position, read one token a pass: longer passes of the kernel multiply in fp32 in both precisions. Kernel: what the page and the command line decode with (relaxed.wasm, here in Node with as many threads); compact rounds its inputs, keys and values to 16 bits there. onnxruntime: ONNX Runtime alone, which takes over where the kernel has no code for a file; compact is int8 weights there.",
    "",
    "Compact against exact on the kernel, text by text:",
    "",
    textsTable(comparisons["kernel compact - kernel exact"]),
  ].join("\n");
}

function textsTable(rows) {
  const cells = [...rows, { ...rows.reduce(addedSums), name: "all" }].map((row) => {
    const means = meansOf(row);
    return [
      row.name,
      String(row.positions),
      means.meanKlBits.toFixed(5),
      percentText(means.sameTopShare),
      row.tokens === 0 ? "n/a" : means.meanAbsBits.toFixed(5),
      row.maxAbsBits.toFixed(4),
    ];
  });
  const head = ["text", "positions", "mean KL (bits)", "same top token"];
  return table([...head, "mean difference of a token's bits", "largest"], cells);
}

/** Sums of several texts; the largest stays the largest. */
function addedSums(a, b) {
  return {
    positions: a.positions + b.positions,
    klBits: a.klBits + b.klBits,
    sameTop: a.sameTop + b.sameTop,
    tokens: a.tokens + b.tokens,
    absBits: a.absBits + b.absBits,
    maxAbsBits: Math.max(a.maxAbsBits, b.maxAbsBits),
  };
}

function meansOf({ positions, klBits, sameTop, tokens, absBits, maxAbsBits }) {
  return {
    meanKlBits: klBits / positions,
    sameTopShare: sameTop / positions,
    meanAbsBits: absBits / tokens,
    maxAbsBits,
  };
}

/** Five digits, and what is smaller with its power. Example: 0.00735 -> "0.00735", 3e-8 -> "3.0e-8". */
function bitsText(value) {
  return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(1) : value.toFixed(5);
}

function percentText(share) {
  return `${(100 * share).toFixed(1)} %`;
}
