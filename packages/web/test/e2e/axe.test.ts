// Accessibility by axe-core's rules, in every state that a person sees, light and dark, desktop and phone.

import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  button,
  DESKTOP,
  openPage,
  openStage,
  PHONE,
  ready,
  type Stage,
  token,
} from "./browser.ts";
import { finger, mouse } from "./hands.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds wrong, in its words; empty where nothing is. */
async function violations(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ["light", "dark"]) {
    await page.evaluate((value) => {
      document.documentElement.setAttribute("data-theme", value);
    }, theme);
    await page.waitForTimeout(300); // backgrounds fade for 120 ms, and axe reads their colours
    const list = await page.evaluate(async () => {
      const page = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
      return (await page.axe.run()).violations;
    });
    for (const { id, nodes } of list) {
      found.push(`${theme}: ${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
    }
  }
  return found;
}

test.each([
  ["desktop", DESKTOP, mouse],
  ["phone", PHONE, finger],
] as const)(
  "axe finds nothing on a %s: recorded, empty, a span, after settings",
  async (_name, options, handOf) => {
    const { page } = await openPage(stage, options);
    const hand = handOf(page);
    await token(page, 50).waitFor();
    await page.evaluate(axe.source);
    expect(await violations(page)).toEqual([]);
    await ready(page);
    await hand.select(50, 53);
    expect(await violations(page)).toEqual([]);
    await hand.show(60);
    await button(page, "After settings").click();
    await page.getByRole("searchbox").fill("cat");
    await page.getByText("the most likely first").waitFor();
    expect(await violations(page)).toEqual([]);
    await hand.newConversation();
    await page.getByText("Write a message and press End turn.").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  },
);
