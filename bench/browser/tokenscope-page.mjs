// Inside a page: the page's own worker by its own protocol, with a clock around its calls. Built by Vite with the page's settings.

/** @typedef {import("../../packages/web/src/worker/protocol.ts").FromWorker} FromWorker */

const GREEDY = { temperature: 0, topK: 0, topP: 1, minP: 0 };

let worker;
let calls = 0;

/** Sends one request and resolves with its result; events go to `onEvent`. */
function call(kind, request, onEvent = () => {}) {
  calls += 1;
  const number = calls;
  return new Promise((resolve, reject) => {
    const onMessage = ({ data }) => {
      if (data.call !== number) return;
      if (data.kind === "event") return onEvent(data.event);
      worker.removeEventListener("message", onMessage);
      if (data.kind === "done") resolve(data.result);
      else reject(new Error(`${data.failure.name}: ${data.failure.message}`));
    };
    worker.addEventListener("message", onMessage);
    worker.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
    worker.postMessage({ kind, call: number, request });
  });
}

const score = (ids, onEvent) => call("score", { ids, from: 0 }, onEvent);

/** Starts the worker, loads the model and waits for the first distribution. */
async function load({ model, precision }) {
  const start = performance.now();
  worker = new Worker(new URL("../../packages/web/src/worker/model-worker.ts", import.meta.url), {
    type: "module",
  });
  const loaded = await call("load", { model, precision });
  await score([1]);
  return {
    firstDistributionMs: performance.now() - start,
    threads: loaded.threads,
    identity: loaded.identity,
  };
}

/** Prefill with the record of every position handed to the page, then greedy steps as they arrive. */
async function run({ ids, steps }) {
  const records = [];
  const start = performance.now();
  await score(ids, (event) => records.push(...event.tokens));
  const prefillMs = performance.now() - start;
  if (records.length !== ids.length) {
    throw new Error(`the worker scored ${records.length} of ${ids.length} tokens`);
  }
  const request = { ids, settings: GREEDY, seed: 0, redraw: 0, maxTokens: steps + 1 };
  const stamps = [];
  await call("generate", request, () => stamps.push(performance.now()));
  if (stamps.length < 2) throw new Error("the text ended before a step could be timed");
  return { prefillMs, msPerToken: (stamps.at(-1) - stamps[0]) / (stamps.length - 1) };
}

globalThis.tokenscopeBench = { load, run };
