// A Chromium of our own for measuring: found on the machine, headless, without a GPU, one process per page.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-gpu",
];

/** Opens a headless Chromium, or throws with the places looked at; the caller closes it. */
export async function openChromium() {
  return await chromium.launch(launchOptions());
}

/**
 * The same on a profile that stays on the disk in `folder`; the caller closes the context.
 * @returns {Promise<import("playwright-core").BrowserContext>}
 */
export async function openChromiumProfile(folder) {
  return await chromium.launchPersistentContext(folder, launchOptions());
}

function launchOptions() {
  const executablePath = process.env.TOKENSCOPE_CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `bench: no Chromium at ${PLACES.join(", ")}; install one or name it in TOKENSCOPE_CHROMIUM`,
    );
  }
  return { executablePath, headless: true, args: FLAGS };
}
