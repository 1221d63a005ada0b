// Branches with the real model: named, deleted and brought back, compared, recovered from, and one message under two system prompts. One page, one model.

import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  button,
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
} from "./browser.ts";
import { mouse } from "./hands.ts";

const PARTING = 44; // of the recorded example, in the middle of a reply that goes well
const PROMPT = "You are a pirate.";

let stage: Stage;
let opened: OpenPage;
let page: Page;
beforeAll(async () => {
  stage = await openStage();
  opened = await openPage(stage);
  page = opened.page;
  await ready(page);
  await token(page, PARTING).click();
  await candidates(page).nth(5).click(); // an unlikely token is forced
  await scored(page);
  await generateReply();
});
afterAll(() => stage.close());

async function generateReply(): Promise<void> {
  await button(page, "Generate response").click();
  await page.waitForSelector('footer[data-work="generating"]');
  await scored(page);
}

const radios = () => page.getByRole("radio");
const active = () => page.getByRole("radio", { checked: true });
const drawer = () => page.getByRole("region", { name: "Compare branches" });

async function branchVerb(name: string): Promise<void> {
  await button(page, "Branches").click();
  await page.getByRole("menuitem", { name }).click();
}

/** What axe finds wrong with what is on screen. */
async function violations(): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: run } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = (await run.run()).violations;
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  });
}

test("F2 on a branch writes its name, and the focus is on the branch again; the menu does the same", async () => {
  await active().focus();
  await page.keyboard.press("F2");
  await page.keyboard.type("against the odds");
  await page.keyboard.press("Enter");
  await page.getByRole("radio", { name: /^against the odds, forks at position 44/ }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "radio");
  await branchVerb("Rename");
  await page.getByLabel("Name of the branch").fill("mountain");
  await page.keyboard.press("Escape");
  expect(await active().textContent()).toBe("against the odds");
});

test("Del deletes the branch with a word about it; it is brought back with its name, its tokens and no model run", async () => {
  const before = await tokenIds(page);
  const { model } = await runs(page);
  const count = await radios().count();
  await active().focus();
  await page.keyboard.press("Delete");
  await page.getByText("against the odds is deleted.").waitFor();
  expect(await radios().count()).toBe(count - 1);
  await button(page, "Bring it back").click();
  expect(await active().textContent()).toBe("against the odds");
  expect(await tokenIds(page)).toEqual(before);
  await scored(page);
  expect((await runs(page)).model).toBe(model);
});

test("C puts the branch beside the one it left: aligned at the parting, linked, and a click goes to that branch and position", async () => {
  await token(page, PARTING).click();
  await page.keyboard.press("c");
  await drawer().getByText(`They part at position ${PARTING}, in the assistant turn.`).waitFor();
  expect(await drawer().getByText(`${PARTING} tokens the same`).count()).toBe(1);
  expect(
    await drawer()
      .getByText(/^Where they part: “.+” .+ %, rank 6; “.+” .+ %, rank 1\.$/)
      .count(),
  ).toBe(1);
  const other = drawer().getByRole("listbox", { name: "Tokens of main" });
  await other.getByRole("option").nth(3).hover();
  await drawer().getByText("3 after the parting:").waitFor();
  expect(await drawer().locator("[data-pointed]").count()).toBe(2);
  await other.getByRole("option").nth(3).click();
  expect(await active().textContent()).toBe("main");
  expect(await shown(page).getAttribute("data-i")).toBe(String(PARTING + 3));
  await drawer().getByText("They part at").waitFor(); // both sides are where they were
  await other.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  expect(await shown(page).getAttribute("data-i")).toBe(String(PARTING + 4));
  expect(await violations()).toEqual([]);
});

test("Recover says in a sentence whether and where the text comes back", async () => {
  await drawer().getByRole("button", { name: "Recover" }).click();
  await drawer()
    .getByText(/^(Back to [\d.]+ bits a token after \d+ tokens|Not within \d+ tokens)/)
    .waitFor();
  expect(await violations()).toEqual([]);
});

test("one message under two system prompts: both replies are written and aligned from their first tokens", async () => {
  await mouse(page).newConversation();
  await mouse(page).write("Say hello.");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await scored(page);
  await branchVerb("Try another system prompt");
  await page.getByLabel("Another system prompt").fill(PROMPT);
  expect(await violations()).toEqual([]);
  await button(page, "Write it and generate").click();
  await page.getByText("Both replies are there, side by side").waitFor({ state: "attached" });
  await scored(page);
  await drawer()
    .getByText(/^The system turns differ from position \d+ on\./)
    .waitFor();
  expect(await drawer().getByText(`system: ${PROMPT}`).count()).toBe(1);
  expect(await drawer().getByRole("option").count()).toBeGreaterThan(2);
  expect(await radios().count()).toBe(2);
  await expectNoProblem(page);
  expect(opened.errors.filter((error) => !error.includes("404"))).toEqual([]);
});
