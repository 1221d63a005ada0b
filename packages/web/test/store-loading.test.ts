import { expect, test } from "vitest";
import type { ModelClient } from "../src/worker/model-client.ts";
import {
  closedPage,
  generating,
  idsOf,
  isAllScored,
  openPage,
  TOO_LARGE,
  TOY_FILE,
} from "./store-model.ts";

const isLoad = (call: { readonly kind: string }) => call.kind === "load";

test("start loads the model once, however often it is called", async () => {
  const page = closedPage();
  expect(page.state().model.kind).toBe("waiting");
  page.actions.start();
  page.actions.start();
  expect(page.state().model.kind).toBe("loading");
  await page.quiet();
  page.actions.start();
  await page.quiet();
  expect(page.model.calls.filter(isLoad)).toHaveLength(1);
  expect(page.state().model).toMatchObject({ kind: "ready", loaded: { label: "Toy" } });
  expect(page.state().vocabulary.size).toBe(259);
});

test("loading goes from half the bytes to preparing to ready", async () => {
  const page = closedPage();
  const seen: unknown[] = [];
  page.store.subscribe(({ model }, before) => {
    if (model === before.model) return;
    seen.push(model.kind === "loading" ? [model.receivedBytes, model.totalBytes] : model.kind);
  });
  page.actions.start();
  await page.quiet();
  expect(seen).toEqual([[0, 0], [500_000, 1_000_000], "preparing", "ready"]);
});

test("a model that is not found is a failure with a sentence, and retry finds it", async () => {
  let isThere = false;
  const findModel = async () => {
    if (!isThere) throw new Error("no host answered");
    return TOY_FILE;
  };
  const page = closedPage({ findModel });
  page.actions.start();
  await page.quiet();
  expect(page.state().model).toMatchObject({ kind: "failed", what: "no host answered." });
  expect(page.model.workers()).toBe(0);
  isThere = true;
  page.actions.retry();
  await page.quiet();
  expect(page.state().model.kind).toBe("ready");
});

test("when the worker dies, the document stays and the notice says why", async () => {
  const page = await openPage("Hi");
  const { history } = page.state();
  page.model.die();
  await page.quiet();
  const { model, problem } = page.state();
  expect(model).toMatchObject({ kind: "failed" });
  expect(model.kind === "failed" && model.what).toBe("The model's worker stopped: out of memory.");
  expect(problem).toBeNull(); // one notice is enough
  expect(page.state().history).toBe(history);
});

test("a generation that the worker's death ends keeps its tokens, and is work no more", async () => {
  const page = await openPage("Hi");
  const before = idsOf(page.state()).length;
  page.actions.setSettings({ temperature: 1 });
  await generating(page, 3);
  page.model.die();
  await page.quiet();
  expect(page.state().work).toEqual({ kind: "idle" });
  expect(page.state().problem).toBeNull();
  const written = idsOf(page.state()).length - before;
  expect(written).toBeGreaterThanOrEqual(3);
  expect(written).toBeLessThan(24); // this seed's whole reply
  expect(page.model.workers()).toBe(1);
});

test("retry after a death opens another worker, which goes on where the first one stopped", async () => {
  const page = await openPage("Hi");
  page.model.die();
  await page.quiet();
  page.actions.retry();
  await page.quiet();
  expect(page.model.workers()).toBe(2);
  expect(page.state().model.kind).toBe("ready");
  const before = idsOf(page.state());
  page.actions.step();
  await page.quiet();
  expect(idsOf(page.state()).slice(0, -1)).toEqual(before);
  expect(isAllScored(page.state())).toBe(true);
});

test("a worker that dies while it scores is followed by one that scores the rest", async () => {
  const page = await openPage();
  page.actions.setMessage("A message of more than a few tokens");
  page.actions.endTurn();
  await page.until(({ work }) => work.kind === "scoring" && work.done > 0);
  page.model.die();
  await page.quiet();
  expect(page.state().work).toEqual({ kind: "idle" });
  expect(isAllScored(page.state())).toBe(false);
  page.actions.retry();
  await page.quiet();
  expect(isAllScored(page.state())).toBe(true);
});

