// Nothing is cut or covered: the lab guide beside the work in any window, the written-out sum, the legend on a phone.

import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { button, newPage, openStage, PHONE, ready, type Stage, scored } from "./browser.ts";
import { mouse } from "./hands.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

async function pageOf(width: number, height: number, options: object = {}): Promise<Page> {
  const { page } = await newPage(stage, { viewport: { width, height }, ...options });
  await page.goto(stage.url);
  await ready(page);
  return page;
}

/** Whether all of an element is on screen with nothing of another over its middle and its corners. */
async function isInSight(locator: Locator): Promise<boolean> {
  return locator.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight) return false;
    const inset = 3;
    const places = [
      [left + inset, top + inset],
      [right - inset, bottom - inset],
      [(left + right) / 2, (top + bottom) / 2],
    ] as const;
    return places.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
  });
}

test.each([1440, 1280, 1024, 800])(
  "with the lab guide open at %i pixels the work stays in sight",
  async (width) => {
    const page = await pageOf(width, 900);
    const hand = mouse(page);
    await hand.newConversation();
    await hand.write("Why is the sky blue?");
    await button(page, "Lab guide").click();
    await page.getByRole("heading", { name: "Lab guide" }).waitFor();
    for (const name of ["Generate response", /^Step/, /^End turn/]) {
      expect([String(name), await isInSight(button(page, name))]).toEqual([String(name), true]);
    }
    expect(await isInSight(page.getByLabel("Message"))).toBe(true);
    expect(await isInSight(page.getByRole("searchbox"))).toBe(true);
    const hint = page.locator(".acts .hint");
    expect(await hint.evaluate((each) => each.scrollHeight <= each.clientHeight)).toBe(true);
    await page.context().close();
  },
);

test("the sum of a span is written out whole beside the guide", async () => {
  const page = await pageOf(1440, 900);
  await button(page, "Lab guide").click();
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await scored(page);
  await hand.select(22, 33);
  const sum = page.locator(".sum");
  await sum.locator("b").waitFor();
  expect(await sum.evaluate((each) => each.scrollWidth <= each.clientWidth)).toBe(true);
  expect(await isInSight(sum.locator("b"))).toBe(true);
  await page.context().close();
});

test.each([390, 360])(
  "the legend is whole on a phone of %i pixels, and More has the engine",
  async (width) => {
    const page = await pageOf(width, 780, { ...PHONE, viewport: { width, height: 780 } });
    await page.locator(".script").evaluate((each) => each.scrollTo(0, 0));
    for (const step of await page.locator(".legend li").all()) {
      expect(await isInSight(step)).toBe(true);
    }
    await button(page, "More").click();
    await page
      .locator(".more-engine")
      .getByText(/WASM, \d+ thread/)
      .waitFor();
    await page.context().close();
  },
);
