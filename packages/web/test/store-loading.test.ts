import { expect, test } from "vitest";
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
  page.actions.usePrecision("exact");
  await page.quiet();
  expect(isBare).toEqual([true]);
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "exact" } } });
  expect(isAllScored(page.state())).toBe(true);
  expect(page.state().counts.modelRuns).toBe(Math.ceil(length / 4)); // the new engine ran it all, four tokens a run
  expect(page.state().scores).toEqual(scores); // the toy is the same in both
});

test("the precision in force is not loaded again", async () => {
  const page = await openPage("Hi");
  page.actions.usePrecision("compact");
  await page.quiet();
  expect(page.model.calls.filter(isLoad)).toHaveLength(1);
});

test("another precision in the middle of scoring still ends with everything scored, and no complaint", async () => {
  const page = await openPage();
  page.actions.setMessage("A message of more than a few tokens");
  page.actions.endTurn();
  await page.until(({ work }) => work.kind === "scoring" && work.done > 0);
  page.actions.usePrecision("exact");
  await page.quiet();
  expect(page.state().problem).toBeNull();
  expect(isAllScored(page.state())).toBe(true);
});

test("a second precision is not asked for while the first one is still loading", async () => {
  const page = await openPage("Hi");
  page.actions.usePrecision("exact");
  await page.until(({ model }) => model.kind === "preparing");
  page.actions.usePrecision("compact");
  await page.quiet();
  expect(page.state().precision).toBe("exact");
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

test("exact that does not load goes back to compact and says why", async () => {
  const page = await openPage("Hi", { findModel: async () => TOO_LARGE });
  page.actions.usePrecision("exact");
  await page.quiet();
  const what = "Out of memory. Exact needs over 2 GB; Try again loads compact.";
  expect(page.state().model).toMatchObject({ kind: "failed", what });
  expect(page.state().precision).toBe("compact");
  page.actions.retry();
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "compact" } } });
});

test("a search under way when the precision changes is answered by the new model", async () => {
  const page = await openPage("Hi");
  page.actions.setQuery("e");
  page.actions.usePrecision("exact");
  await page.quiet();
  expect(page.state().problem).toBeNull();
  expect(page.state().search).toMatchObject({ query: "e", needsModel: false });
});

test("a network that goes away leaves exact as it was asked for", async () => {
  let tries = 0;
  const findModel = async () => {
    tries += 1;
    if (tries === 2) throw new Error("The network went away.");
    return TOY_FILE;
  };
  const page = await openPage("Hi", { findModel });
  page.actions.usePrecision("exact");
  await page.quiet();
  expect(page.state().model).toMatchObject({ kind: "failed", what: "The network went away." });
  page.actions.retry();
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { identity: { precision: "exact" } } });
  expect(isAllScored(page.state())).toBe(true);
});

test("a worker that held a model is closed before another one is loaded", async () => {
  const page = await openPage("Hi");
  page.actions.usePrecision("exact");
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
  expect(page.state().problem).toMatch(/made of another model's tokens/);
  page.actions.openRecording();
  await page.quiet();
  expect(page.state().history.present.nodes).toEqual([]);
});
