// The lab guide on the real model: answers with what is attached to them, a reload, a worksheet, an instructor's lab, a card, and a phone.

import { readFile } from "node:fs/promises";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  button,
  expectNoProblem,
  openPage,
  openStage,
  PHONE,
  ready,
  type Stage,
  shown,
  token,
} from "./browser.ts";
import { mouse } from "./hands.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const guide = (page: Page) => page.locator("#lab-guide");
const answer = (page: Page, number: string) => page.getByLabel(`Answer ${number}`, { exact: true });

/** Presses a button of a question's own row. */
async function press(page: Page, number: string, name: string | RegExp): Promise<void> {
  const question = guide(page)
    .locator(".lab-question")
    .filter({ has: answer(page, number) });
  await question.getByRole("button", { name }).click();
}

/** True once the browser's own store has these words under one of the page's places. */
async function isKept(page: Page, words: string): Promise<boolean> {
  return page.evaluate(
    (wanted) =>
      new Promise<boolean>((resolve, reject) => {
        const opening = indexedDB.open("keyval-store");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const all = opening.result.transaction("keyval").objectStore("keyval").getAll();
          all.onsuccess = () =>
            resolve(all.result.some((value) => JSON.stringify(value?.lab ?? "").includes(wanted)));
        };
      }),
    words,
  );
}

/** What a button gives to save, as text. */
async function saved(page: Page, name: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return readFile(await download.path(), "utf8");
}

describe("the lab guide on a desktop", () => {
  let page: Page;
  let errors: readonly string[];
  let text = "";

  beforeAll(async () => {
    ({ page, errors } = await openPage(stage));
    await ready(page);
  });
  afterAll(() => page.context().close());

  test("L in the strip opens it, Escape closes it and gives the focus back to the token", async () => {
    await token(page, 44).click();
    await page.keyboard.press("l");
    await page.waitForFunction(() => document.activeElement?.id === "lab-guide");
    await page.keyboard.press("Escape");
    await guide(page).waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-i"))).toBe("44");
  });

  test("it names the loaded model's markers, and covers nothing of the strip", async () => {
    await button(page, "Lab guide").click();
    const markers = guide(page).locator(".lab-body code");
    await expect
      .poll(() => markers.allInnerTexts())
      .toEqual(["<|im_start|>user", "<|im_start|>assistant"]);
    const side = await guide(page).boundingBox();
    const strip = await page.locator("#strip").boundingBox();
    expect((side?.x ?? 0) + (side?.width ?? 0)).toBeLessThanOrEqual(strip?.x ?? 0);
  });

  test("axe finds nothing in the guide with an attachment", async () => {
    await press(page, "1.2", "Attach position 44");
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const { axe: rules } = window as unknown as {
        axe: {
          run(part: string): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
        };
      };
      const { violations } = await rules.run("#lab-guide");
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
    expect(found).toEqual([]);
  });

  test("a span is attached with its numbers, and its chip goes back to branch and span", async () => {
    await mouse(page).select(44, 48);
    await answer(page, "1.1").fill("My answer");
    await press(page, "1.1", "Use my selection");
    text = await answer(page, "1.1").inputValue();
    expect(text).toMatch(/^My answer\n44–48: “.+” p = [\d.]+, [\d.]+ bits; .*Together [\d.]+ bits/);
    await guide(page).getByText("1 of 14 answered").waitFor();

    await page.getByRole("radio").nth(1).click();
    await token(page, 3).click();
    await page.getByRole("button", { name: "main, 44–48", exact: true }).click();
    await page.getByRole("region", { name: "Selected span" }).getByText("44–48").waitFor();
    expect(await page.getByRole("radio").first().getAttribute("aria-checked")).toBe("true");
    expect(await shown(page).getAttribute("data-i")).toBe("44");
  });

  test("the worksheet is saved as Markdown and HTML, and prints from a frame, with the strip as a picture", async () => {
    await page.getByRole("textbox", { name: "Name" }).fill("Ada");
    const markdown = await saved(page, "Save as Markdown");
    expect(markdown).toContain("- **Name:** Ada");
    expect(markdown).toContain("My answer");
    expect(markdown).toContain("data:image/svg+xml;base64,");
    expect(markdown).toMatch(/SmolLM2-135M-Instruct Q4\\_1 .*exact, wasm/);
    const html = await saved(page, "Save as HTML");
    expect(html).toContain("<svg ");
    await button(page, "Print worksheet").click();
    const frame = page.frameLocator("#lab-print");
    await frame.getByRole("heading", { name: "Exploring language models" }).waitFor({
      state: "attached", // the frame has no size: it is there to be printed
    });
    expect(await frame.locator("svg").count()).toBe(2);
  });

  test("a reload shows guide and answers as they were left, without taking the focus", async () => {
    await expect.poll(() => isKept(page, "Together")).toBe(true);
    await page.reload();
    await guide(page).getByText("1 of 14 answered").waitFor();
    expect(await answer(page, "1.1").inputValue()).toBe(text);
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  });

  test("an address opens an instructor's lab, which begins with its own prompt", async () => {
    await page.goto(`${stage.url}/?lab=labs/example.json`);
    await guide(page).getByText("Names and numbers", { exact: true }).waitFor();
    await guide(page).getByText("0 of 4 answered").waitFor();
    await button(page, "Put the system prompt into the composer").click();
    expect(await page.getByLabel("Message").inputValue()).toBe("You answer in one short sentence.");
    await expect.poll(() => page.getByLabel("seed").inputValue()).toBe("7");
  });

  test("the students' card says how to begin, and prints alone", async () => {
    await button(page, "Students’ card").click();
    const card = page.getByRole("dialog", { name: "Students’ card" });
    const words = await card.textContent();
    expect(words).toContain(`${stage.url}/?lab=labs/example.json`);
    expect(words).toContain("temperature 0.8");
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#strip").isVisible()).toBe(false);
    expect(await card.getByText("Names and numbers").isVisible()).toBe(true);
    await page.emulateMedia({ media: "screen" });
    await page.keyboard.press("Escape");
  });

  test("a file that is no lab says what is wrong with it, and the guide stays", async () => {
    await page.getByLabel("Lab file").setInputFiles({
      name: "broken.json",
      mimeType: "application/json",
      buffer: Buffer.from('{"tokenscopeLab":1,"title":"x","parts":[]}'),
    });
    await page.getByText("parts must be a list of 1 to 20 parts").waitFor();
    await guide(page).getByText("Names and numbers", { exact: true }).waitFor();
    await button(page, "Use the built-in guide").click();
    expect(await answer(page, "1.1").inputValue()).toBe(text);
    expect(errors).toEqual([]);
  });
});

test("on a phone it is the whole screen, and what it attaches is what the strip shows", async () => {
  const { page, errors } = await openPage(stage, PHONE);
  await token(page, 44).tap();
  await button(page, "Lab guide").tap();
  const box = await guide(page).boundingBox();
  expect(box).toMatchObject({ x: 0, y: 0, width: 390, height: 844 });
  await press(page, "1.1", "Attach position 44");
  const chip = page.getByRole("button", { name: "main, position 44", exact: true });
  expect((await chip.boundingBox())?.height).toBeGreaterThanOrEqual(36);
  await guide(page).getByRole("button", { name: "Close" }).tap();
  await guide(page).waitFor({ state: "detached" });
  await expectNoProblem(page);
  expect(errors).toEqual([]);
  await page.context().close();
});