test("another precision drops every context vector and scores again", async () => {
  const page = await openPage("Hi");
  const { scores } = page.state();
  const length = idsOf(page.state()).length;
  const isBare: boolean[] = [];
  page.store.subscribe((state, before) => {
    if (state.model.kind !== "ready" || before.model.kind === "ready") return;
    const vectors = [...state.scores.values()].map((token) => token.prediction.contextVector);
    isBare.push(vectors.every((vector) => vector === null));
  });
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(isBare).toEqual([true]);
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "compact" } } });
  expect(isAllScored(page.state())).toBe(true);
  expect(page.state().counts.modelRuns).toBe(Math.ceil(length / 4)); // the new engine ran it all, four tokens a run
  expect(page.state().scores).toEqual(scores); // the toy is the same in both
});

test("the precision in force is not loaded again", async () => {
  const page = await openPage("Hi");
  page.actions.switchPrecision("exact");
  await page.quiet();
  expect(page.model.calls.filter(isLoad)).toHaveLength(1);
});

test("another precision in the middle of scoring still ends with everything scored, and no complaint", async () => {
  const page = await openPage();
  page.actions.setMessage("A message of more than a few tokens");
  page.actions.endTurn();
  await page.until(({ work }) => work.kind === "scoring" && work.done > 0);
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(page.state().problem).toBeNull();
  expect(isAllScored(page.state())).toBe(true);
});

test("a second precision is not asked for while the first one is still loading", async () => {
  const page = await openPage("Hi");
  page.actions.switchPrecision("compact");
  await page.until(({ model }) => model.kind === "preparing");
  page.actions.switchPrecision("exact");
  await page.quiet();
  expect(page.state().precision).toBe("compact");
  expect(page.model.calls.filter(isLoad)).toHaveLength(2);
});

test("the same model loaded again after a death keeps its scores", async () => {
  const page = await openPage("Hi");
  page.model.die();
  await page.quiet();
  page.actions.retry();
  await page.quiet();
  expect(page.state().counts.modelRuns).toBe(0); // the new engine's own
  expect(isAllScored(page.state())).toBe(true);
});

test("a model that does not fit is a failure in the engine's own words, and the precision stays as it was asked for", async () => {
  const page = await openPage("Hi", { findModel: async () => TOO_LARGE });
  expect(page.state().model).toMatchObject({ kind: "failed", what: "Out of memory." });
  expect(page.state().precision).toBe("exact");
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "compact" } } });
});

test("a search under way when the precision changes is answered by the new model", async () => {
  const page = await openPage("Hi");
  page.actions.setQuery("e");
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(page.state().problem).toBeNull();
  expect(page.state().search).toMatchObject({ query: "e", needsModel: false });
});

test("a network that goes away leaves the model that runs, in its precision, and says why", async () => {
  let tries = 0;
  const findModel = async () => {
    tries += 1;
    if (tries === 2) throw new Error("The network went away.");
    return TOY_FILE;
  };
  const page = await openPage("Hi", { findModel });
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(page.state().problem).toBe("The network went away. Toy still runs.");
  expect(page.state().precision).toBe("exact");
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "exact" } } });
  page.actions.step();
  await page.quiet();
  expect(page.model.workers()).toBe(1);
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "compact" } } });
  expect(isAllScored(page.state())).toBe(true);
});

test("another engine scores again, as another precision does, and the one that runs is not loaded again", async () => {
  const page = await openPage("Hi");
  page.actions.switchEngine("wasm"); // which is the one that fits
  await page.quiet();
  expect(page.model.calls.filter(isLoad)).toHaveLength(1);
  page.actions.switchEngine("webgpu");
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { identity: { backend: "webgpu" } } });
  expect(page.model.workers()).toBe(2);
  expect(isAllScored(page.state())).toBe(true);
});

/** A page on WebGPU with a conversation. */
async function onGpu() {
  const page = await openPage("Hi");
  page.actions.switchEngine("webgpu");
  await page.quiet();
  return page;
}

