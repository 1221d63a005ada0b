// wllama in a page of its own: threads on, the file as one Blob, prompts as text; and the options that were fastest for it.

// n_gpu_layers 0: without WebGPU, as the other side. flash_attn false: 62 against 67 ms a token with it, prefill the same.
// Smaller batches (16, 64) and an f32 cache were tried too and gave nothing.
const OPTIONS = { n_gpu_layers: 0, n_ctx: 512, flash_attn: false };

/**
 * Opens wllama in `page` and loads the model; the page stays for the measurements.
 * @param {import("playwright-core").Page} page
 * @param {{ readonly url: string, readonly threads: number }} place
 */
export async function openWllama(page, { url, threads }) {
  await page.goto(`${url}/blank.html`);
  const about = await page.evaluate(loadInPage, { options: { ...OPTIONS, n_threads: threads } });
  return {
    about,
    /** Prefill by the peer's own clock (its most favourable figure), then decode from its stream. */
    run: (window, steps) => page.evaluate(completeInPage, { ...window, steps }),
  };
}

async function loadInPage({ options }) {
  const { Wllama } = await import("/wllama/index.js");
  const start = performance.now();
  const wllama = new Wllama({ default: "/wllama/wasm/wllama.wasm" }, { suppressNativeLog: true });
  const file = await (await fetch("/model.gguf")).blob();
  await wllama.loadModel([file], options);
  await wllama.createCompletion({ prompt: "The", max_tokens: 1, temperature: 0, n_probs: 50 });
  globalThis.wllama = wllama;
  return {
    firstDistributionMs: performance.now() - start,
    threads: wllama.getNumThreads(),
    build: Wllama.getLibllamaVersion(),
  };
}

async function completeInPage({ ids, text, steps }) {
  const stamps = [];
  let timings;
  const stream = await globalThis.wllama.createCompletion({
    prompt: text,
    max_tokens: steps + 1,
    temperature: 0,
    ignore_eos: true,
    stream: true,
  });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.finish_reason == null) stamps.push(performance.now());
    timings = chunk.timings ?? timings;
  }
  if (timings.prompt_n !== ids.length) {
    throw new Error(`wllama ran ${timings.prompt_n} prompt tokens, ${ids.length} were meant`);
  }
  const streamedMs = (stamps.at(-1) - stamps[0]) / (stamps.length - 1);
  return {
    prefillMs: timings.prompt_ms,
    msPerToken: Math.min(streamedMs, timings.predicted_per_token_ms),
  };
}
