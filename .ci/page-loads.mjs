// Opens the page of a running server in Chromium: it must be isolated, show its main part and report no error. `node .ci/page-loads.mjs http://127.0.0.1:8376`

import { chromium } from "playwright-core";
import { chromiumPath } from "../scripts/chromium.mjs";

const [url] = process.argv.slice(2);
const executablePath = chromiumPath();
if (url === undefined || executablePath === null) {
  console.error(url === undefined ? "give the page's address" : "no Chromium was found");
  process.exit(2);
}

const problems = [];
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
  ],
});
try {
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("requestfailed", (request) => problems.push(`${request.url()} failed`));
  await page.goto(url, { waitUntil: "load" });
  await page.waitForSelector("main", { state: "visible", timeout: 10_000 });
  if (!(await page.evaluate(() => crossOriginIsolated))) problems.push("the page is not isolated");
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
