// A conversation leaves the page and comes back: as a link in a fresh profile, as files that other programs read, and from the list.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { formatBits, formatCount, parseSessionFile } from "@tokenscope/core";
import papaparse from "papaparse";
import type { Download, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  button,
  expectNoProblem,
  newPage,
  type OpenPage,
  openPage,
  openStage,
  ready,
  type Stage,
  scored,
  token,
  tokenIds,
  tokenNames,
} from "./browser.ts";
import { mouse } from "./hands.ts";

const MESSAGE = 'Say "one, two".';

let stage: Stage;
let own: OpenPage;
beforeAll(async () => {
  stage = await openStage();
  own = await openPage(stage);
  await ready(own.page);
  await writeConversation(own.page);
});
afterAll(() => stage.close());

/** A message, three tokens of a reply, and a branch that parts at the second. */
async function writeConversation(page: Page): Promise<void> {
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write(MESSAGE);
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await scored(page);
  for (const rank of [1, 2, 1]) {
    await hand.choose(rank);
    await scored(page);
  }
  const last = (await tokenIds(page)).length - 1;
  await hand.show(last - 1);
  await hand.choose(3);
  await scored(page);
}

async function open(page: Page, name: "Share" | "Export" | "Open"): Promise<void> {
  await page.getByRole("banner").getByRole("button", { name, exact: true }).click();
  await page.getByRole("dialog", { name }).waitFor();
}

async function savedBy(page: Page, name: string): Promise<Download> {
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name, exact: true }).click();
  return coming;
}

async function textOf(download: Download): Promise<string> {
  return readFile(await download.path(), "utf8");
}

test("a link gives the same tokens at once and the same numbers with the model, in a fresh profile", async () => {
  const { page } = own;
  await open(page, "Share");
  const link = await page.getByLabel("Link to this conversation").inputValue();
  await page.keyboard.press("Escape");
  expect(link.length).toBeLessThan(1_500);
  const [ids, names] = [await tokenIds(page), await tokenNames(page)];
  const at = await page.locator('#strip [aria-current="true"]').getAttribute("data-i");

  const other = await newPage(stage);
  await other.page.goto(link);
  await token(other.page, ids.length - 1).waitFor();
  expect(await tokenIds(other.page)).toEqual(ids);
  await ready(other.page);
  expect(await tokenNames(other.page)).toEqual(names);
  expect(await other.page.getByRole("radio").count()).toBe(2);
  expect(await other.page.locator('#strip [aria-current="true"]').getAttribute("data-i")).toBe(at);
  await expectNoProblem(other.page);
  expect(other.errors).toEqual([]);
  await other.page.context().close();
});

test("the copied commands run in a terminal and give the page's own numbers", async () => {
  const { page } = own;
  await open(page, "Share");
  const [score, reply] = await Promise.all(
    ["Scores of this branch", "The reply"].map((name) => page.getByLabel(name).inputValue()),
  );
  await page.keyboard.press("Escape");
  const { tokens } = JSON.parse(await commandOutput(`${score} --json`));
  const names = await tokenNames(page);
  const words = tokens.map(({ surprisalBits, rank }: { surprisalBits: number; rank: number }) =>
    surprisalBits === null
      ? "no prediction"
      : `${formatBits(surprisalBits)} bits, rank ${formatCount(rank)}`,
  );
  for (const [i, measure] of words.entries()) expect(names[i]).toContain(measure);
  const { ids } = JSON.parse(await commandOutput(`${reply} --json`));
  expect(ids).toHaveLength(2); // as long as the reply here, whose second token was chosen by hand
});

