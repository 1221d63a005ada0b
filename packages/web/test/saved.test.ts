import { tokenId } from "@tokenscope/core";
import { toyVocabulary } from "@tokenscope/core/contracts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withoutVectors } from "../src/store/model-link.ts";
import { followSaving, forgetSaved, readSaved } from "../src/store/saved.ts";
import { closedPage, idsOf, isAllScored, openPage, type Page, say, textOf } from "./store-model.ts";

// IndexedDB is the browser's; its contract here is a map that clones what it is given.
const database = vi.hoisted(() => ({
  kept: new Map<string, unknown>(),
  writes: [] as string[],
  failure: null as Error | null,
}));
vi.mock("idb-keyval", () => ({
  async get(key: string) {
    if (database.failure !== null) throw database.failure;
    return structuredClone(database.kept.get(key));
  },
  async set(key: string, value: unknown) {
    if (database.failure !== null) throw database.failure;
    database.writes.push(key);
    database.kept.set(key, structuredClone(value));
  },
  async update(key: string, change: (value: unknown) => unknown) {
    if (database.failure !== null) throw database.failure;
    database.kept.set(key, structuredClone(change(structuredClone(database.kept.get(key)))));
  },
  async delMany(keys: readonly string[]) {
    for (const key of keys) database.kept.delete(key);
  },
}));

const TAB = "first";

/** The document of a browser, as far as saving follows it. */
class Tab extends EventTarget {
  visibilityState = "visible";
  hide(): void {
    this.visibilityState = "hidden";
    this.dispatchEvent(new Event("visibilitychange"));
  }
}
let tab: Tab;

beforeEach(() => {
  database.kept.clear();
  database.writes.length = 0;
  database.failure = null;
  tab = new Tab();
  vi.stubGlobal("document", tab);
});
afterEach(() => void vi.unstubAllGlobals());

async function noVocabulary(): Promise<never> {
  throw new Error("the model's own vocabulary was kept");
}

/** Leaves the page, so that it is saved now, and reads what a reload would. */
async function reload(page: Page, otherVocabulary = noVocabulary as () => Promise<never>) {
  tab.hide();
  await page.quiet();
  return readSaved(TAB, otherVocabulary);
}

/** A page with two branches, something to undo and something to redo. */
async function livedInPage(): Promise<Page> {
  const page = await openPage();
  followSaving(page.store, TAB);
  page.actions.switchPrecision("compact");
  await page.quiet();
  page.actions.switchEngine("webgpu");
  await page.quiet();
  await say(page, "Hi");
  page.actions.setSettings({ temperature: 0.8, topK: 40 });
  for (const _ of [1, 2, 3]) {
    page.actions.step();
    await page.quiet();
  }
  page.actions.moveTo(40);
  page.actions.cut();
  page.actions.step();
  await page.quiet();
  page.actions.undo();
  page.actions.setSeed(376);
  page.actions.drawAgain();
  page.actions.setMessage("unsent");
  page.actions.setTheme("dark");
  await page.quiet();
  page.actions.moveTo(20);
  page.actions.selectSpan({ from: 20, to: 22 });
  return page;
}

test("a reload shows the same page: history, scores, position, settings and what was typed", async () => {
  const page = await livedInPage();
  const before = page.state();
  const saved = await reload(page);
  expect(saved?.history?.present.branches).toEqual(before.history.present.branches);
  expect(saved?.history?.present.nodes).toEqual(before.history.present.nodes);
  expect(saved?.history?.past).toHaveLength(before.history.past.length);
  expect(saved?.history?.future).toHaveLength(1);
  expect(saved?.scores).toEqual(withoutVectors(before.scores));
  expect(saved).toMatchObject({
    position: 20,
    span: { from: 20, to: 22 },
    settings: { temperature: 0.8, topK: 40 },
    seed: 376,
    redraws: before.redraws,
    message: "unsent",
    theme: "dark",
    view: "after",
    precision: "compact",
    engine: "webgpu",
    isRecording: false,
  });
});

test("a page that an earlier version kept without an engine opens with its precision, and the engine that fits", async () => {
  const page = await livedInPage();
  await reload(page);
  const { engine: _engine, ...place } = database.kept.get(`place:${TAB}`) as Record<
    string,
    unknown
  >;
  database.kept.set(`place:${TAB}`, place);
  const saved = await readSaved(TAB, noVocabulary);
  const again = closedPage({ opening: saved ?? {} });
  expect(again.state()).toMatchObject({ precision: "compact", engine: "auto" });
});

test("the model's state, its work and old notices are not kept", async () => {
  const page = await livedInPage();
  const saved = await reload(page);
  for (const part of ["model", "work", "problem", "counts", "settled", "search", "announcement"]) {
    expect(saved).not.toHaveProperty(part);
  }
});

test("a page that opens from what was saved goes on: Undo, Redo, scores and the model", async () => {
  const page = await livedInPage();
  const before = page.state();
  const saved = await reload(page);
  const again = closedPage({ opening: saved ?? {} });
  expect(textOf(again.state())).toBe(textOf(before));
  again.actions.redo();
  page.actions.redo();
  expect(idsOf(again.state())).toEqual(idsOf(page.state()));
  for (const { actions } of [again, page]) for (let i = 0; i < 4; i += 1) actions.undo();
  expect(idsOf(again.state())).toEqual(idsOf(page.state()));
  expect(again.state().history.past).toHaveLength(page.state().history.past.length);
  again.actions.start();
  await again.quiet();
  expect(isAllScored(again.state())).toBe(true);
});

