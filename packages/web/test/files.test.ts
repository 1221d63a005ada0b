import { formatSessionFile, newConversation, type Session } from "@tokenscope/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followFiles } from "../src/store/files.ts";
import { sessionLink } from "../src/views/link-code.ts";
import { sessionOf, sessionTitle } from "../src/views/session.ts";
import {
  branchTexts,
  closedPage,
  generating,
  isAllScored,
  openPage,
  type Page,
  say,
  TOY_FILE,
  textOf,
} from "./store-model.ts";

const database = vi.hoisted(() => ({ kept: new Map<string, unknown>() }));
vi.mock("idb-keyval", () => ({
  get: async (key: string) => structuredClone(database.kept.get(key)),
  async set(key: string, value: unknown) {
    database.kept.set(key, structuredClone(value));
  },
  async update(key: string, change: (value: unknown) => unknown) {
    database.kept.set(key, structuredClone(change(structuredClone(database.kept.get(key)))));
  },
  async delMany(keys: readonly string[]) {
    for (const key of keys) database.kept.delete(key);
  },
}));

class Tab extends EventTarget {
  visibilityState = "visible";
  hide(): void {
    this.visibilityState = "hidden";
    this.dispatchEvent(new Event("visibilitychange"));
    this.visibilityState = "visible";
  }
}
let tab: Tab;
beforeEach(() => {
  database.kept.clear();
  tab = new Tab();
  vi.stubGlobal("document", Object.assign(tab, { baseURI: "http://127.0.0.1/" }));
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no network here")));
});
afterEach(() => void vi.unstubAllGlobals());

/** A page whose conversations are kept, after a message and two steps. */
async function keptPage(message: string): Promise<Page> {
  const page = await openPage();
  followFiles(page.store);
  await say(page, message);
  for (const _ of [1, 2]) {
    page.actions.step();
    await page.quiet();
  }
  return page;
}

function sessionOn(page: Page): Session {
  const session = sessionOf(page.state());
  if (session === null) throw new Error("there is no conversation");
  return session;
}

async function titles(page: Page): Promise<readonly string[]> {
  await page.quiet();
  await page.actions.listConversations();
  return page.state().conversations.map(({ title }) => title);
}

test("a link opens the same tokens, branches, place, settings and seed, and the model scores them", async () => {
  const page = await keptPage("Hi");
  page.actions.moveTo(page.state().position - 1);
  page.actions.cut();
  page.actions.setSettings({ temperature: 0.8, topK: 40 });
  page.actions.setSeed(376);
  page.actions.drawAgain();
  page.actions.moveTo(5);
  page.actions.selectSpan({ from: 4, to: 6 });
  const link = await sessionLink(sessionOn(page), "http://127.0.0.1/");

  const other = closedPage();
  followFiles(other.store);
  await other.actions.openText(link);
  expect(branchTexts(other.state())).toEqual(branchTexts(page.state())); // before any model
  expect(other.state()).toMatchObject({
    position: 5,
    span: { from: 4, to: 6 },
    settings: { temperature: 0.8, topK: 40 },
    seed: 376,
    view: "after",
    redraws: page.state().redraws,
    problem: null,
  });
  other.actions.start();
  await other.quiet();
  expect(branchTexts(other.state())).toEqual(branchTexts(page.state()));
  expect(isAllScored(other.state())).toBe(true);
  const [ours, theirs] = [page, other].map((p) =>
    [...sessionOn(p).scores.values()].map((s) => s.score),
  );
  expect(theirs).toEqual(ours);
  expect(other.state().awaiting).toBeNull();
});

test("a file opens beside nothing lost: Undo brings back what was on screen, and the list has it", async () => {
  const page = await keptPage("First");
  const file = formatSessionFile(sessionOn(page));
  const other = await keptPage("Second");
  const before = textOf(other.state());
  await other.actions.openText(file);
  expect(textOf(other.state())).toBe(textOf(page.state()));
  expect(other.state().scores.size).toBeGreaterThan(sessionOn(page).scores.size);
  expect(await titles(other)).toEqual(["Second", "First"]);
  other.actions.undo();
  await other.quiet();
  expect(textOf(other.state())).toBe(before);
});

