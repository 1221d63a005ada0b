// Inside a page: a worker with a clock around it, so that handing over the records is part of the time. Built by Vite.

/**
 * Offers `load` and `run` to the script that drives the page.
 * @param {() => Worker} openWorker
 */
export function measureWorker(openWorker) {
  let worker;

  /** Sends one request and resolves with its result; everything before that goes to `onMessage`. */
  function call(kind, request, onMessage = () => {}) {
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.kind === "done") resolve(data.result);
        else if (data.kind === "failed") reject(new Error(data.message));
        else onMessage(data);
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ kind, request });
    });
  }

  /** Starts the worker, loads the model and waits for the first distribution. */
  async function load(request) {
    if (!crossOriginIsolated) throw new Error("this page is not cross-origin isolated: no threads");
    const start = performance.now();
    worker = openWorker();
    const loaded = await call("load", request);
    return { ...loaded, firstDistributionMs: performance.now() - start };
  }

  /** Milliseconds of a prefill and of each greedy step after it; the first step is not counted, as the peer's is not. */
  async function run(request) {
    const steps = [];
    let records = 0;
    let prefillMs;
    const start = performance.now();
    await call("run", request, (message) => {
      if (message.kind === "prefilled") prefillMs = performance.now() - start;
      else if (message.kind === "step") steps.push(performance.now());
      else records += message.tokens.length;
    });
    const expected = request.ids.length + steps.length;
    if (records !== expected) throw new Error(`${records} records came, not ${expected}`);
    return { prefillMs, msPerToken: (steps.at(-1) - steps[0]) / (steps.length - 1) };
  }

  globalThis.tokenscopeBench = { load, run };
}
