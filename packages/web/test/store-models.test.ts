import { expect, test } from "vitest";
import type { ModelFile } from "../src/worker/protocol.ts";
import {
  BASE_FILE,
  BROKEN_FILE,
  closedPage,
  idsOf,
  OWN_SHA256,
  openPage,
  say,
  TOY_FILE,
  textOf,
} from "./store-model.ts";

const OTHER: ModelFile = { ...TOY_FILE, id: "other", label: "Other", sha256: "1".repeat(64) };

test("a chosen model takes the place of the one that runs, and begins a conversation of its own", async () => {
  const page = await openPage("Hi");
  page.actions.openDialog("models");
  page.actions.chooseModel(OTHER);
  await page.quiet();
  expect(page.state().model).toMatchObject({ kind: "ready", loaded: { label: "Other" } });
  expect(page.state().dialog).toBeNull();
  expect(idsOf(page.state())).toEqual([]);
  expect(page.state().news).toMatch(/another model's tokens/);
  await say(page, "Hello");
  expect(textOf(page.state())).toContain("Hello");
});

test("a file that is no model leaves the one that runs and its conversation, and says why", async () => {
  const page = await openPage("Hi");
  const before = idsOf(page.state());
  page.actions.chooseModel(BROKEN_FILE);
  await page.quiet();
  expect(page.state().problem).toBe("readGguf: no GGUF file. Toy still runs.");
  expect(page.state().chosen).toBeNull();
  expect(idsOf(page.state())).toEqual(before);
  page.actions.step();
  await page.quiet();
  expect(idsOf(page.state())).toHaveLength(before.length + 1);
});

test("of two choices made fast the newer one counts", async () => {
  const page = await openPage();
  page.actions.chooseModel(OTHER);
  page.actions.chooseModel(BASE_FILE);
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { label: "Toy base" } });
  expect(page.state().chosen).toEqual(BASE_FILE);
  page.actions.chooseModel(OTHER);
  await page.until(({ model }) => model.kind === "preparing");
  page.actions.chooseModel(TOY_FILE);
  await page.quiet();
  expect(page.state().model).toMatchObject({ loaded: { label: "Toy" } });
});

test("while a model prepares nothing else runs, so a failure then is a failure", async () => {
  const page = await openPage("Hi");
  page.actions.chooseModel({ ...OTHER, id: "too-large" });
  await page.quiet();
  expect(page.state().model).toMatchObject({ kind: "failed", what: "Out of memory." });
  page.actions.chooseModel(TOY_FILE);
  await page.quiet();
  expect(page.state().model).toMatchObject({ kind: "ready", loaded: { label: "Toy" } });
  expect(idsOf(page.state()).length).toBeGreaterThan(0);
});

test("the host's first model is what opens, whatever the host makes of it later, so it is no choice", async () => {
  const page = await openPage();
  const hosted = [{ file: TOY_FILE, licence: null }];
  page.store.setState({ shelf: { hosted, kept: [], storage: null } });
  page.actions.chooseModel(OTHER);
  await page.quiet();
  expect(page.state().chosen).toEqual(OTHER);
  page.actions.chooseModel(TOY_FILE);
  await page.quiet();
  expect(page.state().chosen).toBeNull();
  expect(page.state().model).toMatchObject({ loaded: { label: "Toy" } });
});

test("a file of the user's own has its name at once and its sha256 once it was read", async () => {
  const page = closedPage();
  const file = new Blob([new Uint8Array(8)]);
  page.actions.offerFile({ name: "mine.Q8_0.GGUF", file });
  expect(page.state().dialog).toBe("models");
  page.actions.useOfferedFile();
  expect(page.state().offered).toBeNull();
  expect(page.state().chosen).toMatchObject({ label: "mine.Q8_0", sha256: "", fileBytes: 8 });
  await page.quiet();
  expect(page.state().chosen).toMatchObject({ label: "mine.Q8_0", url: "", sha256: OWN_SHA256 });
  expect(page.state().ownFile).toBe(file);
  page.actions.chooseModel(TOY_FILE);
  expect(page.state().ownFile).toBeNull();
});

test("a base model is written to in one role, and goes on with the text", async () => {
  const page = closedPage({ findModel: async () => BASE_FILE });
  page.actions.start();
  await page.quiet();
  expect(page.state().role).toBe("text");
  await say(page, "Once upon");
  expect(textOf(page.state())).toBe("Once upon");
  expect(page.state().refusals).toEqual({ text: null });
  page.actions.step();
  await page.quiet();
  expect(idsOf(page.state())).toHaveLength(10);
  await say(page, " more");
  expect(textOf(page.state())).toMatch(/ more$/);
  expect(page.state().role).toBe("text");
  page.actions.chooseModel(TOY_FILE);
  await page.quiet();
  expect(page.state().role).toBe("user");
});
