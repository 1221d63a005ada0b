// Takes the pictures of docs/screens from a running page: node scripts/screens.mjs http://127.0.0.1:8376 [folder]
// Desktop and phone, light and dark, empty and working.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { chromiumPath } from "./chromium.mjs";

const [url, folder = fileURLToPath(new URL("../docs/screens", import.meta.url))] =
  process.argv.slice(2);
const DEVICES = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};
const MODEL_READY_MS = 120_000;
const REPLY_START = 40;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-gpu"],
});
for (const [device, options] of Object.entries(DEVICES)) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const shoot = async (state) => {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((value) => {
        document.documentElement.setAttribute("data-theme", value);
      }, theme);
      await page.waitForTimeout(300); // backgrounds fade for 120 ms
      await page.screenshot({ path: join(folder, `${device}-${theme}-${state}.png`) });
    }
  };
  await page.goto(url);
  await page.waitForSelector('footer[data-model="ready"]', { timeout: MODEL_READY_MS });
  await idle(page);
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.locator(".brand").hover();
  await page.evaluate(() => document.activeElement.blur());
  await page.waitForTimeout(500);
  await shoot("empty");
  await work(page, device);
  await shoot("working");
  await context.close();
}
await browser.close();

/** The lab's story, drawn as the settings say, with an unlikely beginning as a branch and a span. */
async function work(page, device) {
  const tab = async (name) => {
    if (device === "phone") await page.getByRole("tab", { name }).click();
  };
  await tab("Sampling");
  await page.getByLabel("Temperature").fill("0.7");
  await page.getByLabel("Top-p").fill("0.9");
  await page.getByLabel("seed").fill("3");
  await tab("Write");
  await page.getByLabel("Message").fill("Write a one-paragraph story about a dragon.");
  await page.getByRole("button", { name: /^End turn/ }).click();
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await generate(page);
  await page.locator(`#strip [data-i="${REPLY_START + 10}"]`).click();
  await tab("Next token");
  await page.locator("#candidates [role=option]").nth(4).click();
  await idle(page);
  await generate(page);
  await page.locator(`#strip [data-i="${REPLY_START + 13}"]`).click();
  await page.locator(`#strip [data-i="${REPLY_START + 18}"]`).click({ modifiers: ["Shift"] });
  await page.locator("h1, .brand").first().hover();
  await tab("Next token");
}

async function generate(page) {
  await idle(page);
  await page
    .getByRole("button", { name: /^Generate/ })
    .filter({ visible: true })
    .click();
  await page.waitForSelector('footer[data-work="generating"]');
  await idle(page);
}

function idle(page) {
  return page.waitForFunction(
    () =>
      document.querySelector('footer[data-work="idle"]') !== null &&
      document.querySelectorAll("#strip [data-na]").length <= 1,
    undefined,
    { timeout: MODEL_READY_MS },
  );
}
