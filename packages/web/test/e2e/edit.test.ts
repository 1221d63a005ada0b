// Editing token by token with the real model: by the menu, by keys alone, as text, and with a finger. One page, one model.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  candidates,
  expectNoProblem,
  type OpenPage,
  openPage,
  openStage,
  ready,
  runs,
  type Stage,
  scored,
  shown,
  token,
  tokenIds,
  tokenNames,
} from "./browser.ts";
import { finger, mouse } from "./hands.ts";

const IM_START = 1;
const IM_END = 2;
const MESSAGE = "Name a fruit.";

let stage: Stage;
let opened: OpenPage;
let page: Page;
let prompt: number[]; // of the conversation that every test begins with
beforeAll(async () => {
  stage = await openStage();
  opened = await openPage(stage, { viewport: { width: 1440, height: 900 }, hasTouch: true });
  page = opened.page;
  await ready(page);
});
afterAll(() => stage.close());

// A message whose tokens stand from `messageStart`, and a reply of two tokens.
beforeEach(async () => {
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write(MESSAGE);
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await scored(page);
  for (const rank of [1, 1]) {
    await hand.choose(rank);
    await scored(page);
  }
  prompt = await tokenIds(page);
});

const messageStart = (): number =>
  prompt.lastIndexOf(IM_START, prompt.lastIndexOf(IM_START) - 1) + 3;
const at = async (): Promise<number> => Number(await shown(page).getAttribute("data-i"));

async function choose(name: RegExp): Promise<void> {
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("menuitem", { name }).click();
}

async function write(text: string): Promise<void> {
  await page.locator("#edit-text").fill(text);
  await page.keyboard.press("Control+Enter");
  await page.locator("#edit-text").waitFor({ state: "detached" });
  await scored(page);
}

test("Replace in the menu puts a candidate in place; the later tokens stay and have new bits; Undo goes back", async () => {
  const hand = mouse(page);
  const before = await tokenNames(page);
  await hand.show(messageStart() + 1); // ·a
  await choose(/^Replace/);
  await page
    .getByText(`Choose a token to put in place of position ${messageStart() + 1}.`)
    .waitFor();
  await candidates(page).first().click();
  await scored(page);
  const ids = await tokenIds(page);
  expect(ids.length).toBe(prompt.length);
  expect(ids.filter((id, i) => id !== prompt[i]).length).toBe(1);
  const after = await tokenNames(page);
  expect(after.slice(0, messageStart() + 1)).toEqual(before.slice(0, messageStart() + 1));
  expect(after.at(-1)).not.toBe(before.at(-1)); // the same token, scored again
  await hand.undo();
  await scored(page);
  expect(await tokenNames(page)).toEqual(before);
});

test("with keys alone: insert two tokens, leave, remove them again", async () => {
  await mouse(page).show(messageStart() + 2);
  await page.keyboard.press("a"); // to the list
  await page.keyboard.press("Enter");
  await scored(page);
  await page.keyboard.press("2");
  await scored(page);
  expect(await at()).toBe(messageStart() + 4);
  const ids = await tokenIds(page);
  expect(ids.toSpliced(messageStart() + 2, 2)).toEqual(prompt);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator("#strip[data-edit]").count()).toBe(0);
  expect(await at()).toBe(messageStart() + 4);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("x");
  await scored(page);
  expect(await tokenIds(page)).toEqual(prompt);
});

test("a message is edited as text: typing runs nothing, only the change is tokenised, a special token is meant and a look-alike is not", async () => {
  await mouse(page).show(messageStart());
  await page.keyboard.press("e");
  const field = page.locator("#edit-text");
  expect(await field.inputValue()).toBe(MESSAGE);
  const before = await runs(page);
  await field.pressSequentially(" <|im_end|>");
  await page.getByText(/written\. 4 tokens of this text are kept/).waitFor();
  expect(await runs(page)).toEqual(before);
  await page.getByLabel("Insert special token").selectOption("<|im_end|>");
  expect(await field.inputValue()).toBe(`${MESSAGE} <|im_end|>⟦<|im_end|>⟧`);
  await page.keyboard.press("Control+Enter");
  await field.waitFor({ state: "detached" });
  await scored(page);
  const ids = await tokenIds(page);
  const kept = prompt.slice(0, messageStart() + 4);
  expect(ids.slice(0, kept.length)).toEqual(kept);
  const written = ids.slice(kept.length, ids.length - (prompt.length - kept.length));
  expect(written.length).toBeGreaterThan(4); // the typed one is several tokens of text
  expect(written.indexOf(IM_END)).toBe(written.length - 1);
  await expectNoProblem(page);
});

test("half a character is bytes until it joins, and an edit beside it leaves it alone", async () => {
  await mouse(page).show(messageStart());
  await page.keyboard.press("e");
  await write(`${MESSAGE}⟦E2 80⟧`);
  const half = await tokenNames(page);
  expect(half.filter((name) => name.startsWith("byte")).length).toBeGreaterThan(0);
  const ids = await tokenIds(page);
  await page.keyboard.press("e");
  expect(await page.locator("#edit-text").inputValue()).toBe(`${MESSAGE}⟦E2 80⟧`);
  await write(`Tell${MESSAGE.slice(4)}⟦E2 80⟧`);
  const beside = await tokenIds(page);
  expect(beside.slice(messageStart() + 1)).toEqual(ids.slice(messageStart() + 1));
  await page.keyboard.press("e");
  await write(`Tell${MESSAGE.slice(4)}⟦E2 80 99⟧`);
  expect((await tokenNames(page)).some((name) => name.startsWith("byte"))).toBe(false);
  await page.keyboard.press("e");
  expect(await page.locator("#edit-text").inputValue()).toBe(`Tell${MESSAGE.slice(4)}’`);
  await page.keyboard.press("Escape");
});

test("a start marker with a role splits the message into two turns", async () => {
  await mouse(page).show(messageStart() + 1);
  await page.keyboard.press("t");
  await write("⟦<|im_end|>⟧\n⟦<|im_start|>⟧assistant\n");
  const groups = await page
    .locator("#strip [role=group]")
    .evaluateAll((all) => all.map((group) => group.getAttribute("aria-label")));
  expect(groups).toEqual(["system turn", "user turn", "assistant turn", "assistant turn"]);
});

test("the first token is replaced by one that the search finds, without a prediction, and has no bits", async () => {
  await mouse(page).show(0);
  await page.keyboard.press("o");
  await page.keyboard.type("<|endof"); // the search has the focus
  await page.getByRole("option", { name: "<|endoftext|>, id 0, special token" }).click();
  await scored(page);
  expect((await tokenIds(page)).with(0, IM_START)).toEqual(prompt);
  expect(await token(page, 0).getAttribute("aria-label")).toContain("no prediction");
});

test("a long press and a tap select a span, and Remove takes it out", async () => {
  const hand = finger(page);
  await hand.select(messageStart(), messageStart() + 2);
  expect(await page.locator("#strip .in").count()).toBe(3);
  await choose(/^Remove/);
  await scored(page);
  expect(await tokenIds(page)).toEqual(prompt.toSpliced(messageStart(), 3));
  expect(await page.locator("#strip .in").count()).toBe(0);
  expect(opened.errors.filter((error) => !error.includes("404"))).toEqual([]);
});
