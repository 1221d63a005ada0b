// What a new user tries first: to go on with the recorded example, to begin anew and type, to ask for the keys.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { button, openPage, openStage, PHONE, ready, type Stage, scored } from "./browser.ts";
import { mouse } from "./hands.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const turns = (page: Page) =>
  page
    .getByRole("group", { name: /turn$/ })
    .evaluateAll((all) => all.map((group) => group.getAttribute("aria-label")));

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id ?? "");

test("a message on the first screen goes on with the example, which Undo gives back whole", async () => {
  const { page, errors } = await openPage(stage);
  await ready(page);
  const branches = await page.getByRole("radio").count();
  await page.getByText("write the next message").waitFor();
  await mouse(page).write("Make it sadder.");
  await expect
    .poll(() => turns(page))
    .toEqual(["system turn", "user turn", "assistant turn", "user turn", "assistant turn"]);
  await scored(page);
  expect(await page.getByRole("radio").count()).toBe(branches);
  await button(page, "Undo").click();
  await expect.poll(() => turns(page)).toHaveLength(3);
  expect(await page.getByRole("radio").count()).toBe(branches);
  await page.getByText("recorded example", { exact: true }).waitFor();
  expect(errors).toEqual([]);
  await page.context().close();
});

test("New conversation puts the focus into the message, for a mouse and a key", async () => {
  const { page } = await openPage(stage);
  await ready(page);
  await button(page, "New conversation").click();
  await expect.poll(() => focused(page)).toBe("message");
  await page.keyboard.type("Hello");
  expect(await page.getByLabel("Message").inputValue()).toBe("Hello");
  await button(page, "New conversation").focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("message");
  await page.context().close();
});

test("a finger's New conversation opens no keyboard over the page", async () => {
  const { page } = await openPage(stage, PHONE);
  await ready(page);
  await button(page, "New conversation").tap();
  await page.getByText("Write a message and press End turn.").waitFor();
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await focused(page)).not.toBe("message");
  await page.context().close();
});

test("? opens the keys from anywhere but a text, and a button does; all of them are in sight", async () => {
  const { page } = await openPage(stage);
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await page.getByText("recorded example", { exact: true }).waitFor();
  await page.keyboard.press("?"); // nothing has the focus yet
  await dialog.waitFor();
  const body = dialog.locator(".dialog-body");
  expect(await body.evaluate((element) => element.scrollHeight - element.clientHeight)).toBe(0);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByLabel("Message").fill("Why");
  await page.getByLabel("Message").press("?");
  expect(await page.getByLabel("Message").inputValue()).toBe("Why?");
  expect(await dialog.count()).toBe(0);
  await button(page, /^Keys/).click();
  await dialog.waitFor();
  await page.context().close();
});