test("a dropped file opens as a picked one does, and one that is no conversation is named", async () => {
  const page = await keptPage("Hi");
  const saved = formatSessionFile(sessionOn(page));
  const written = textOf(page.state());
  page.actions.startNew();
  await page.actions.openDropped(new File([saved], "story.tokenscope.json"));
  expect(textOf(page.state())).toBe(written);
  await page.actions.openDropped(new File(["a photograph"], "photo.png"));
  expect(page.state().problem).toContain("There is no conversation in photo.png: drop");
  await page.actions.openDropped(new File(["{"], "half.json"));
  expect(page.state().problem).not.toContain("photo.png");
  expect(textOf(page.state())).toBe(written);
});

test("a new conversation puts the one before it in the list, from which it opens and goes on", async () => {
  const page = await keptPage("First");
  const before = textOf(page.state());
  page.actions.startNew();
  expect(await titles(page)).toEqual(["First"]);
  await say(page, "Second");
  const [entry] = page.state().conversations;
  await page.actions.openConversation(entry?.id ?? "");
  await page.quiet();
  expect(textOf(page.state())).toBe(before);
  expect(await titles(page)).toEqual(["Second", "First"]);
  page.actions.step();
  await page.quiet();
  tab.hide();
  expect(await titles(page)).toEqual(["First", "Second"]); // kept under the same name, now the newest
  expect(page.state().conversations[0]?.tokens).toBe(1 + (entry?.tokens ?? 0));
});

test("the conversation on screen is kept when the page is left, once, and not again without a change", async () => {
  const page = await keptPage("Hi");
  tab.hide();
  expect(await titles(page)).toEqual(["Hi"]);
  const kept = structuredClone(database.kept.get("conversations"));
  page.actions.moveTo(3);
  tab.hide();
  await page.quiet();
  expect(database.kept.get("conversations")).toEqual(kept);
});

test("what was only recorded or is empty is not kept", async () => {
  const page = await openPage();
  followFiles(page.store);
  page.actions.startNew();
  tab.hide();
  expect(await titles(page)).toEqual([]);
});

test("conversations are deleted one by one or all", async () => {
  const page = await keptPage("First");
  page.actions.startNew();
  await say(page, "Second");
  page.actions.startNew();
  await titles(page);
  const [newest] = page.state().conversations;
  await page.actions.deleteConversations([newest?.id ?? ""]);
  expect(page.state().conversations.map(({ title }) => title)).toEqual(["First"]);
  await page.actions.deleteConversations(page.state().conversations.map(({ id }) => id));
  expect(page.state().conversations).toEqual([]);
  expect([...database.kept.keys()].filter((key) => key.startsWith("conversation:"))).toEqual([]);
});

test("a conversation of another model waits for it, and what is on screen stays", async () => {
  const page = await keptPage("Own");
  const foreign = {
    ...sessionOn(page),
    model: { ...sessionOn(page).model, sha256: "f".repeat(64) },
  };
  const before = textOf(page.state());
  page.actions.openSession(foreign, "foreign");
  expect(textOf(page.state())).toBe(before);
  expect(page.state()).toMatchObject({ dialog: "open", awaiting: { id: "foreign" } });
  await page.quiet();
  expect(page.state().conversations.map(({ id }) => id)).toContain("foreign"); // the open dialog lists it
  expect(await titles(page)).toContain("Own");
  expect(database.kept.has("conversation:foreign")).toBe(true);
  page.actions.dismissAwaiting();
  expect(page.state().awaiting).toBeNull();
});

test("a waiting conversation opens once its model is there", async () => {
  let file = { ...TOY_FILE, sha256: "e".repeat(64) };
  const page = closedPage({ findModel: async () => file });
  followFiles(page.store);
  page.actions.start();
  await page.quiet();
  const author = await keptPage("From elsewhere");
  page.actions.openSession(sessionOn(author), "theirs");
  expect(page.state().awaiting?.id).toBe("theirs");
  file = TOY_FILE;
  page.actions.retry();
  await page.quiet();
  expect(page.state()).toMatchObject({ awaiting: null, conversationId: "theirs", dialog: null });
  expect(textOf(page.state())).toBe(textOf(author.state()));
  expect(isAllScored(page.state())).toBe(true);
});

