// The first visit: the recorded example is there and answers before anything of the model is asked for.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPage, openStage, ready, type Stage, token } from "./browser.ts";

const BUDGET_BYTES = 250_000;
const PROBE = 60; // a token of the recorded reply

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

test("a cold page paints the recorded strip and answers a click within 250 kB, model and WASM untouched", async () => {
  const { page, errors } = await newPage(stage);
  const bodies: Promise<{ url: string; gzipBytes: number }>[] = [];
  page.on("response", (response) => {
    const gzipped = async () => {
      const body = await response.body().catch(() => Buffer.alloc(0)); // the model's may still be under way
      return { url: response.url(), gzipBytes: gzipSync(body).length };
    };
    if (!/\.(gguf|wasm)/.test(response.url())) bodies.push(gzipped());
  });
  // Clicks as soon as the strip is painted, and notes what had been asked for when the panel answered.
  await page.addInitScript((position) => {
    const clicked = new MutationObserver(() => {
      const element = document.querySelector<HTMLElement>(`#strip [data-i="${position}"]`);
      if (element === null) return;
      clicked.disconnect();
      element.click();
      const answered = new MutationObserver(() => {
        const heading = document.querySelector(".dist h2")?.textContent ?? "";
        if (!heading.includes(String(position))) return;
        answered.disconnect();
        const asked = performance.getEntriesByType("resource").map((entry) => entry.name);
        Object.assign(window, { askedBeforeAnswer: asked });
      });
      answered.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    clicked.observe(document, { subtree: true, childList: true });
  }, PROBE);
  await page.goto(stage.url);
  const asked = await page.waitForFunction(
    () => (window as unknown as { askedBeforeAnswer?: string[] }).askedBeforeAnswer,
  );
  const names = (await asked.jsonValue()) as string[];
  expect(names.filter((name) => /gguf|wasm|models\.json|model-worker/.test(name))).toEqual([]);
  const loaded = await Promise.all(bodies);
  const before = loaded.filter(({ url }) => names.includes(url) || url === `${stage.url}/`);
  expect(before.length).toBeGreaterThan(2);
  const total = before.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  expect(total).toBeLessThan(BUDGET_BYTES);
  await ready(page);
  expect(await token(page, PROBE).getAttribute("aria-current")).toBe("true");
  expect(errors).toEqual([]);
  await page.context().close();
});
