// docs/benchmarks.md from the results of the sections: tables with median, spread, goal and whether it is met.

import { BROWSER_GOALS, NODE_GOALS } from "./goals.mjs";

const SECTIONS = {
  node: nodeTable,
  browser: browserTable,
  memory: memoryTable,
  fidelity: fidelityTable,
};

/**
 * The whole document. `results` holds what was measured, by section; a missing section is said to be missing.
 * @param {{ machine: object, versions: Record<string, string>, plan: object, results: Record<string, any> }} report
 */
export function reportText({ machine, versions, plan, results }) {
  const sections = Object.entries(SECTIONS).map(([name, table]) => {
    const result = results[name];
    return result === undefined
      ? `## ${TITLES[name]}\n\nNot measured: \`node bench/run.mjs --only ${name}\` fills this in.`
      : `## ${TITLES[name]}\n\n${measuredAt(result)}\n\n${table(result.measured)}`;
  });
  return `${[introduction({ machine, versions, plan }), ...sections].join("\n\n")}\n`;
}

const TITLES = {
  node: "In Node, beside node-llama-cpp",
  browser: "In Chromium, beside wllama",
  memory: "Memory of the page",
  fidelity: "What compact costs in accuracy",
};

function introduction({ machine, versions, plan }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# Benchmarks",
    "",
    "Written by `node bench/run.mjs`; do not edit. Ratios of one run carry over to other machines, absolute times do not.",
    "",
    `Machine: ${machine.cpu}, ${machine.memoryGib} GiB, ${machine.system}. Node ${machine.node}. Tokenscope at ${machine.commit}. ${packages.join(", ")}.`,
    "",
    `All run the same file (SmolLM2-135M-Instruct Q4_1) on the same tokens (windows of 256 from LICENSE) with ${plan.threads} threads and no GPU, each in a process of its own, in turns (A B C, A B C, ...): median of the rounds after ${plan.warmUps} warm-up, least and largest in brackets.`,
  ].join("\n");
}

function measuredAt({ date, load, rounds, measured }) {
  const turns = measured.spreads === undefined ? "" : ` in ${rounds} rounds`;
  return `Measured ${date} UTC${turns}; load average at the start ${load.toFixed(2)}.`;
}

function nodeTable({ spreads, abouts }) {
  const prefill = (who) => spreads[`prefill ${who}`].ms;
  const rows = NODE_GOALS.map(({ what, ours, peer, key, goal }) =>
    goalRow(what, { ours: spreads[ours][key], peer: spreads[peer][key], goal }),
  );
  const load = (who) => seconds(abouts[who].firstDistributionMs);
  return [
    table(["", "Tokenscope", "node-llama-cpp", "ratio", "goal", "met"], rows),
    "",
    "Tokenscope's prefill leaves a record of every position: the 50 most likely tokens, logZ, entropy, and the logprob and rank of the token that came, out of all 49,152. The peer's plain prefill leaves nothing.",
    "`probabilities` is the peer's documented full list; its leanest way asks for the 50 largest logits, the next token's and the total weight, which is what a record holds. The last rows fetch all 49,152 logits of each position on our side too.",
    "",
    `From the file to the first distribution, once: exact ${load("exact")}, compact ${load("compact")}, node-llama-cpp ${load("peer")}. Positions a second in a prefill: exact ${perSecond(prefill("exact"))}, compact ${perSecond(prefill("compact"))}, node-llama-cpp ${perSecond(prefill("peer"))}.`,
  ].join("\n");
}

function browserTable({ spreads, abouts, memory, chromium }) {
  const rows = BROWSER_GOALS.map(({ what, ours, key, goal }) =>
    goalRow(what, { ours: spreads[ours][key], peer: spreads.peer[key], goal }),
  );
  const load = (who) => seconds(abouts[who].firstDistributionMs);
  return [
    `Chromium ${chromium}, cross-origin isolated, ${abouts.compact.threads} WASM threads on our side and ${abouts.peer.threads} on wllama's (llama.cpp ${abouts.peer.build}).`,
    "",
    table(["", "Tokenscope", "wllama", "ratio", "goal", "met"], rows),
    "",
    "Ours is the time the page sees, all records handed over; wllama's is its own clock for the prompt, and the better of its clock and its stream for a token. wllama gives no distribution of a prompt's positions at all.",
    "",
    `From a new worker to the first distribution, the file fetched from this machine: compact ${load("compact")}, exact ${load("exact")}, wllama ${load("peer")}. Private memory of each one's renderer after its rounds: compact ${megabytes(memory.compact)}, exact ${megabytes(memory.exact)}, wllama ${megabytes(memory.peer)}.`,
  ].join("\n");
}

function memoryTable(rows) {
  const cells = rows.map(({ what, peakBytes, loadedBytes, afterBytes, readyMs }) => [
    what,
    megabytes(peakBytes),
    megabytes(loadedBytes),
    megabytes(afterBytes),
    seconds(readyMs),
  ]);
  return [
    table(
      ["the page in", "peak", "model loaded", "after a reply", "address to model ready"],
      cells,
    ),
    "",
    "Private memory (Private_Clean + Private_Dirty of smaps_rollup) of the renderer process that holds the page and its worker, sampled every 100 ms: weights, WASM, page and all. Each row is a fresh browser; a reply is at most 100 tokens.",
  ].join("\n");
}

function fidelityTable(rows) {
  const total = rows.reduce(addedSums, {
    positions: 0,
    klBits: 0,
    sameTop: 0,
    tokens: 0,
    absBits: 0,
    maxAbsBits: 0,
  });
  const cells = [...rows, { name: "all", ...total }].map((row) => [
    row.name,
    String(row.positions),
    (row.klBits / row.positions).toFixed(5),
    `${((100 * row.sameTop) / row.positions).toFixed(1)} %`,
    row.tokens === 0 ? "n/a" : (row.absBits / row.tokens).toFixed(3),
    row.maxAbsBits.toFixed(2),
  ]);
  return [
    table(
      [
        "text",
        "positions",
        "mean KL (bits)",
        "same top token",
        "mean difference of a token's bits",
        "largest",
      ],
      cells,
    ),
    "",
    "Compact against exact, both in Node, over all 49,152 tokens at every position. ENGINE.md's table: 0.006 bits, 95 %, 0.10.",
  ].join("\n");
}

function addedSums(a, b) {
  const added = Object.fromEntries(Object.keys(a).map((key) => [key, a[key] + b[key]]));
  return { ...added, maxAbsBits: Math.max(a.maxAbsBits, b.maxAbsBits) };
}

function goalRow(what, { ours, peer, goal }) {
  const ratio = ours.median / peer.median;
  const shown = ratio < 0.1 ? `${ratio.toFixed(3)}` : ratio.toFixed(2);
  return [
    what,
    milliseconds(ours),
    milliseconds(peer),
    shown,
    goal === null ? "" : `≤ ${goal}`,
    goal === null ? "" : ratio <= goal ? "yes" : "**no**",
  ];
}

function table(head, rows) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function milliseconds({ median, min, max }) {
  const digits = max < 100 ? 1 : 0;
  return `${median.toFixed(digits)} ms (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function perSecond({ median }) {
  return Math.round((256 * 1000) / median).toString();
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
