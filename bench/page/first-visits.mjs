// First visits to the real page, in either precision: browser profiles that know what the page is to run in, and hold no model.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openChromiumProfile } from "../browser/chromium.mjs";
import { BENCH } from "../install.mjs";
import {
  engineWords,
  modelReady,
  openPageServer,
  PATIENCE_MS,
  switchPrecision,
} from "./real-page.mjs";

const PROFILES = join(BENCH, ".tmp/profiles");
const SAVED_AFTER_MS = 2_000; // the page writes its state 0.4 s after a change

/**
 * Builds and serves the page, hands `work` the ways into it as if for the first time, and closes everything.
 * @typedef {{ page: import("playwright-core").Page, browser: import("playwright-core").Browser, close: () => Promise<void> }} Visit
 * @typedef {{ url: string, engine: string, open: (precision: string) => Promise<Visit> }} FirstVisits
 * @param {(visits: FirstVisits) => Promise<object>} work
 */
export async function withFirstVisits({ bundles, model }, work) {
  const server = await openPageServer({ bundles, model });
  const chosen = newFolder();
  try {
    const { usual, engine } = await chooseOther(server.url, chosen);
    const open = (precision) => openOnce(precision === usual ? newFolder() : copied(chosen));
    return await work({ url: server.url, engine, open });
  } finally {
    rmSync(chosen, { recursive: true });
    await server.close();
  }
}

/**
 * What the page runs in by itself needs an empty profile. For the other precision, this one: it is chosen there once, as a person
 * would, and then everything but the page's own state is forgotten.
 */
async function chooseOther(url, folder) {
  const { page, close } = await openVisit(folder);
  try {
    await page.goto(url);
    const usual = await modelReady(page);
    const engine = await engineWords(page);
    await switchPrecision(page, usual === "exact" ? "compact" : "exact");
    await page.waitForTimeout(SAVED_AFTER_MS);
    await forgetFiles(page, url);
    return { usual, engine };
  } finally {
    await close();
  }
}

async function openVisit(folder) {
  const context = await openChromiumProfile(folder);
  const [page] = context.pages();
  page.setDefaultTimeout(PATIENCE_MS);
  return { page, browser: context.browser(), close: () => context.close() };
}

/** A visit whose profile goes when it is closed. */
async function openOnce(folder) {
  const visit = await openVisit(folder);
  const close = async () => {
    await visit.close();
    rmSync(folder, { recursive: true });
  };
  return { ...visit, close };
}

/** Drops the model file and whatever was prepared from it, wherever the page or the browser may have kept it. */
async function forgetFiles(page, url) {
  await page.goto("about:blank"); // whose worker holds no file open
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await session.send("Storage.clearDataForOrigin", {
    origin: new URL(url).origin,
    storageTypes: "cache_storage,file_systems,service_workers",
  });
  await session.detach();
}

function newFolder() {
  mkdirSync(PROFILES, { recursive: true });
  return mkdtempSync(join(PROFILES, "visit-"));
}

function copied(folder) {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}
