// WebGPU on the whole page, with a tiny model on Chromium's software adapter: chosen by a person, and lost.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page, Worker } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { button, newPage, openStage, ready, type Stage, scored, tokenIds } from "./browser.ts";
import { mouse } from "./hands.ts";
import { tinyChat } from "./tiny-chat.ts";

let stage: Stage;
let folder: string;
beforeAll(async () => {
  const { bytes, sha256 } = tinyChat();
  folder = mkdtempSync(join(tmpdir(), "tokenscope-tiny-"));
  const path = join(folder, "tiny.gguf");
  writeFileSync(path, bytes);
  const model = { id: "tiny", label: "Tiny", path, sizeBytes: bytes.length, sha256, licence: null };
  stage = await openStage({ models: [model], hasGpu: true });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

/** Keeps the GPU device of each worker that gets one, so that the test can destroy it as a driver's reset does. */
function keepDevices(page: Page): { newest(): Worker } {
  const workers: Worker[] = [];
  page.on("worker", (worker) => {
    if (!worker.url().includes("model-worker")) return;
    workers.push(worker);
    void worker.evaluate(() => {
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await requestDevice.apply(this, args);
        Object.assign(self, { device });
        return device;
      };
    });
  });
  return {
    newest() {
      const worker = workers.at(-1);
      if (worker === undefined) throw new Error("no worker was started");
      return worker;
    },
  };
}

test("WebGPU is offered, runs when chosen, and when its device is lost WASM goes on with the document intact", async () => {
  const { page, errors } = await newPage(stage);
  const devices = keepDevices(page);
  const hand = mouse(page);
  await page.goto(stage.url);
  await ready(page);
  const engine = page.getByLabel("Engine");
  const chosen = () =>
    engine.evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text);
  expect(await chosen()).toMatch(/^WASM, \d+ threads?$/);
  expect(await engine.getAttribute("title")).toMatch(
    /^WASM, because WebGPU is emulated in software/,
  );
  await button(page, "Dismiss").click(); // the recorded example is of another model's tokens
  await hand.newConversation();
  await hand.write("Hi");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await scored(page);
  const prompt = await tokenIds(page);
  const likeliest = await page.locator("#candidates").textContent();

  await engine.selectOption("webgpu");
  await page.waitForSelector('footer[data-model="preparing"]');
  await ready(page);
  expect(await chosen()).toBe("WebGPU");
  expect(await page.locator("#candidates").textContent()).toBe(likeliest);
  await button(page, /^Step/).click();
  await expect.poll(() => tokenIds(page)).toHaveLength(prompt.length + 1);
  await scored(page);
  const before = await tokenIds(page);

  const worker = devices.newest();
  await worker.evaluate(() => (self as unknown as { device: GPUDevice }).device.destroy());
  await button(page, /^Step/).click();
  await page.getByText("WebGPU was lost, so the model goes on in WASM.").waitFor();
  await expect.poll(() => tokenIds(page)).toHaveLength(before.length + 1);
  await scored(page);
  expect(await chosen()).toMatch(/^WASM, \d+ threads?$/);
  expect(await engine.getAttribute("title")).toMatch(/^WASM, because WebGPU was lost\./);
  expect((await tokenIds(page)).slice(0, before.length)).toEqual(before);
  await button(page, "Undo").click();
  await button(page, "Undo").click();
  expect(await tokenIds(page)).toEqual(prompt);
  expect(errors).toEqual([]);
  await page.context().close();
});

test("a graphics processor that gives no device leaves the kernel, and the status bar says why", async () => {
  const { page } = await newPage(stage);
  page.on("worker", (worker) => {
    if (!worker.url().includes("model-worker")) return;
    void worker.evaluate(() => {
      GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error("out of video memory"));
    });
  });
  await page.goto(stage.url);
  await ready(page);
  const engine = page.getByLabel("Engine");
  await engine.selectOption("webgpu");
  await page.waitForSelector('footer[data-model="preparing"]');
  await ready(page);
  expect(await engine.inputValue()).toBe("wasm");
  expect(await engine.getAttribute("title")).toBe(
    "WASM, because WebGPU could not prepare the model.",
  );
  await page.context().close();
});
