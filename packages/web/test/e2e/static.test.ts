// The built page on a plain file server, in a folder of its own: isolated or on one thread, offline, another model, one's own file.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referencePath } from "../../../../fixtures/index.ts";
import {
  button,
  DESKTOP,
  newPage,
  openStage,
  ready,
  type Stage,
  shown,
  tokenIds,
} from "./browser.ts";
import { type FileServer, type OtherFiles, openFileServer } from "./file-server.ts";
import { mouse } from "./hands.ts";
import { tinyChat } from "./tiny-chat.ts";

const FOLDER = fileURLToPath(new URL("../../dist", import.meta.url));
const WITH_WORKERS = { ...DESKTOP, serviceWorkers: "allow" } as const;
const BASE_MODEL = readFileSync(referencePath("tiny/llama-tied.gguf"));
const chat = tinyChat();

let stage: Stage;
let host: FileServer;
beforeAll(async () => {
  stage = await openStage({ models: [] });
  host = await openFileServer(FOLDER, hostedModel());
});
afterAll(async () => {
  await host.close();
  await stage.close();
});

/** What `npm run build -- --with-model` puts beside the page. */
function hostedModel(): OtherFiles {
  const url = "models/tiny.gguf";
  const model = { id: "tiny", label: "Tiny", sha256: chat.sha256, licence: null, url };
  const models = [{ ...model, sizeBytes: chat.bytes.length }];
  return new Map<string, Buffer | string>([
    ["models.json", JSON.stringify({ models })],
    [url, Buffer.from(chat.bytes)],
  ]);
}

const engine = (page: Page) => page.locator("footer .engine");
const status = (page: Page) => page.locator("footer button.model");
const alert = (page: Page) => page.getByRole("alert");
const dialog = (page: Page) => page.getByRole("dialog", { name: "Models" });

/** What an element says. */
const words = (locator: Locator) => locator.textContent();

/** Waits until this browser keeps a version of the page whose name has these words. */
async function kept(page: Page, name = "tokenscope-page"): Promise<void> {
  const hasPage = (part: string) =>
    page.evaluate(async (word) => {
      const names = (await caches.keys()).filter((key) => key.includes(word));
      const pages = await Promise.all(names.map((key) => caches.match("./", { cacheName: key })));
      return pages.some((found) => found !== undefined);
    }, part);
  await expect.poll(() => hasPage(name), { timeout: 15_000 }).toBe(true);
}

test("on a plain file server the page isolates itself, needs no network from then on, and follows its host", async () => {
  const { page, errors } = await newPage(stage, WITH_WORKERS);
  const context = page.context();
  await page.goto(host.url);
  await ready(page);
  expect(await words(engine(page))).toMatch(/^WASM, [2-8] threads$/);
  await kept(page);
  await mouse(page).newConversation();
  await mouse(page).write("abc");
  await ready(page);
  const ids = await tokenIds(page);
  expect(ids.length).toBeGreaterThan(3);
  await page.waitForTimeout(1_000); // the page saves a moment after a change
  expect(errors).toEqual([]);

  await context.setOffline(true);
  await page.reload();
  await ready(page);
  expect(await words(engine(page))).toMatch(/threads$/);
  expect(await tokenIds(page)).toEqual(ids);
  await button(page, /^Step/).click();
  await expect.poll(async () => (await tokenIds(page)).length).toBe(ids.length + 1);
  await status(page).click(); // what is loaded when it is first opened was kept too
  await dialog(page).getByText("in use").waitFor();

  await context.setOffline(false);
  const newer = await newerPage(page);
  await page.goto(host.url);
  expect(await page.title()).toMatch(/^Newer/);
  await kept(page, newer);
  await context.setOffline(true);
  await page.reload();
  expect(await page.title()).toMatch(/^Newer/);
  await ready(page);
  await context.close();
  host.others.delete("index.html");
  host.others.delete("service-worker.js");
});

/** Puts a newer build of the page on the host; its version comes back. */
async function newerPage(page: Page): Promise<string> {
  const names = await page.evaluate(() => caches.keys());
  const version = names
    .find((name) => name.startsWith("tokenscope-page"))
    ?.split(" ")
    .at(-1);
  if (version === undefined) throw new Error("no version of the page is kept");
  const read = (name: string) => readFileSync(`${FOLDER}/${name}`, "utf8");
  host.others.set("index.html", read("index.html").replace("<title>", "<title>Newer "));
  host.others.set("service-worker.js", read("service-worker.js").replace(version, "newer"));
  return "newer";
}

test("where there are no service workers it runs on one thread and says so; a dropped GGUF file is offered, and a model with terms waits", async () => {
  const { page, errors } = await newPage(stage);
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
  });
  await page.goto(host.url);
  await ready(page);
  expect(await words(engine(page))).toBe("WASM, 1 thread");
  expect(await engine(page).getAttribute("title")).toContain("One thread");
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["GGUF"], "dropped.gguf"));
    const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector("main")?.dispatchEvent(drop);
  });
  await dialog(page).getByText("dropped.gguf").waitFor();
  await button(page, "Not now").click();
  const gemma = button(page, /^Use Gemma/);
  expect(await gemma.getAttribute("aria-disabled")).toBe("true");
  await page.getByRole("checkbox", { name: /^I accept/ }).check();
  expect(await gemma.getAttribute("aria-disabled")).toBe("false");
  expect(errors).toEqual([]);
  await page.context().close();
});

test("a file of one's own runs unsent, can be kept and deleted, and one that is no model leaves the one that runs", async () => {
  const { page, errors } = await newPage(stage, WITH_WORKERS);
  await page.goto(host.url);
  await ready(page);
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.method() !== "GET") sent.push(request.url());
  });
  const pick = async (name: string, buffer: Buffer): Promise<void> => {
    await status(page).click();
    const file = { name, mimeType: "application/octet-stream", buffer };
    await page.getByLabel("GGUF file").setInputFiles(file);
    await button(page, "Use this file").click();
    await ready(page);
  };
  await pick("cut.gguf", BASE_MODEL.subarray(0, 100));
  await expect.poll(() => words(alert(page))).toMatch(/readGguf.*Tiny still runs\./s);
  await pick("mine.gguf", BASE_MODEL);
  await expect.poll(() => words(status(page))).toBe("mine");
  await expect.poll(() => words(page.locator(".notice"))).toMatch(/has no chat template/);
  await mouse(page).write("abc", "text");
  await page.getByRole("group", { name: "text turn" }).waitFor();
  await ready(page);

  await shown(page).focus();
  await page.keyboard.press("m");
  await button(page, "Keep in this browser").click();
  await dialog(page)
    .getByText(/your own file, kept/)
    .waitFor();
  await page.keyboard.press("Escape");
  await page.waitForTimeout(1_000); // the page saves a moment after a change
  await page.reload();
  await ready(page);
  expect(await words(status(page))).toBe("mine");
  await status(page).click();
  await button(page, "Delete mine from this browser").click();
  await expect.poll(() => button(page, /^Delete mine/).count()).toBe(0);
  await button(page, "Use Tiny").click();
  await expect.poll(() => words(status(page))).toBe("Tiny");
  expect(sent).toEqual([]);
  expect(errors).toEqual([]);
  await page.context().close();
});
