// The rows of the report with issue 4's goals: what must be reached, and what would be better still (stretch).
//
// `ours` and `beside` name a measurement of the section and one of its values. A ratio is ours / beside, at most the goal;
// with `isFaster` it is beside / ours, at least the goal. A limit is a value of ours alone.
// Rows without goals are there to be read beside the others; those of exact in Node keep issue 3's.

const of = (key) => (measurement) => ({ measurement, key });
const ms = of("ms");
const prefillMs = of("prefillMs");
const msPerToken = of("msPerToken");

// The prototype is gone; ENGINE.md has its decode at 18 to 20 ms a token where this peer took 16 to 21.
const PROTOTYPE = { ...msPerToken("decode peer"), times: 0.97 };

/** Ratios of node/section.mjs, most of them to node-llama-cpp. */
export const NODE_RATIOS = [
  {
    what: "decode at a past of 256, a token, compact",
    ours: msPerToken("decode compact"),
    beside: msPerToken("decode peer"),
    must: 0.65,
    stretch: 0.45,
  },
  {
    what: "decode at a past of 256, a token, exact",
    ours: msPerToken("decode exact"),
    beside: msPerToken("decode peer"),
    must: 1.4,
  },
  {
    what: "prefill 256 with all records, compact, to its plain prefill",
    ours: ms("prefill compact"),
    beside: ms("prefill peer"),
    must: 0.55,
    stretch: 0.45,
  },
  {
    what: "prefill 256 with all records, exact, to its plain prefill",
    ours: ms("prefill exact"),
    beside: ms("prefill peer"),
    must: 0.65,
  },
  ...["compact", "exact"].map((precision) => ({
    what: `the distribution at each of 256 positions, ${precision}, to its \`probabilities\``,
    ours: ms(`prefill ${precision}`),
    beside: ms("probabilities peer"),
    isFaster: true,
    must: 12,
    stretch: 16,
  })),
  ...["compact", "exact"].map((precision) => ({
    what: `the same, ${precision}, to its leanest way`,
    ours: ms(`prefill ${precision}`),
    beside: ms("topLogits peer"),
    isFaster: true,
  })),
  ...["compact", "exact"].map((precision) => ({
    what: `all 49,152 logits at each of 256 positions, ${precision}, to its \`probabilities\``,
    ours: ms(`allLogits ${precision}`),
    beside: ms("probabilities peer"),
    isFaster: true,
  })),
  {
    what: "8 sequences behind a prompt of 256, a token, compact, to our own single sequence",
    ours: msPerToken("batch compact"),
    beside: msPerToken("decode compact"),
    isFaster: true,
    must: 2.5,
    stretch: 5,
  },
  {
    what: "the same to the prototype's single sequence",
    ours: msPerToken("batch compact"),
    beside: PROTOTYPE,
    isFaster: true,
    must: 3.5,
  },
  {
    what: "8 sequences behind a prompt of 256, a token, exact, to our own single sequence",
    ours: msPerToken("batch exact"),
    beside: msPerToken("decode exact"),
    isFaster: true,
  },
];

const growth = (precision, past) => ({
  ours: msPerToken(`${past} ${precision}`),
  beside: msPerToken(`1 ${precision}`),
});

/** Ratios of browser/section.mjs, to wllama or to our own at an empty past. */
export const BROWSER_RATIOS = [
  {
    what: "prefill 256, compact",
    ours: prefillMs("256 compact"),
    beside: prefillMs("256 peer"),
    must: 0.12,
    stretch: 0.1,
  },
  {
    what: "decode at a past of 256, a token, compact",
    ours: msPerToken("256 compact"),
    beside: msPerToken("256 peer"),
    must: 0.42,
    stretch: 0.3,
  },
  {
    what: "the same to our own at an empty past",
    ...growth("compact", 256),
    must: 1.1,
  },
  {
    what: "decode at a past of 1,000, a token, compact, to our own at an empty past",
    ...growth("compact", 1000),
    must: 1.4,
  },
  {
    what: "prefill 256, exact",
    ours: prefillMs("256 exact"),
    beside: prefillMs("256 peer"),
  },
  {
    what: "decode at a past of 256, a token, exact",
    ours: msPerToken("256 exact"),
    beside: msPerToken("256 peer"),
  },
  { what: "the same to our own at an empty past", ...growth("exact", 256) },
  {
    what: "decode at a past of 1,000, a token, exact, to our own at an empty past",
    ...growth("exact", 1000),
  },
];

/** Limits of loading/section.mjs in ms; the stretch is half. */
export const LOADING_LIMITS = [
  ...[
    ["node compact", "in Node, compact", 1600, 800],
    ["node exact", "in Node, exact", 4000, 2200],
    ["browser compact", "the page, compact", 4000, 2000],
    ["browser exact", "the page, exact", 4000, 2000],
  ].flatMap(([measurement, name, firstMs, againMs]) => [
    { what: `${name}, the first time`, ours: of("firstMs")(measurement), must: firstMs },
    { what: `${name}, again`, ours: of("againMs")(measurement), must: againMs },
  ]),
].map((limit) => ({ ...limit, stretch: limit.must / 2 }));

/** Limits of memory/section.mjs in bytes. */
export const MEMORY_LIMITS = [
  {
    what: "compact, at its peak",
    ours: of("peakBytes")("compact"),
    must: 450e6,
  },
  { what: "compact, model loaded", ours: of("loadedBytes")("compact") },
  { what: "compact, after a reply", ours: of("afterBytes")("compact"), must: 350e6 },
  {
    what: "exact, at its peak",
    ours: of("peakBytes")("exact"),
    must: 1200e6,
    stretch: 900e6,
  },
  { what: "exact, model loaded", ours: of("loadedBytes")("exact") },
  {
    what: "exact, after a reply",
    ours: of("afterBytes")("exact"),
    must: 900e6,
    stretch: 700e6,
  },
];

/** Limits of feel/section.mjs in ms: issue 5's. */
export const FEEL_LIMITS = [
  { what: "the first screen: its first paint", ours: of("paintMs")("first screen"), must: 1000 },
  { what: "the first screen: its first tokens", ours: of("tokensMs")("first screen"), must: 1000 },
  ...["a short conversation", "a long conversation"].flatMap((name) => [
    { what: `${name}: a click on a scored token`, ours: of("clickMs")(name), must: 50 },
    { what: `${name}: a search over the vocabulary`, ours: of("searchMs")(name), must: 150 },
    {
      what: `${name}: the distribution after a chosen candidate`,
      ours: of("nextMs")(name),
      must: 120,
    },
    { what: `${name}: a frame of scrolling`, ours: of("frameMs")(name), must: 17 },
  ]),
];

/** Limits of fidelity/section.mjs over all texts; `comparison` is one of its pairs. At most the goal, or with `isAtLeast` at least. */
export const FIDELITY_LIMITS = [
  ...["kernel compact - kernel exact", "onnxruntime compact - onnxruntime exact"].flatMap(
    (comparison) => [
      { comparison, of: "meanKlBits", must: 0.01 },
      { comparison, of: "sameTopShare", isAtLeast: true, must: 0.95 },
      { comparison, of: "meanAbsBits", must: 0.11 },
    ],
  ),
  ...["meanKlBits", "meanAbsBits", "maxAbsBits"].map((of) => ({
    comparison: "kernel exact - onnxruntime exact",
    of,
  })),
];