/** What a command prints; its first two words are the program's. */
async function commandOutput(command: string | undefined): Promise<string> {
  const [, , ...words] = (command ?? "").split(" ");
  const program = fileURLToPath(new URL("../../../cli/tokenscope.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words]);
  return stdout;
}

test("a neighbour's link says where the two part and why, and both sides have their numbers", async () => {
  const { page } = own;
  await open(page, "Share");
  const link = await page.getByLabel("Link to this conversation").inputValue();
  await page.keyboard.press("Escape");
  const names = await tokenNames(page);
  await page.getByRole("radio").first().click();
  await open(page, "Open");
  await page.getByLabel("Link", { exact: true }).fill(link);
  await button(page, "Beside mine: the link").click();
  const drawer = page.getByRole("region", { name: "Neighbour" });
  const at = names.length - 1;
  await drawer.getByText(`They part at position ${at}.`).waitFor();
  await drawer.getByText("A person stepped in").waitFor();
  await drawer.getByText(/in yours: .+, rank 2; .+, rank 3\./).waitFor();
  const theirs = drawer.getByRole("region", { name: /^Theirs/ }).locator(".tok");
  const bits = /([\d.]+) bits/.exec(names[at] ?? "")?.[1];
  await theirs.and(page.locator(`[title*="${bits} bits"]`)).waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "detached" });
  await page.getByRole("radio").last().click();
});

test("the exported files are read by other programs, and each says its model, precision and backend", async () => {
  const { page } = own;
  const ids = await tokenIds(page);
  await open(page, "Export");
  await button(page, "Whole branch").click();

  const csv = await textOf(await savedBy(page, "Table as CSV"));
  const { data, errors } = papaparse.parse(csv.replace("\ufeff", ""), {
    header: true,
    skipEmptyLines: true,
  });
  expect(errors).toEqual([]);
  expect(data.map((row) => Number(row["tokenId"]))).toEqual(ids);
  expect(data.every((row) => row["precision"] === "exact" && row["backend"] === "wasm")).toBe(true);
  expect(
    data
      .slice(1)
      .every((row) => Number(row["surprisalBits"]) >= 0 && row["top10Token"] !== undefined),
  ).toBe(true);

  const json = JSON.parse(await textOf(await savedBy(page, "Scores as JSON")));
  expect(json.tokens.map((entry: { id: number }) => entry.id)).toEqual(ids);
  expect(json.model).toMatchObject({ precision: "exact", backend: "wasm" });

  for (const name of ["Tokens as SVG", "Chart as SVG"]) {
    const svg = await textOf(await savedBy(page, name));
    const root = await page.evaluate(
      (text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement.nodeName,
      svg,
    );
    expect(root).toBe("svg");
    expect(svg).toContain("exact, wasm");
  }
  for (const name of ["Tokens as PNG", "Chart as PNG"]) {
    const png = await readFile(await (await savedBy(page, name)).path());
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(1520); // twice 760 pixels
  }

  const file = parseSessionFile(await textOf(await savedBy(page, "Save conversation")));
  expect(file.document.branches).toHaveLength(2);
  expect(file.scores.size).toBe(file.document.nodes.length);
  await page.keyboard.press("Escape");
  expect(own.errors).toEqual([]);
});

test("a conversation that was left is in the list, and a file opens beside nothing lost", async () => {
  const { page } = own;
  const names = await tokenNames(page);
  await open(page, "Export");
  const file = await (await savedBy(page, "Save conversation")).path();
  await page.keyboard.press("Escape");
  await mouse(page).newConversation();
  await open(page, "Open");
  const line = page.getByRole("listitem").filter({ hasText: "Say" });
  await line.getByRole("button").first().click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await scored(page);
  expect(await tokenNames(page)).toEqual(names);

  await mouse(page).newConversation();
  await open(page, "Open");
  await page.getByLabel("Conversation file").setInputFiles({
    name: "mine.tokenscope.json",
    mimeType: "application/json",
    buffer: await readFile(file),
  });
  await scored(page);
  expect(await tokenNames(page)).toEqual(names);
  await open(page, "Open");
  await button(page, "Clear all").click();
  await button(page, "Delete all").click();
  await page.getByText("None yet.").waitFor();
  await page.keyboard.press("Escape");
});
