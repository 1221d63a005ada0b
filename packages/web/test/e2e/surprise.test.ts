// Which probability, and surprise, in Chromium on the real model: colours, pins, the charts, jumps and spans, with mouse and keys, and on a phone.

import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  button,
  candidates,
  expectNoProblem,
  openPage,
  openStage,
  PHONE,
  ready,
  runs,
  type Stage,
  shown,
  token,
  tokenNames,
} from "./browser.ts";
import { mouse } from "./hands.ts";

const POSITION = 50; // of the recorded example, in its reply

let stage: Stage;
let page: Page;
let errors: readonly string[];
beforeAll(async () => {
  stage = await openStage();
  ({ page, errors } = await openPage(stage));
  await ready(page);
  await page.waitForSelector('footer[data-model-runs="3"]', { timeout: 60_000 }); // one for each recorded branch
  await token(page, POSITION).click();
});
afterAll(() => stage.close());

const slider = (on = page) => on.getByRole("slider", { name: "Position along the text" });
const live = () => page.locator("[aria-live=polite]").textContent();

/** Bits by position, as a screen reader hears them; null where there are none. */
async function bitsOfTokens(): Promise<(number | null)[]> {
  const names = await tokenNames(page);
  return names.map((name) => {
    const bits = /([\d.,]+) bits/.exec(name)?.[1];
    return bits === undefined ? null : Number(bits.replace(",", ""));
  });
}

async function axeFinds(on: Page): Promise<string[]> {
  await on.evaluate(axe.source);
  return on.evaluate(async () => {
    const { axe: checker } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await checker.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}

test("the tokens are coloured by rank, and the legend says how", async () => {
  await page.getByLabel("Colour the tokens by").selectOption({ label: "rank" });
  const names = await tokenNames(page);
  const first = names.findIndex((name) => / rank 1(,|$)/.test(name));
  const unlikely = names.findIndex((name) => / rank \d+,\d{3}/.test(name)); // over 1,000
  expect(await token(page, first).getAttribute("class")).toContain("c0");
  expect(await token(page, unlikely).getAttribute("class")).toContain("c6");
  expect(await page.locator(".legend ol").textContent()).toContain("1,001+");
});

test("P pins candidates, and their probability at every place costs no run of anything", async () => {
  const before = await runs(page);
  await token(page, POSITION).click();
  await page.keyboard.press("Enter");
  await candidates(page).first().waitFor();
  await page.keyboard.press("Home");
  await page.keyboard.press("p");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("p");
  expect(await live()).toMatch(/ pinned, 2 of 5$/);
  const listed = await candidates(page).evaluateAll((rows) =>
    rows.slice(0, 2).map((row) => / ([\d.<>]+ %),/.exec(row.textContent ?? "")?.[1]),
  );
  await page.keyboard.press("Escape");
  await page.keyboard.press("b");
  await slider().waitFor();
  const words = (await slider().getAttribute("aria-valuetext")) ?? "";
  expect(words).toMatch(/^position 50, .* bits, entropy [\d.]+, /);
  for (const percent of listed) expect(words).toContain(percent);
  expect(await runs(page)).toEqual(before);
});

test("where a pinned token is not listed the chart says what a search of it says", async () => {
  await slider().focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < 6; i += 1) await page.keyboard.press("ArrowRight"); // in the system prompt
  expect(await shown(page).getAttribute("data-i")).toBe("6");
  const words = (await slider().getAttribute("aria-valuetext")) ?? "";
  const [, name = "", percent = ""] = /, space (\w+) ([\d.<>]+ %)/.exec(words) ?? [];
  await page.getByRole("searchbox").fill(` ${name}`);
  await page.getByText("the most likely first").waitFor();
  const rows = await candidates(page).allTextContents();
  const row = rows.find((text) => text.includes(`, space ${name},`));
  expect(row).toContain(`, ${percent},`);
  await page.getByRole("searchbox").fill("");
});

test("N goes to the most surprising token, then to the next, Shift+N back, and says where", async () => {
  const order = (await bitsOfTokens())
    .flatMap((bits, position) => (bits === null ? [] : [{ position, bits }]))
    .toSorted((a, b) => b.bits - a.bits || a.position - b.position);
  await slider().focus();
  await page.keyboard.press("n");
  expect(await live()).toMatch(new RegExp(`^Most surprising, 1 of ${order.length}: `));
  expect(await shown(page).getAttribute("data-i")).toBe(String(order[0]?.position));
  await page.keyboard.press("n");
  expect(await shown(page).getAttribute("data-i")).toBe(String(order[1]?.position));
  await page.keyboard.press("Shift+N");
  expect(await shown(page).getAttribute("data-i")).toBe(String(order[0]?.position));
  await button(page, /^uncertain/).click();
  expect(await live()).toMatch(/^Most uncertain, 1 of \d+: .* entropy [\d.]+ bits$/);
});

test("a click in the chart goes to a position, a drag selects a span, pointing marks the token", async () => {
  const count = Number(await slider().getAttribute("aria-valuemax")) + 1;
  const box = await slider().boundingBox();
  if (box === null) throw new Error("the chart is not on screen");
  const x = (position: number) => box.x + (box.width * (position + 0.5)) / count;
  const y = box.y + 60;
  await page.mouse.click(x(60), y);
  expect(await shown(page).getAttribute("data-i")).toBe("60");
  await page.mouse.move(x(64), y);
  await page.locator("#strip [data-pointed]").and(token(page, 64)).waitFor();
  await page.mouse.down();
  await page.mouse.move(x(68), y);
  await page.mouse.up();
  expect(await page.getByRole("region", { name: "Selected span" }).textContent()).toContain(
    "64–68",
  );
});

test("two spans stand side by side: totals, difference, the sum written out", async () => {
  await page.keyboard.press("h");
  expect(await live()).toBe("Span A is held. Select another to compare.");
  await mouse(page).select(52, 54);
  const bits = await bitsOfTokens();
  const total = (from: number, to: number) =>
    bits.slice(from, to + 1).reduce<number>((sum, term) => sum + (term ?? 0), 0);
  const table = page.locator("table.figures");
  const numbers = await table
    .locator("tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) =>
        Number.parseFloat((row.querySelectorAll("td")[1]?.textContent ?? "").replace("−", "-")),
      ),
    );
  const [a = 0, b = 0, difference = 0, ratio = 0] = numbers;
  expect(Math.abs(a - total(64, 68))).toBeLessThan(0.005 * 6); // each term is rounded
  expect(Math.abs(b - total(52, 54))).toBeLessThan(0.005 * 4);
  expect(Math.abs(difference - (b - a))).toBeLessThan(0.011);
  expect(Math.abs(ratio - b / a)).toBeLessThan(0.02);
  const sum = page.getByRole("list", { name: "The sum" });
  expect(await sum.locator("li").count()).toBe(4);
  expect(await sum.textContent()).toContain(`= ${b.toFixed(2)} bits`);
});

