// Look deeper in Chromium on the real model: its numbers against a float64 pass, what each part costs, keyboard, axe and a phone.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPercent } from "@tokenscope/core";
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referenceJson } from "../../../../fixtures/index.ts";
import {
  button,
  expectNoProblem,
  type OpenPage,
  openPage,
  openStage,
  PHONE,
  ready,
  runs,
  type Stage,
  scored,
  token,
  tokenIds,
} from "./browser.ts";
import { mouse } from "./hands.ts";
import { tinyChat } from "./tiny-chat.ts";

interface ReferenceText {
  readonly name: string;
  readonly ids: readonly number[];
  /** [layer][last but one, last] of [id, logprob]. */
  readonly logitLensTop1LastTwoPositions?: readonly (readonly (readonly [number, number])[])[];
  readonly attention?: readonly {
    readonly layer: number;
    readonly head: number;
    readonly weights: readonly number[];
  }[];
}

const texts = referenceJson<ReferenceText[]>("models/smollm2-135m-instruct-q4_1.json");
const sky = texts.find(({ name }) => name === "chat_sky")!;
const POSITION = sky.ids.length - 1;
const PRINTED = 0.051; // percent points: one decimal, and a hair of float32

let stage: Stage;
let folder: string;
let opened: OpenPage;
let page: Page;
beforeAll(async () => {
  const { bytes, sha256 } = tinyChat();
  folder = mkdtempSync(join(tmpdir(), "tokenscope-tiny-"));
  const path = join(folder, "tiny.gguf");
  writeFileSync(path, bytes);
  const tiny = { id: "tiny", label: "Tiny", path, sizeBytes: bytes.length, sha256, licence: null };
  stage = await openStage({ moreModels: [tiny] });
  opened = await openPage(stage);
  page = opened.page;
  await ready(page);
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await hand.write("The sky is blue because of Rayleigh scattering.", "assistant");
  await token(page, POSITION).waitFor();
  await scored(page);
  expect(await tokenIds(page)).toEqual(sky.ids);
  await token(page, POSITION).click();
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

const part = (name: string) => page.getByRole("tab", { name });
const textOf = async (locator: Locator): Promise<string> =>
  ((await locator.textContent()) ?? "").trim();
const measure = (name: string): Promise<string> =>
  textOf(page.locator(".pos .stats > div", { hasText: name }).locator("dd"));

async function modelRuns(act: () => Promise<void>): Promise<number> {
  const before = (await runs(page)).model;
  await act();
  return (await runs(page)).model - before;
}

async function violations(): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<axe.AxeResults> } }).axe.run(),
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

test("I opens the lens for one model run: every layer's first p is that of a float64 pass", async () => {
  const cost = await modelRuns(async () => {
    await token(page, POSITION).press("i");
    await page.getByText(/is the most likely .* layer/).waitFor();
  });
  expect(cost).toBe(1);
  const layers = page.getByRole("listbox", { name: "Layers" }).getByRole("option");
  const names = await layers.locator(".vh").allTextContents();
  const expected = sky.logitLensTop1LastTwoPositions ?? [];
  expect(names).toHaveLength(expected.length);
  for (const [layer, [first]] of expected.entries()) {
    const shown = names[names.length - 1 - layer] ?? "";
    const percent = /, ([<>]?[0-9.]+) %;/.exec(shown)?.[1] ?? "";
    const p = Math.exp(first?.[1] ?? 0);
    expect(shown).toContain(`after layer ${layer}:`);
    if (/^[<>]/.test(percent)) expect(`${percent} %`).toBe(formatPercent(p));
    else expect(Math.abs(Number(percent) - 100 * p)).toBeLessThan(PRINTED);
  }
  expect(names[0]).toContain(`rank ${await measure("rank of")}, ${await measure("p of this")}`);
  expect(await violations()).toEqual([]);
});

test("the arrow keys go through the layers", async () => {
  const layers = page.getByRole("listbox", { name: "Layers" }).getByRole("option");
  await layers.first().focus();
  await page.keyboard.press("ArrowDown");
  const focused = () =>
    page.evaluate(() => document.activeElement?.querySelector(".vh")?.textContent ?? "");
  expect(await focused()).toContain("after layer 28");
  await page.keyboard.press("End");
  expect(await focused()).toContain("after layer 0");
});

