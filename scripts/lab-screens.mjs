// Takes the pictures of docs/lab.md from a running page: node scripts/lab-screens.mjs http://127.0.0.1:8376 [folder]
// One student's way through the lab, Part 1 to Part 4, with the real model.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { chromiumPath } from "./chromium.mjs";

const [url, folder = fileURLToPath(new URL("../docs/screens", import.meta.url))] =
  process.argv.slice(2);
const MODEL_READY_MS = 120_000;
const STEPS = 10;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-gpu"],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
await page.goto(url);
await page.waitForSelector('footer[data-model="ready"]', { timeout: MODEL_READY_MS });
await idle();
await press("New conversation");
await press("Lab guide");
await page.locator("#lab-guide .lab-part").first().waitFor();

const start = await partOne();
await shoot("1-document");
await partTwo(start);
await partThree(start);
await shoot("3-surprise");
await partFour(start);
await shoot("4-bits");
await worksheet();
await browser.close();

/** A message, and the markers around it. Returns where the reply begins. */
async function partOne() {
  await page.getByLabel("Message").fill("Write a one-paragraph story about a dragon.");
  await press(/^End turn/);
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await idle();
  const replyStart = await tokenCount();
  await token(replyStart - 6).click();
  await token(replyStart - 1).click({ modifiers: ["Shift"] });
  await write(
    "1.1",
    "My turn ends at <|im_end|> and a newline; <|im_start|>, “assistant” and a newline open the reply.",
  );
  await attach("1.1");
  return replyStart;
}

/** Ten times the most likely token, then another beginning. */
async function partTwo(replyStart) {
  await part(2);
  await token(replyStart).click();
  for (let i = 0; i < STEPS; i += 1) await choose(1);
  await token(replyStart).click();
  await token(replyStart + STEPS - 1).click({ modifiers: ["Shift"] });
  await write("2.1", "A coherent beginning, as in a fairy tale.");
  await attach("2.1");
  await shoot("2-most-likely");
  await press("Start over");
  await choose(5);
  for (let i = 0; i < STEPS; i += 1) await choose(1);
  await token(replyStart).click();
  await write("2.3", "Another story: after the strange start it is calm again.");
  await attach("2.3");
  await shoot("2-unlikely");
}

/** A reply of the model's own, and its most surprising place. */
async function partThree(replyStart) {
  await part(3);
  await press("Start over");
  await press("Generate response");
  await page.waitForSelector('footer[data-work="generating"]');
  await idle();
  await token(await surprising(replyStart)).click();
  await press("Along the text");
  await write("3.3", "Here: a lion or a ship would have fitted as well.");
  await attach("3.3");
}

/** Five tokens and their sum. */
async function partFour(replyStart) {
  await part(4);
  await press("Along the text");
  await token(replyStart + 5).click();
  await token(replyStart + 9).click({ modifiers: ["Shift"] });
  await write("4.2", "");
  await question("4.2").getByRole("button", { name: "Use my selection" }).click();
}

/** The file that is handed in. */
async function worksheet() {
  await page.getByRole("textbox", { name: "Name" }).fill("Ada");
  const [download] = await Promise.all([page.waitForEvent("download"), press("Save as HTML")]);
  const sheet = await context.newPage();
  await sheet.setViewportSize({ width: 820, height: 900 });
  await sheet.goto(`file://${await download.path()}`).catch(() => undefined);
  await sheet.setContent(await textOf(download));
  await sheet.screenshot({ path: join(folder, "lab-worksheet.png") });
}

async function textOf(download) {
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The position of the reply with the most bits. */
async function surprising(from) {
  const names = await page
    .locator("#strip [data-i][title]")
    .evaluateAll((all) => all.map((element) => element.getAttribute("aria-label") ?? ""));
  const bits = names.map((name) => Number(/([\d.]+) bits/.exec(name)?.[1] ?? 0));
  return bits.indexOf(Math.max(...bits.slice(from)), from);
}

async function choose(rank) {
  const before = await tokenCount();
  await page
    .locator("#candidates [role=option]")
    .nth(rank - 1)
    .click();
  await token(before).and(page.locator("[title]")).waitFor();
  await idle();
}

async function part(number) {
  await page.getByRole("button", { name: new RegExp(`^${number}\\. `) }).click();
  await page.locator("#lab-guide .lab-scroll").evaluate((element) => element.scrollTo(0, 0));
}

function question(number) {
  const answer = page.getByLabel(`Answer ${number}`, { exact: true });
  return page.locator(".lab-question").filter({ has: answer });
}

async function write(number, words) {
  await page.getByLabel(`Answer ${number}`, { exact: true }).fill(words);
}

async function attach(number) {
  await question(number)
    .getByRole("button", { name: /^Attach/ })
    .click();
}

async function shoot(name) {
  await page.locator(".brand").hover();
  await page.evaluate(() => document.activeElement.blur());
  await page.waitForTimeout(300); // backgrounds fade for 120 ms
  await page.screenshot({ path: join(folder, `lab-${name}.png`) });
}

function press(name) {
  return page.getByRole("button", { name }).filter({ visible: true }).first().click();
}

function token(position) {
  return page.locator(`#strip [data-i="${position}"]`);
}

function tokenCount() {
  return page.locator("#strip [data-i][title]").count();
}

function idle() {
  return page.waitForFunction(
    () =>
      document.querySelector('footer[data-work="idle"]') !== null &&
      document.querySelectorAll("#strip [data-na]").length <= 1,
    undefined,
    { timeout: MODEL_READY_MS },
  );
}
