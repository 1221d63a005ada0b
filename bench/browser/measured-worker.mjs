// What a worker with an engine answers the page: `load` and `run`, one at a time. Knows no runtime. Built by Vite.

/**
 * Answers the page from now on. `openEngine` gets the page's load request and gives the engine and what is said of it.
 * @param {(request: { url: string, precision: string, threads: number }) => Promise<{ engine: object, about: object }>} openEngine
 */
export function serveEngine(openEngine) {
  let engine;

  /** Loads the model and runs one token, so that the first distribution is there. */
  async function load(request) {
    const opened = await openEngine(request);
    engine = opened.engine;
    const sequence = engine.openSequence();
    await appended(sequence, [1]);
    sequence.close();
    return opened.about;
  }

  /** Prefill, then greedy steps; every record goes to the page as it comes. */
  async function run({ ids, steps }) {
    const sequence = engine.openSequence();
    let [token] = (await appended(sequence, ids)).slice(-1);
    postMessage({ kind: "prefilled" });
    for (let written = 0; written <= steps; written += 1) {
      [token] = await appended(sequence, [token.prediction.topIds[0]]);
      postMessage({ kind: "step" });
    }
    sequence.close();
  }

  addEventListener("message", async ({ data }) => {
    try {
      const result = data.kind === "load" ? await load(data.request) : await run(data.request);
      postMessage({ kind: "done", result });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      postMessage({ kind: "failed", message });
    }
  });
}

async function appended(sequence, ids) {
  const tokens = [];
  for await (const chunk of sequence.append(ids)) {
    tokens.push(...chunk);
    postMessage({ kind: "records", tokens: chunk });
  }
  return tokens;
}

/** The model file as a Blob: Chromium keeps it outside this process. */
export async function fetchedBlob(url) {
  return (await fetch(url)).blob();
}
