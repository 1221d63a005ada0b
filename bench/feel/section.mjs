// Section "Feel": how soon the real page answers a hand, measured inside the page until the answer is painted.

import { openChromium } from "../browser/chromium.mjs";
import { engineWords, modelReadyIn, openPageServer, PATIENCE_MS } from "../page/real-page.mjs";
import { interleave } from "../statistics.mjs";
import { frames, hand } from "./hand.mjs";

const VIEWPORT = { width: 1440, height: 900 };
const QUERIES = ["dragon", "blue", "water", "lic", "grant", "work", "paris", "seven", "you", "zip"];

/** Spreads in ms: the first screen, and for each conversation a click, a search, a chosen candidate, a frame of scrolling. */
export async function measureFeel({ plan, feelTexts, ...bench }) {
  const server = await openPageServer(bench);
  const browser = await openChromium();
  try {
    const opened = [];
    for (const { name, text } of feelTexts) {
      opened.push({ name, ...(await openConversation(browser, server.url, text)) });
    }
    const measurements = [
      { name: "first screen", run: () => firstScreen(browser, server.url) },
      ...opened.map(({ name, page }) => ({ name, run: (round) => handled(page, round) })),
    ];
    const spreads = await interleave(measurements, plan);
    const [{ page }] = opened;
    const tokens = Object.fromEntries(opened.map(({ name, length }) => [name, length]));
    return { engine: await engineWords(page), chromium: browser.version(), tokens, spreads };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** A page in a profile of its own, exact, with one message; its answer is not written yet. */
async function openConversation(browser, url, text) {
  const page = await openPage(browser);
  await page.goto(url);
  await modelReadyIn(page, "exact");
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "End turn" }).click();
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  const length = await page.waitForFunction(() => {
    const tokens = [...document.querySelectorAll("#strip [data-i][title]")];
    const isScored = tokens.every(({ dataset }) => dataset.i === "0" || dataset.na === undefined);
    return document.querySelector('footer[data-work="idle"]') && isScored && tokens.length;
  });
  return { page, length: await length.jsonValue() };
}

async function openPage(browser) {
  const context = await browser.newContext({ viewport: VIEWPORT, serviceWorkers: "block" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

/** From the address to the first paint with something in it, and to the first tokens on screen. */
async function firstScreen(browser, url) {
  const page = await openPage(browser);
  try {
    await page.goto(url, { waitUntil: "commit" });
    const tokensMs = await page.waitForFunction(
      () => document.querySelector("#strip [data-i]") !== null && performance.now(),
    );
    const paintMs = await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    return { paintMs: await paintMs.jsonValue(), tokensMs: await tokensMs.jsonValue() };
  } finally {
    await page.context().close();
  }
}

/** One of each gesture; throws where a click ran the model. */
async function handled(page, round) {
  const before = await modelRuns(page);
  const act = async (gesture, argument) => await page.evaluate(hand, { gesture, argument });
  const clickMs = await act("click", 20 + 7 * round);
  const searchMs = await act("search", QUERIES[round % QUERIES.length]);
  const runs = (await modelRuns(page)) - before;
  if (runs !== 0) throw new Error(`bench: a click and a search ran the model ${runs} times`);
  await act("end");
  const nextMs = await act("choose", round % 3);
  await act("undo");
  const { median, slowShare } = await page.evaluate(frames);
  return { clickMs, searchMs, nextMs, frameMs: median, slowFrames: slowShare };
}

async function modelRuns(page) {
  return Number(await page.locator("footer.status").getAttribute("data-model-runs"));
}