test("scores are kept without their context vectors", async () => {
  const page = await livedInPage();
  const saved = await reload(page);
  const scores = [...(saved?.scores?.values() ?? [])];
  expect(scores.length).toBeGreaterThan(39);
  expect(scores.every((scored) => scored.prediction.contextVector === null)).toBe(true);
});

test("the vocabulary is written once a model is there, and read back", async () => {
  const page = await livedInPage();
  const saved = await reload(page);
  expect(saved?.vocabulary?.size).toBe(259);
  expect(saved?.vocabulary?.bytes(65 as never)).toEqual(toyVocabulary.bytes(65 as never));
  page.actions.setSeed(5);
  tab.hide();
  await page.quiet();
  expect(database.writes.filter((key) => key === "vocabulary")).toHaveLength(1);
  expect(database.writes.filter((key) => key === `place:${TAB}`).length).toBeGreaterThan(1);
});

test("a page saved before any model was loaded opens with the other vocabulary", async () => {
  const page = closedPage();
  followSaving(page.store, TAB);
  page.actions.setMessage("early");
  tab.hide();
  await page.quiet();
  const saved = await readSaved(TAB, async () => toyVocabulary);
  expect(saved).toMatchObject({ message: "early" });
  expect(saved?.vocabulary).toBe(toyVocabulary);
});

test("the page is saved a moment after a change, once for many, and not without one", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const page = closedPage();
    followSaving(page.store, TAB);
    for (const message of ["a", "ab", "abc"]) page.actions.setMessage(message);
    expect(database.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(database.writes).toEqual([`document:${TAB}`, `place:${TAB}`]);
    page.actions.dismissProblem(); // nothing that is kept
    await vi.advanceTimersByTimeAsync(1000);
    expect(database.writes).toHaveLength(2);
    page.actions.setMessage("abc"); // a place alone: the document is not written again
    page.actions.setSeed(7);
    await vi.advanceTimersByTimeAsync(1000);
    expect(database.writes.slice(2)).toEqual([`place:${TAB}`]);
    expect(await readSaved(TAB, async () => toyVocabulary)).toMatchObject({ message: "abc" });
  } finally {
    vi.useRealTimers();
  }
});

test("where nothing was saved there is nothing", async () => {
  expect(await readSaved(TAB, async () => toyVocabulary)).toBeNull();
});

test("another version is not read", async () => {
  const page = await livedInPage();
  await reload(page);
  const kept = database.kept.get(`document:${TAB}`) as { version: number };
  database.kept.set(`document:${TAB}`, { ...kept, version: kept.version + 1 });
  expect(await readSaved(TAB, noVocabulary)).toBeNull();
});

test("what is damaged is not read", async () => {
  database.kept.set(`document:${TAB}`, { version: 2, nodes: [] });
  database.kept.set(`place:${TAB}`, {});
  expect(await readSaved(TAB, async () => toyVocabulary)).toBeNull();
});

test("without storage the page works, opens empty, and says once that nothing is kept", async () => {
  database.failure = new DOMException("denied", "InvalidStateError");
  const page = await openPage();
  followSaving(page.store, TAB);
  page.actions.setMessage("Hi");
  tab.hide();
  await page.quiet();
  const words = "This browser keeps nothing here, so a reload will lose the conversation.";
  expect(page.state().problem).toBe(words);
  page.actions.dismissProblem();
  page.actions.endTurn();
  await page.quiet();
  tab.hide();
  await page.quiet();
  expect(page.state().problem).toBeNull();
  expect(isAllScored(page.state())).toBe(true);
  expect(await readSaved(TAB, noVocabulary)).toBeNull();
});

test("two tabs keep two pages, and a new one opens with what was written last", async () => {
  const first = await livedInPage();
  await reload(first);
  const second = closedPage();
  followSaving(second.store, "second");
  second.actions.setMessage("from the second");
  tab.hide();
  await second.quiet();
  expect(await readSaved("first", async () => toyVocabulary)).toMatchObject({ message: "unsent" });
  const third = await readSaved("third", async () => toyVocabulary);
  expect(third).toMatchObject({ message: "from the second" });
});

test("of many tabs the oldest pages are dropped, and a tab can be forgotten", async () => {
  for (let i = 0; i < 10; i += 1) {
    const page = closedPage();
    followSaving(page.store, `tab ${i}`);
    page.actions.setMessage(`message ${i}`);
    tab.hide();
    await page.quiet();
  }
  const kept = [...database.kept.keys()].filter((key) => key.startsWith("document:"));
  expect(kept).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((i) => `document:tab ${i}`));
  await forgetSaved("tab 9");
  expect(await readSaved("tab 9", async () => toyVocabulary)).toMatchObject({
    message: "message 8",
  });
});

test("a branch's name is there after a reload, and so is a deleted branch for Undo; no key of it is given again", async () => {
  const page = await openPage("Hi");
  followSaving(page.store, TAB);
  const { position } = page.state();
  page.actions.choose(tokenId(97), "chosen");
  page.actions.moveTo(position);
  page.actions.choose(tokenId(98), "chosen");
  await page.quiet();
  page.actions.renameBranch(1, "mine");
  page.actions.deleteBranch(1);
  const opening = (await reload(page)) ?? {};
  const again = closedPage({ opening });
  expect(again.state().history.present.branches.map(({ key }) => key)).toEqual([0]);
  expect(again.state().history.present.lastKey).toBe(1);
  again.actions.undo();
  expect(again.state().history.present.branches[1]).toMatchObject({ key: 1, name: "mine" });
});
