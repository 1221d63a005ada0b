// The rows of the two speed tables with the goals of issue 3: ours divided by the peer's time in the same run, at most `goal`.

/** Rows to node-llama-cpp; `ours` and `peer` name measurements of node/section.mjs. */
export const NODE_GOALS = [
  {
    what: "prefill 256 with all records, exact, to its plain prefill",
    ours: "prefill exact",
    peer: "prefill peer",
    key: "ms",
    goal: 0.65,
  },
  {
    what: "prefill 256 with all records, compact, to its plain prefill",
    ours: "prefill compact",
    peer: "prefill peer",
    key: "ms",
    goal: null,
  },
  {
    what: "decode at a past of 256, a token, exact",
    ours: "decode exact",
    peer: "decode peer",
    key: "msPerToken",
    goal: 1.4,
  },
  {
    what: "decode at a past of 256, a token, compact",
    ours: "decode compact",
    peer: "decode peer",
    key: "msPerToken",
    goal: 1.1,
  },
  {
    what: "the distribution at each of 256 positions, exact, to its `probabilities`",
    ours: "prefill exact",
    peer: "probabilities peer",
    key: "ms",
    goal: 0.1,
  },
  {
    what: "the distribution at each of 256 positions, compact, to its `probabilities`",
    ours: "prefill compact",
    peer: "probabilities peer",
    key: "ms",
    goal: 0.1,
  },
  {
    what: "the same, exact, to its leanest way",
    ours: "prefill exact",
    peer: "topLogits peer",
    key: "ms",
    goal: null,
  },
  {
    what: "the same, compact, to its leanest way",
    ours: "prefill compact",
    peer: "topLogits peer",
    key: "ms",
    goal: null,
  },
  {
    what: "all 49,152 logits at each of 256 positions, exact, to its `probabilities`",
    ours: "allLogits exact",
    peer: "probabilities peer",
    key: "ms",
    goal: null,
  },
  {
    what: "all 49,152 logits at each of 256 positions, compact, to its `probabilities`",
    ours: "allLogits compact",
    peer: "probabilities peer",
    key: "ms",
    goal: null,
  },
];

/** Rows to wllama; `ours` names a contestant of browser/section.mjs. */
export const BROWSER_GOALS = [
  { what: "prefill 256, compact", ours: "compact", key: "prefillMs", goal: 0.16 },
  {
    what: "decode at a past of 256, a token, compact",
    ours: "compact",
    key: "msPerToken",
    goal: 0.5,
  },
  { what: "prefill 256, exact", ours: "exact", key: "prefillMs", goal: null },
  { what: "decode at a past of 256, a token, exact", ours: "exact", key: "msPerToken", goal: null },
];