test("axe finds nothing in the drawer, light and dark, span and chart", async () => {
  for (const view of ["Span", "By position"]) {
    await page.getByRole("button", { name: view, exact: true }).click();
    for (const theme of ["light", "dark"]) {
      await page.evaluate(
        (name) => document.documentElement.setAttribute("data-theme", name),
        theme,
      );
      await page.waitForTimeout(200); // backgrounds fade for 120 ms, and axe reads their colours
      expect(await axeFinds(page)).toEqual([]);
    }
  }
});

test("pins and the colouring outlive a reload; a pin is let go by its chip; the focus goes back", async () => {
  await page.evaluate(() => document.documentElement.removeAttribute("data-theme"));
  await page.waitForTimeout(600); // the page is kept 400 ms after a change
  await page.reload();
  await ready(page);
  expect(await page.getByLabel("Colour the tokens by").inputValue()).toBe("rank");
  await button(page, /^Along the text/).click();
  const remove = button(page, /^Remove the pin of /);
  await remove.first().waitFor();
  expect(await remove.count()).toBe(2);
  await remove.first().click();
  expect(await remove.count()).toBe(1);
  await page.keyboard.press("Escape");
  await slider().waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain(
    "Along the text",
  );
  await expectNoProblem(page);
  expect(errors).toEqual([]);
});

test("on a phone a tap pins, and the drawer is the sheet's size", async () => {
  const phone = await openPage(stage, PHONE);
  await token(phone.page, POSITION).tap();
  await phone.page.locator("#candidates [data-pin]").nth(1).tap();
  await button(phone.page, /^Along the text/).tap();
  await slider(phone.page).waitFor();
  expect(await button(phone.page, /^Remove the pin of /).count()).toBe(1);
  const box = await slider(phone.page).boundingBox();
  if (box === null) throw new Error("the chart is not on screen");
  await phone.page.touchscreen.tap(box.x + box.width / 2, box.y + 60);
  expect(await slider(phone.page).getAttribute("aria-valuenow")).not.toBe(String(POSITION));
  expect(await axeFinds(phone.page)).toEqual([]);
  expect(phone.errors).toEqual([]);
  await phone.page.context().close();
});
