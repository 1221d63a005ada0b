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
async function violations(page: Page, part?: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ["light", "dark"]) {
    await page.evaluate((value) => {
      document.documentElement.setAttribute("data-theme", value);
    }, theme);
    await page.waitForTimeout(300); // backgrounds fade for 120 ms, and axe reads their colours
    const list = await page.evaluate(async (selector) => {
      const page = window as unknown as {
        axe: { run(part: string | Document): Promise<{ violations: Violation[] }> };
      };
      return (await page.axe.run(selector ?? document)).violations;
    }, part);
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

/** Everything that opens over the page or beside the text, by the key that opens it from the strip. */
const OPENED = [
  ["b", ".drawer"],
  ["i", ".drawer"],
  ["c", ".drawer"],
  ["v", ".drawer"],
  ["w", ".drawer"],
  ["l", ".lab"],
  ["u", "dialog"],
  ["k", "dialog"],
  ["m", "dialog"],
  ["?", "dialog"],
  ["Control+o", "dialog"],
  ["Control+s", "dialog"],
] as const;

test("axe finds nothing in any drawer or dialog, in both themes", async () => {
  const { page } = await openPage(stage);
  await ready(page);
  await page.evaluate(axe.source);
  const found: string[] = [];
  for (const [key, part] of OPENED) {
    await token(page, 60).click();
    await page.keyboard.press(key);
    await page.locator(part).first().waitFor();
    for (const violation of await violations(page, part)) found.push(`${key}: ${violation}`);
    await page.keyboard.press("Escape");
    if (await page.locator(part).first().isVisible()) await page.keyboard.press(key);
  }
  expect(found).toEqual([]);
  await page.context().close();
});

interface AxNode {
  readonly role: string;
  readonly name: string;
}

/** The accessibility tree as a screen reader gets it, from Chromium itself. */
async function axNodes(page: Page): Promise<readonly AxNode[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => {
      return { role: String(role?.value ?? ""), name: String(name?.value ?? "") };
    });
}

test("the accessibility tree says DESIGN.md's sentences: the strip, its turns and tokens, branches and candidates", async () => {
  const { page } = await openPage(stage);
  await ready(page);
  await token(page, 44).click();
  const nodes = await axNodes(page);
  const named = (role: string) =>
    nodes.filter((node) => node.role === role).map(({ name }) => name);
  expect(named("listbox")).toContain("Conversation as tokens");
  expect(named("group")).toEqual(
    expect.arrayContaining(["system turn", "user turn", "assistant turn"]),
  );
  const options = named("option");
  expect(options).toContainEqual(
    expect.stringMatching(/^space \w+, position 60, \d+\.\d\d bits, rank [\d,]+$/),
  );
  expect(options.find((name) => name.includes("position 0,"))).toMatch(/, no prediction$/);
  expect(options).toContainEqual(expect.stringMatching(/^newline, position \d+, /));
  const ranks = options.filter((name) => name.startsWith("rank "));
  expect(ranks.length).toBeGreaterThanOrEqual(10);
  expect(ranks[1]).toMatch(/^rank 2, .+, \d+(\.\d+)? %, \d+\.\d\d bits/);
  expect(ranks.filter((name) => name.endsWith("the token that came"))).toHaveLength(1);
  expect(named("radiogroup")).toHaveLength(1);
  expect(named("radio").length).toBeGreaterThanOrEqual(3);
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  const live = page.locator('[aria-live="polite"]');
  await expect
    .poll(() => live.allInnerTexts().then((all) => all.join(" ")))
    .toMatch(/Span 3 tokens, \d+\.\d\d bits, \d+\.\d\d per token/);
  await page.context().close();
});
