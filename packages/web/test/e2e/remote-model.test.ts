// A model on another server beside the page's own, asked through the page's server: with the same model there the numbers are the same.

import { formatPercent, type NextJson } from "@tokenscope/core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  button,
  newPage,
  openStage,
  ready,
  runs,
  type Stage,
  scored,
  token,
  tokenIds,
} from "./browser.ts";
import { type CommandServer, commandJson, startCommandServer } from "./command-server.ts";
import { mouse } from "./hands.ts";

let stage: Stage; // for its browser
let other: CommandServer;
let server: CommandServer;
let page: Page;
let errors: readonly string[];
const asked: string[] = [];

beforeAll(async () => {
  stage = await openStage();
  other = await startCommandServer(["--precision", "exact"]);
  const beside = ["--engine", "openai", "--base-url", `${other.url}/v1`];
  server = await startCommandServer(["--precision", "exact", ...beside]);
  const opened = await newPage(stage);
  page = opened.page;
  errors = opened.errors;
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(server.url);
  await ready(page);
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await hand.write("The sky is blue because of Rayleigh scattering.", "assistant");
  await scored(page);
}, 120_000);
afterAll(async () => {
  await server.stop();
  await other.stop();
  await stage.close();
});

const select = () => page.getByLabel("Beside SmolLM2-135M-Instruct");
const cells = (rows: string): Promise<readonly (readonly string[])[]> =>
  page
    .locator(rows)
    .evaluateAll((all) =>
      all.map((row) =>
        [...row.querySelectorAll("th, td")].map((cell) => cell.textContent?.trim() ?? ""),
      ),
    );

test("what serve was told stands in the drawer, and the same model there gives the same numbers for no run here", async () => {
  expect(server.said()).toContain(`the page may ask smollm2-135m-instruct-q4_1 at ${other.url}/v1`);
  await token(page, 38).click();
  await page.keyboard.press("i");
  await page.getByRole("tab", { name: "Two engines" }).click();
  const host = new URL(other.url).host;
  await select().selectOption(`smollm2-135m-instruct-q4_1 at ${host}`);
  await page.getByText("the text before the place goes there").waitFor();
  const before = await runs(page);
  await button(page, "Ask smollm2-135m-instruct-q4_1 beside it").click();
  await page.locator(".engines .candidates tbody tr").first().waitFor();
  expect(await runs(page)).toEqual({ model: before.model, head: before.head + 1 });
  const rows = await cells(".engines .candidates tbody tr");
  expect(rows.length).toBeGreaterThanOrEqual(12);
  for (const [, rank, , p, otherRank, , otherP] of rows) {
    expect([otherRank, otherP]).toEqual([rank, p]);
  }
  const figures = await cells(".engines .figures tbody tr");
  expect(figures.map(([label]) => label)).toEqual([
    "entropy, bits",
    "the token that came",
    "its bits",
    "its bits a byte",
  ]);
  expect(figures[0]?.[2]).toBe("n/a");
  for (const [, own, remote] of figures.slice(1)) expect(remote).toBe(own);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<axe.AxeResults> } }).axe.run(),
  );
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
}, 60_000);

test("the other side is what `tokenscope next --engine openai` says of the same server", async () => {
  const context = (await tokenIds(page)).slice(0, 38).join(",");
  const there = ["--engine", "openai", "--base-url", `${other.url}/v1`];
  const { top } = await commandJson<NextJson>(["next", "--ids", context, "--top", "12", ...there]);
  const rows = await cells(".engines .candidates tbody tr");
  const listed = rows.filter(([, , , , rank]) => rank !== "");
  const byRank = listed.toSorted((a, b) => Number(a[4]) - Number(b[4]));
  expect(byRank.map((row) => [row[0]?.replaceAll("·", " "), row[6]])).toEqual(
    top.map(({ text, logprobNats }) => [text, formatPercent(Math.exp(logprobNats))]),
  );
}, 60_000);

test("the page connects to its own server alone, and a place inside a question is refused in a sentence", async () => {
  expect(asked.filter((url) => new URL(url).host === new URL(other.url).host)).toEqual([]);
  expect(asked.filter((url) => url.endsWith("/remote/place"))).toHaveLength(1);
  await token(page, 26).click();
  await page
    .getByText(/writes a user message by its own template.*choose a place in a reply/)
    .waitFor();
  await button(page, "Ask again").waitFor();
});

test("while the other server is away the drawer says so, and asks again by hand once it is back", async () => {
  const { port } = new URL(other.url);
  await other.stop();
  await token(page, 40).click();
  const again = button(page, "Ask again");
  await page.getByText(/127\.0\.0\.1.*(answer|reach|refused)/i).waitFor({ timeout: 30_000 });
  await again.waitFor();
  other = await startCommandServer(["--precision", "exact", "--port", port]);
  await again.click();
  await page.locator(".engines .candidates tbody tr").first().waitFor({ timeout: 30_000 });
  expect(errors.filter((error) => !/status of (400|502)/.test(error))).toEqual([]);
}, 90_000);
