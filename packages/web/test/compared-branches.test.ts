import { tokenId } from "@tokenscope/core";
import { expect, test } from "vitest";
import { comparedKeys } from "../src/views/compare.ts";
import { branchTexts, generating, openPage, type Page } from "./store-model.ts";

const byte = (character: string) => tokenId(character.charCodeAt(0));

/** "abc", and "ax" and "ay" beside it; the first is shown. */
async function threeBranches(): Promise<Page> {
  const page = await openPage("Hi");
  const start = page.state().position;
  for (const character of "abc") {
    page.actions.choose(byte(character), "chosen");
    await page.quiet();
  }
  for (const character of "xy") {
    page.actions.moveTo(start + 1);
    page.actions.choose(byte(character), "forced");
    await page.quiet();
  }
  page.actions.switchBranch(0);
  return page;
}

test("another branch in the place of the one shown is shown then, and the other side stays", async () => {
  const page = await threeBranches();
  page.actions.compare({ left: 0, right: 1 });
  page.actions.compare({ left: 2, right: 1 });
  expect(comparedKeys(page.state())).toEqual({ left: 2, right: 1 });
  expect(page.state().history.present.activeKey).toBe(2);
});

test("another branch on the other side leaves the one that is shown", async () => {
  const page = await threeBranches();
  page.actions.compare({ left: 0, right: 1 });
  page.actions.compare({ left: 0, right: 2 });
  expect(comparedKeys(page.state())).toEqual({ left: 0, right: 2 });
  expect(page.state().history.present.activeKey).toBe(0);
});

test("a third branch that is shown meanwhile stands beside the one nearest to it", async () => {
  const page = await threeBranches();
  page.actions.compare({ left: 0, right: 1 });
  page.actions.switchBranch(2);
  expect(comparedKeys(page.state())).toEqual({ left: 2, right: 0 });
});

test("a problem that still stands on the page does not keep the second reply from being written", async () => {
  const page = await openPage("Hi");
  page.store.setState({ problem: "Something from before." });
  page.actions.tryPrompt("Be rude.", true);
  await page.quiet();
  const texts = branchTexts(page.state());
  expect(texts).toHaveLength(2);
  for (const text of texts) expect(text).not.toMatch(/assistant\n$/);
  expect(page.state().announcement).toBe("Both replies are there, side by side");
});

test("no name is begun while the model writes, for it could not be kept", async () => {
  const page = await openPage("Hi");
  await generating(page, 2);
  page.actions.startRenaming(0);
  expect(page.state().renaming).toBeNull();
  page.actions.stop();
  await page.quiet();
});