test("a lost engine leaves the document, says so once, and everything is scored by the one that took its place", async () => {
  const page = await onGpu();
  const { history } = page.state();
  const scored: number[] = [];
  page.store.subscribe(({ scores }) => scored.push(scores.size));
  page.model.replaceEngine("WebGPU was lost.");
  await page.quiet();
  expect(Math.min(...scored)).toBe(0); // no total mixes two engines
  const { model, problem } = page.state();
  expect(model).toMatchObject({ kind: "ready", loaded: { identity: { backend: "wasm" } } });
  expect(problem).toBe("WebGPU was lost.");
  expect(page.state().history).toBe(history);
  expect(page.model.workers()).toBe(2);
  expect(isAllScored(page.state())).toBe(true);
  page.actions.switchEngine("webgpu"); // may be tried again
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { identity: { backend: "webgpu" } } });
});

test("a reply that is being written when the engine is lost goes on, and is scored anew as a whole", async () => {
  const page = await onGpu();
  page.actions.setSettings({ temperature: 1 });
  await generating(page, 3);
  page.model.replaceEngine("WebGPU was lost.");
  await page.until(({ work }) => work.kind === "idle");
  await page.quiet();
  expect(isAllScored(page.state())).toBe(true);
  const other = await openPage("Hi");
  other.actions.setSettings({ temperature: 1 });
  other.actions.generate();
  await other.quiet();
  expect(idsOf(page.state())).toEqual(idsOf(other.state()));
});

test("an engine that was lost in a worker that is gone is nobody's", async () => {
  const page = await onGpu();
  page.model.die();
  await page.quiet();
  page.model.replaceEngine("WebGPU was lost.");
  await page.quiet();
  expect(page.state().model.kind).toBe("failed");
  expect(page.state().problem).toBeNull();
});

test("a worker that held a model is closed before another one is loaded", async () => {
  const page = await openPage("Hi");
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(page.model.workers()).toBe(2);
  expect(isAllScored(page.state())).toBe(true);
});

test("a page that was written with another model is not read as this one's tokens", async () => {
  const findModel = async () => ({ ...TOY_FILE, sha256: "1".repeat(64) });
  const own = await openPage("Hi");
  const { history, scores, position, documentSha256 } = own.state();
  const page = closedPage({ findModel, opening: { history, scores, position, documentSha256 } });
  page.actions.start();
  await page.quiet();
  expect(page.state().history.present.nodes).toEqual([]);
  expect(page.state().news).toMatch(/made of another model's tokens/);
  page.actions.openRecording();
  await page.quiet();
  expect(page.state().history.present.nodes).toEqual([]);
});

/** A worker whose download goes half way and then waits until it is stopped. */
function slowWorker(): ModelClient {
  return {
    counts: { modelRuns: 0, headRuns: 0 },
    call: (_kind, _request, { onEvent, signal } = {}) => {
      onEvent?.({ kind: "download", receivedBytes: 300_000, totalBytes: 1_000_000 } as never);
      return new Promise((_resolve, reject) => {
        const stop = (): void => reject(new DOMException("stopped", "AbortError"));
        signal?.addEventListener("abort", stop);
      });
    },
    onDeath: () => {},
    onReplaced: () => {},
    close: () => {},
  };
}

test("a download that is stopped says how far it came, and Try again asks the same worker, which has the rest", async () => {
  let workers = 0;
  const startWorker = () => {
    workers += 1;
    return slowWorker();
  };
  const page = closedPage({ startWorker });
  page.actions.start();
  await page.until(({ model }) => model.kind === "loading" && model.receivedBytes > 0);
  page.actions.stopLoading();
  await page.until(({ model }) => model.kind === "failed");
  expect(page.state().model).toMatchObject({
    what: "You stopped the download at 0.3 MB of 1.0 MB; the next try goes on from there.",
  });
  page.actions.retry();
  await page.until(({ model }) => model.kind === "loading" && model.receivedBytes > 0);
  expect(workers).toBe(1);
});

test("while another model's download is stopped the one that runs goes on, and stopping nothing does nothing", async () => {
  const page = await openPage("Hi");
  page.actions.stopLoading();
  expect(page.state().model.kind).toBe("ready");
  page.actions.chooseModel({ ...TOY_FILE, id: "other", label: "Other", sha256: "4".repeat(64) });
  page.actions.stopLoading();
  await page.quiet();
  expect(page.state().model).toMatchObject({ kind: "ready", loaded: { label: "Toy" } });
  expect(page.state().news).toMatch(/^You stopped the download.* Toy still runs\.$/);
  expect(page.state().problem).toBeNull();
});
