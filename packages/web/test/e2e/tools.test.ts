// Tools with a tiny model whose template writes them: definitions, a call, its result, and all of it after a reload.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { button, newPage, openStage, ready, type Stage } from "./browser.ts";
import { mouse } from "./hands.ts";
import { TOOLS_TEMPLATE, tinyChat } from "./tiny-chat.ts";

let stage: Stage;
let folder: string;
beforeAll(async () => {
  const { bytes, sha256 } = tinyChat(TOOLS_TEMPLATE);
  folder = mkdtempSync(join(tmpdir(), "tokenscope-tools-"));
  const path = join(folder, "tiny.gguf");
  writeFileSync(path, bytes);
  const model = { id: "tiny", label: "Tiny", path, sizeBytes: bytes.length, sha256, licence: null };
  stage = await openStage({ models: [model] });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

/** What the tokens show, with spaces for their dots. */
async function stripText(page: Page): Promise<string> {
  const shown = await page.locator("#strip [data-i][title]").allTextContents();
  return shown.join("").replaceAll("·", " ");
}

test("tools are defined, called and answered, and a reload keeps them", async () => {
  const { page, errors } = await newPage(stage);
  const hand = mouse(page);
  await page.goto(stage.url);
  await ready(page);
  await page.getByRole("button", { name: "Tools", exact: true }).click();
  const field = page.getByLabel("Definitions, JSON");
  await field.fill('[{"name": 3}]');
  await page.getByText("[0].name is 3 and must be 1 to 64 letters").waitFor();
  expect(await button(page, "Define").getAttribute("aria-disabled")).toBe("true");
  await field.fill('[{"name": "rows", "parameters": {"properties": {"n": {"type": "integer"}}}}]');
  await page.getByText("1 tool: rows").waitFor();
  await button(page, "Define").click();
  await button(page, "Tools 1").waitFor();
  await hand.write("How many?");
  await ready(page);
  await page.getByLabel("Role").selectOption("tool call");
  expect(await page.getByLabel("Message").inputValue()).toBe('{"name":"rows","arguments":{"n":0}}');
  await button(page, /^End turn/).click();
  await hand.write('{"rows": 3}', "tool");
  await ready(page);
  const written = [
    '<tools>[{"type": "function", "function": {"name": "rows", "parameters": {"properties": {"n": {"type": "integer"}}}}}]</tools><|end|>',
    "user: How many?<|end|>",
    'assistant: <call>{"name": "rows", "arguments": {"n": 0}}</call><|end|>',
    'tool: {"rows": 3}<|end|>',
    "assistant: ",
  ].join("");
  await expect.poll(() => stripText(page)).toBe(written);
  await page.waitForTimeout(1_000); // the page saves a moment after a change
  await page.reload();
  await ready(page);
  expect(await stripText(page)).toBe(written);
  await button(page, "Tools 1").waitFor();
  expect(errors).toEqual([]);
});