test("attention costs one run, is a float64 pass's, and is drawn on the text; a head that is off changes p", async () => {
  const cost = await modelRuns(async () => {
    await part("Attention").click();
    await page.getByText(`The weights of ${sky.ids.length} positions sum to 1.`).waitFor();
  });
  expect(cost).toBe(1);
  expect(await page.getByText("% of attention").count()).toBe(1);
  for (const { layer, head, weights } of sky.attention ?? []) {
    await page.getByLabel("Layer", { exact: true }).selectOption(String(layer));
    await page.getByLabel("Head", { exact: true }).selectOption(String(head));
    const most = Math.max(...weights);
    const words = `position ${weights.indexOf(most)}, ${formatPercent(most)}; go there`;
    await page.locator(".attended li").first().filter({ hasText: words }).waitFor();
  }
  const off = await modelRuns(async () => {
    await button(page, "Switch this head off").click();
    await page.getByText("without this head").waitFor();
  });
  expect(off).toBe(1);
  expect(await textOf(page.locator(".head-off tr.act td").first())).toBe(
    await measure("p of this"),
  );
  expect(await violations()).toEqual([]);
});

test("a logit is taken apart without a run, and its p is the panel's", async () => {
  const cost = await modelRuns(async () => {
    await part("One logit").click();
    await page.getByText(/as likely as/).waitFor();
  });
  expect(cost).toBe(0);
  expect(await textOf(page.locator(".equation b").first())).toBe(await measure("p of this"));
  expect(await violations()).toEqual([]);
});

test("compact beside exact: asked for, compared over the vocabulary, closed with the drawer", async () => {
  await part("Two engines").click();
  await page.getByText(/about 11\d\.\d MB more memory/).waitFor();
  const workers = page.workers().length;
  await button(page, "Load compact beside it").click();
  await page.getByText("Along this text: the same first choice").waitFor({ timeout: 60_000 });
  expect(page.workers().length).toBeGreaterThan(workers);
  const kl = await textOf(page.locator(".engines dd").first());
  expect(kl).toMatch(/^(<0\.0001|0\.00\d\d)$/); // compact is within 0.01 bits of exact
  expect(await violations()).toEqual([]);
  await page.keyboard.press("Escape");
  const left = () => page.workers().length;
  await expect.poll(left, { timeout: 15_000 }).toBe(workers); // Chromium gives a worker 2 s to end by itself
  await expectNoProblem(page);
  expect(opened.errors).toEqual([]);
});

test("another model beside the page's: the same text in its own template and tokens, both candidates joined, every state accessible", async () => {
  await token(page, POSITION - 4).click(); // in the reply; the last tokens are its closing marker
  await button(page, "Look deeper").click();
  await part("Two engines").click();
  await page.getByLabel("Beside SmolLM2-135M-Instruct").selectOption("Tiny");
  await page.getByText(/Tiny is a file of \d+\.\d MB from this page's host/).waitFor();
  const before = await runs(page);
  await button(page, "Load Tiny beside it").click();
  await page
    .getByText(/^Tiny reads the same text in its own tokens, .* before this place\.$/)
    .waitFor();
  expect((await runs(page)).model).toBe(before.model); // the page's own model is not run again
  const figures = page.locator(".engines .figures tbody tr");
  expect(await figures.count()).toBe(4);
  expect(await textOf(figures.first())).toMatch(/^entropy, bits\s*\d+\.\d\d\s*[78]\.\d\d$/); // 261 random tokens: near 8 bits
  const rows = page.locator(".engines .candidates tbody tr");
  expect(await rows.count()).toBeGreaterThan(12);
  expect(
    await rows.allInnerTexts().then((all) => all.some((row) => row.includes("no such token"))),
  ).toBe(true);
  expect(await violations()).toEqual([]);
  await page.keyboard.press("Escape");
  await expectNoProblem(page);
  await token(page, POSITION).click();
});

test("on a phone the drawer leaves the token that it is about in sight, and goes on from position to position", async () => {
  await page.setViewportSize(PHONE.viewport);
  await button(page, "Look deeper").click();
  await part("One logit").click();
  await page.getByText(`after position ${POSITION - 1}`).waitFor();
  await button(page, "Look at the position before").click();
  await page.getByText(`after position ${POSITION - 2}`).waitFor();
  const [drawer, current] = [page.locator(".drawer"), page.locator('#strip [aria-current="true"]')];
  const [above, below] = [await current.boundingBox(), await drawer.boundingBox()];
  expect((above?.y ?? Infinity) + (above?.height ?? 0)).toBeLessThanOrEqual(below?.y ?? 0);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBe(PHONE.viewport.width);
  expect(await violations()).toEqual([]);
  await button(page, /^Close/).click();
  expect(await page.locator(".drawer").count()).toBe(0);
});
