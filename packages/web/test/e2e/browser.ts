// Chromium with the page in it, and the page's parts by the names that a person would use.

import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DEFAULT_MODEL_ID, modelEntry } from "@tokenscope/models";
import { startServer } from "@tokenscope/server";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { expect } from "vitest";
import { smollm2Path } from "../../../../fixtures/index.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A WebGPU adapter that Chromium computes on the processor: right, and about 100 times slower than the kernel. */
const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export const DESKTOP = { viewport: { width: 1440, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const MODEL_READY_MS = 120_000;

/** A server with the built page and the real model, and a browser. */
export interface Stage {
  readonly browser: Browser;
  readonly url: string;
  close(): Promise<void>;
}

type ServedModels = Parameters<typeof startServer>[0]["models"];

export interface StageOptions {
  /** What the server has in place of the built page and the real model. */
  readonly pageDir?: string;
  readonly models?: ServedModels;
  /** What the server has beside them. */
  readonly moreModels?: ServedModels;
  /** Whether the browser has a WebGPU adapter, in software. */
  readonly hasGpu?: boolean;
}

/** Starts both; throws a sentence where the page or the model is missing. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { pageDir = builtPage(), hasGpu = false } = options;
  const models = [...(options.models ?? [realModel()]), ...(options.moreModels ?? [])];
  const server = await startServer({ port: 0, host: "127.0.0.1", pageDir, models });
  const { TOKENSCOPE_CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
  const gpu = hasGpu ? SOFTWARE_GPU : ["--disable-gpu"];
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, ...gpu] });
  const close = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  return { browser, url: server.url, close };
}

function builtPage(): string {
  const pageDir = fileURLToPath(new URL("../../dist", import.meta.url));
  if (!existsSync(pageDir)) throw new Error("there is no page: npm test builds it");
  return pageDir;
}

function realModel() {
  const path = smollm2Path();
  if (path === null) throw new Error("there is no model: npm test fetches it");
  const { id, label, sha256, licence } = modelEntry(DEFAULT_MODEL_ID);
  return { id, label, path, sizeBytes: statSync(path).size, sha256, licence };
}

export interface OpenPage {
  readonly page: Page;
  /** Whatever the page reported as an error. */
  readonly errors: readonly string[];
}

/** A blank page in a profile of its own. */
export async function newPage(
  { browser }: Stage,
  options: BrowserContextOptions = DESKTOP,
): Promise<OpenPage> {
  // A service worker would answer what a test means to break; static.test.ts is about it.
  const context = await browser.newContext({ serviceWorkers: "block", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { page, errors };
}

/** The page, open in a profile of its own. */
export async function openPage(stage: Stage, options?: BrowserContextOptions): Promise<OpenPage> {
  const opened = await newPage(stage, options);
  await opened.page.goto(stage.url);
  return opened;
}

/** Waits until the model is there and everything on screen is scored by it. */
export async function ready(page: Page): Promise<void> {
  await page.waitForSelector('footer[data-model="ready"]', { timeout: MODEL_READY_MS });
  await scored(page);
}

/** Waits until nothing runs and every token of the strip but the first has its bits. */
export async function scored(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const isIdle = document.querySelector('footer[data-work="idle"]') !== null;
      const tokens = [...document.querySelectorAll<HTMLElement>("#strip [data-i]")];
      return (
        isIdle &&
        tokens.every(
          (token) => token.getAttribute("data-i") === "0" || token.getAttribute("data-na") === null,
        )
      );
    },
    undefined,
    { timeout: MODEL_READY_MS },
  );
}

export interface Runs {
  readonly model: number;
  readonly head: number;
}

/** How much the model has computed so far, as the page counts it. */
export async function runs(page: Page): Promise<Runs> {
  const footer = page.locator("footer.status");
  return {
    model: Number(await footer.getAttribute("data-model-runs")),
    head: Number(await footer.getAttribute("data-head-runs")),
  };
}

export const token = (page: Page, position: number): Locator =>
  page.locator(`#strip [data-i="${position}"]`);

export const shown = (page: Page): Locator => page.locator('#strip [aria-current="true"]');

export const candidates = (page: Page): Locator => page.locator("#candidates [role=option]");

export const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole("button", { name }).filter({ visible: true });

/** Names of the tokens of the strip, "next" left out: what a screen reader hears. */
export async function tokenNames(page: Page): Promise<string[]> {
  return page
    .locator("#strip [data-i][title]")
    .evaluateAll((tokens) => tokens.map((element) => element.getAttribute("aria-label") ?? ""));
}

/** The tokens' ids, from what a pointer shows over each. */
export async function tokenIds(page: Page): Promise<number[]> {
  const titles = await page
    .locator("#strip [data-i][title]")
    .evaluateAll((tokens) => tokens.map((element) => element.getAttribute("title") ?? ""));
  return titles.map((title) => Number(/id (\d+)/.exec(title)?.[1]));
}

/** Fails with the page's own words where it has met a problem. */
export async function expectNoProblem(page: Page): Promise<void> {
  expect(await page.getByRole("alert").allInnerTexts()).toEqual([]);
}