test("a link that was read before its model came, and another model came, waits and is kept", async () => {
  const author = await keptPage("From elsewhere");
  const page = closedPage({ findModel: async () => ({ ...TOY_FILE, sha256: "e".repeat(64) }) });
  followFiles(page.store);
  page.actions.openSession(sessionOn(author), "theirs");
  expect(textOf(page.state())).toBe(textOf(author.state()));
  page.actions.start();
  await page.quiet();
  expect(page.state()).toMatchObject({ awaiting: { id: "theirs" }, dialog: "open" });
  expect(page.state().history.present.nodes).toEqual([]);
  expect(await titles(page)).toEqual(["From elsewhere"]);
});

test("while the model writes nothing else is opened, and the page says what to do", async () => {
  const page = await keptPage("Hi");
  const session = sessionOn(page);
  await generating(page, 2);
  page.actions.openSession(session);
  expect(page.state().problem).toBe(
    "The model is still writing: press Stop, then open the conversation.",
  );
  page.actions.stop();
  await page.quiet();
});

test("a worker that dies in the middle of a reply leaves the document, and it is kept", async () => {
  const page = await keptPage("Hi");
  await generating(page, 3);
  const written = textOf(page.state());
  page.model.die();
  await page.quiet();
  expect(textOf(page.state()).startsWith(written)).toBe(true);
  tab.hide();
  expect(await titles(page)).toEqual(["Hi"]);
  const [entry] = page.state().conversations;
  const kept = database.kept.get(`conversation:${entry?.id}`) as Session;
  expect(kept.document.nodes).toHaveLength(sessionOn(page).document.nodes.length);
});

test("a damaged file or link is refused with its sentence, and the page stays as it is", async () => {
  const page = await keptPage("Hi");
  const before = page.state().history;
  await page.actions.openText('{"format": "other"}');
  expect(page.state().problem).toContain('must be "tokenscope-session"');
  await page.actions.openText("https://example.org/");
  expect(page.state().problem).toMatch(/^The link has no conversation in it .*\.$/);
  expect(page.state().history).toBe(before);
  await page.actions.openConversation("nobody");
  expect(page.state().problem).toBe("This conversation is not in this browser any more.");
});

test("what is on screen already is not opened a second time", async () => {
  const page = await keptPage("Hi");
  const { history } = page.state();
  page.actions.openSession(sessionOn(page));
  expect(page.state().history).toBe(history);
});

test("numbers of another precision are named when the conversation opens", async () => {
  const page = await keptPage("Hi");
  const session = sessionOn(page);
  page.actions.startNew();
  page.actions.openSession({ ...session, model: { ...session.model, precision: "compact" } });
  expect(page.state().problem).toContain("were made in compact, and the page computes in exact");
});

test("a neighbour of the same model is given its numbers, and stays apart from the own document", async () => {
  const author = await keptPage("Hi");
  const link = await sessionLink(sessionOn(author), "http://127.0.0.1/");
  const page = await keptPage("Ho");
  const before = page.state().history;
  await page.actions.compareText(link, "a link");
  expect(page.state().neighbour?.session.scores.size).toBe(0);
  page.actions.openDrawer("neighbour");
  await page.quiet();
  const { neighbour, history } = page.state();
  const scores = [...(neighbour?.session.scores.values() ?? [])].map(({ score }) => score);
  expect(scores).toEqual([...sessionOn(author).scores.values()].map(({ score }) => score));
  expect(history).toBe(before);
  const asked = page.model.calls.filter(({ kind }) => kind === "scoreAt");
  expect(asked).toHaveLength(neighbour?.odds.size ?? -1); // each token beyond the kept candidates, once
  page.actions.dismissNeighbour();
  expect(page.state().neighbour).toBeNull();
});

test("a conversation is named after the first words of its user", async () => {
  const page = await keptPage("Write a story about a dragon that is longer than sixty characters");
  expect(sessionTitle(sessionOn(page))).toBe(
    "Write a story about a dragon that is longer than sixty char…",
  );
  const { document } = sessionOn(page);
  expect(sessionTitle({ ...sessionOn(page), document: newConversation(document) })).toBe(
    "Markers alone",
  );
});
