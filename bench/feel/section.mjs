// Section "Feel": how soon the real page answers a hand, measured inside the page until the answer is painted.

import { openChromium } from "../browser/chromium.mjs";
import { engineWords, modelReadyIn, openPageServer, PATIENCE_MS } from "../page/real-page.mjs";
import { within } from "../patience.mjs";
import { interleave } from "../statistics.mjs";
import { frames, hand } from "./hand.mjs";

const BUILD_MS = 300_000; // of the page, on a slow machine
const OPEN_MS = 2 * PATIENCE_MS; // the model, then a long message
const GESTURE_MS = 30_000; // longer than the page itself waits for an answer, which says more
const CLOSE_MS = 30_000;
const VIEWPORT = { width: 1440, height: 900 };
const QUERIES = ["dragon", "blue", "water", "lic", "grant", "work", "paris", "seven", "you", "zip"];

/** Spreads in ms: the first screen, and for each conversation a click, a search, a chosen candidate, a frame of scrolling. */
export async function measureFeel({ plan, feelTexts, ...bench }) {
  const server = await within(BUILD_MS, "building the page and serving it", openPageServer(bench));
  let browser;
  try {
    browser = await within(BUILD_MS, "starting Chromium", openChromium());
    const opened = [];
    for (const { name, text } of feelTexts) {
      const opening = openConversation(browser, server.url, text);
      opened.push({ name, ...(await within(OPEN_MS, `opening ${name}`, opening)) });
    }
    const measurements = [
      {
        name: "first screen",
        run: () => within(PATIENCE_MS, "the first screen", firstScreen(browser, server.url)),
      },
      ...opened.map(({ name, page }) => ({ name, run: (round) => handled(page, name, round) })),
    ];
    const spreads = await interleave(measurements, plan);
    const [{ page }] = opened;
    const tokens = Object.fromEntries(opened.map(({ name, length }) => [name, length]));
    const engine = await within(GESTURE_MS, "reading the engine", engineWords(page));
    return { engine, chromium: browser.version(), tokens, spreads };
  } finally {
    if (browser !== undefined) await within(CLOSE_MS, "closing Chromium", browser.close());
    await within(CLOSE_MS, "closing the server", server.close());
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
async function handled(page, name, round) {
  const before = await modelRuns(page);
  // An evaluation has no limit of its own.
  const act = (gesture, argument) =>
    within(GESTURE_MS, `"${gesture}" in ${name}`, page.evaluate(hand, { gesture, argument }));
  const clickMs = await act("click", 20 + 7 * round);
  const searchMs = await act("search", QUERIES[round % QUERIES.length]);
  const runs = (await modelRuns(page)) - before;
  if (runs !== 0) throw new Error(`bench: a click and a search ran the model ${runs} times`);
  await act("end");
  const nextMs = await act("choose", round % 3);
  await act("undo");
  const scrolling = page.evaluate(frames);
  const { median, slowShare } = await within(GESTURE_MS, `scrolling ${name}`, scrolling);
  return { clickMs, searchMs, nextMs, frameMs: median, slowFrames: slowShare };
}

/** How often the model has run, as the page counts it; throws where it does not say, for a missing count would pass for none. */
async function modelRuns(page) {
  const count = await page.locator("footer.status").getAttribute("data-model-runs");
  if (count === null || !/^\d+$/.test(count)) {
    throw new Error(`bench: the page's status bar has no data-model-runs but ${count}`);
  }
  return Number(count);
}
