// The lab "Exploring Language Models", Parts 1 to 4, with the real model: by mouse, by keyboard alone, by finger.

import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  DESKTOP,
  expectNoProblem,
  openPage,
  openStage,
  PHONE,
  ready,
  runs,
  type Stage,
  scored,
  shown,
  token,
  tokenIds,
  tokenNames,
} from "./browser.ts";
import { finger, type Hand, keyboard, mouse } from "./hands.ts";

const STEPS = 10;
const HANDS: readonly [string, (page: Page) => Hand, BrowserContextOptions][] = [
  ["mouse", mouse, DESKTOP],
  ["keyboard alone", keyboard, DESKTOP],
  ["finger, 390 x 844", finger, PHONE],
];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe.each(HANDS)("the lab by %s", (_name, handOf, options) => {
  let page: Page;
  let hand: Hand;
  let errors: readonly string[];
  let replyStart = 0;
  let clicked: number[] = [];
  let clicks = 0;

  beforeAll(async () => {
    ({ page, errors } = await openPage(stage, options));
    await page.exposeFunction("countClick", () => {
      clicks += 1;
    });
    await page.evaluate(() =>
      document.addEventListener("pointerdown", () =>
        (window as unknown as { countClick(): void }).countClick(),
      ),
    );
    hand = handOf(page);
    await ready(page);
  });
  afterAll(() => page.context().close());

  /** Takes a candidate and waits for the token to be there with its bits. */
  const choose = async (rank: number): Promise<void> => {
    const at = Number(await shown(page).getAttribute("data-i"));
    await hand.choose(rank);
    await token(page, at + 1).waitFor();
    await scored(page);
  };

  test("Part 1: a conversation is a document", async () => {
    await hand.newConversation();
    await page.getByText("Write a message and press End turn.").waitFor();
    await hand.write("Write a one-paragraph story about a dragon.");
    await page.getByRole("group", { name: "assistant turn" }).waitFor();
    await scored(page);
    const names = await tokenNames(page);
    replyStart = names.length;
    const texts = names.map((name) => name.split(", position")[0]);
    const userEnd = texts.lastIndexOf("<|im_end|>");
    expect(texts.slice(userEnd)).toEqual([
      "<|im_end|>",
      "newline",
      "<|im_start|>",
      "ass",
      "istant",
      "newline",
    ]);
    expect(await page.getByRole("group", { name: /turn$/ }).count()).toBe(3);
    expect(await shown(page).getAttribute("data-i")).toBe(String(replyStart));
    expect(await shown(page).textContent()).toBe("next");
  });

  test("Part 2: a reply token by token, one model run each", async () => {
    const before = await runs(page);
    for (let i = 0; i < STEPS; i += 1) await choose(1);
    const after = await runs(page);
    expect(after.model - before.model).toBe(STEPS);
    const names = await tokenNames(page);
    expect(names).toHaveLength(replyStart + STEPS);
    for (const name of names.slice(replyStart)) expect(name).toMatch(/rank 1$/);
    clicked = (await tokenIds(page)).slice(replyStart);
  });

  test("Part 2: start over with an unlikely token; the first path stays", async () => {
    await hand.startOver();
    await token(page, replyStart).and(page.getByText("next")).waitFor();
    expect(await tokenIds(page)).toHaveLength(replyStart);
    await choose(5);
    for (let i = 0; i < 3; i += 1) await choose(1);
    const names = await tokenNames(page);
    expect(names[replyStart]).toMatch(/rank 5$/);
    await hand.nextBranch();
    await expect.poll(async () => (await tokenIds(page)).length).not.toBe(replyStart + 4);
  });

  test("Part 2, bonus: force a token in the middle of a reply", async () => {
    for (let i = 0; i < 4 && (await tokenIds(page)).length !== replyStart + STEPS; i += 1) {
      await hand.nextBranch();
      await page.waitForTimeout(100);
    }
    expect((await tokenIds(page)).slice(replyStart)).toEqual(clicked);
    await hand.show(replyStart + 5);
    await hand.force(" banana");
    await token(page, replyStart + 6)
      .and(page.getByText("next"))
      .waitFor();
    await scored(page);
    const names = await tokenNames(page);
    expect(names.at(-1)).toMatch(/banana, position \d+, [\d.]+ bits, rank [\d,]+, forced$/);
    expect(names).toHaveLength(replyStart + 6);
    await hand.undo();
    await expect.poll(async () => (await tokenIds(page)).slice(replyStart)).toEqual(clicked);
  });

  test("Part 3: a generated reply is what the clicks gave, and says why it ended", async () => {
    await hand.startOver();
    await expect.poll(async () => (await tokenIds(page)).length).toBe(replyStart);
    await hand.generate();
    await page.waitForSelector('footer[data-work="generating"]');
    await page.waitForSelector('footer[data-work="idle"]', { timeout: 60_000 });
    await scored(page);
    const reply = (await tokenIds(page)).slice(replyStart);
    expect(reply.slice(0, STEPS)).toEqual(clicked);
    expect(reply.length).toBe(100);
    await page.getByText("100 tokens written").waitFor({ state: "attached" });
  });

  test("Part 3: every place shows its distribution without a model run", async () => {
    const before = await runs(page);
    for (const position of [2, replyStart - 5, replyStart, replyStart + 7, replyStart + 12]) {
      await hand.show(position);
      await page.getByRole("heading", { name: new RegExp(`^Position ${position}\\b`) }).waitFor();
      const actual = page.getByRole("option", { name: /the token that came$/ });
      await actual.first().waitFor();
      const name = (await token(page, position).getAttribute("aria-label")) ?? "";
      const rank = /rank ([\d,]+)/.exec(name)?.[1];
      expect((await actual.first().textContent()) ?? "").toContain(`rank ${rank},`);
    }
    expect((await runs(page)).model).toBe(before.model);
  });

  test("Part 4: a span's bits are the sum of its tokens'", async () => {
    const from = replyStart + 2;
    await hand.select(from, from + 4);
    await hand.openSpan();
    const bar = page.getByRole("region", { name: "Selected span" });
    await bar.waitFor();
    const text = (await bar.textContent()) ?? "";
    expect(text).toContain(`${from}–${from + 4}`);
    const names = (await tokenNames(page)).slice(from, from + 5);
    const bits = names.map((name) => Number(/([\d.]+) bits/.exec(name)?.[1] ?? 0));
    const total = Number(/= ([\d.]+) bits/.exec(text)?.[1]);
    const sum = bits.reduce((a, b) => a + b, 0);
    expect(Math.abs(total - sum)).toBeLessThan(0.005 * 6);
  });

  test("nothing went wrong on the way", async () => {
    await expectNoProblem(page);
    expect(errors).toEqual([]);
    if (_name === "keyboard alone") expect(clicks).toBe(0);
    else expect(clicks).toBeGreaterThan(20);
  });
});
