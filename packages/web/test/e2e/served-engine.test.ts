// The page on the engine of `tokenscope serve`: chosen by itself, the numbers of the browser's own, and a server that goes away and comes back.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import type { ScoreJson } from "@tokenscope/core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referenceJson } from "../../../../fixtures/index.ts";
import { button, newPage, openStage, ready, type Stage, scored, tokenIds } from "./browser.ts";
import { type CommandServer, startCommandServer } from "./command-server.ts";
import { mouse } from "./hands.ts";

const SAME_BITS = 0.0003; // exact is that near in any two runtimes (README)

let stage: Stage; // for its browser
let server: CommandServer;
let port: number;

beforeAll(async () => {
  stage = await openStage();
  port = await freePort();
  server = await serve();
});
afterAll(async () => {
  await server.stop();
  await stage.close();
});

const PATIENT = { timeout: 60_000 };

interface Greedy {
  readonly name: string;
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
}
const [sky] = referenceJson<[Greedy]>("models/smollm2-greedy.json");

/** Starts the command on the test's port. */
function serve(): Promise<CommandServer> {
  const names = addressOfNetwork() === null ? [] : ["--allow-host", addressOfNetwork() ?? ""];
  const host = ["--host", "0.0.0.0", ...names];
  return startCommandServer(["--port", String(port), "--precision", "exact", ...host]);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await once(probe, "listening");
  const address = probe.address();
  const closed = once(probe, "close");
  probe.close();
  await closed;
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** This machine as others on its network reach it; null where it has no network. */
function addressOfNetwork(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? null;
}

const engineOf = (page: Page) =>
  page
    .getByLabel("Engine")
    .evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text ?? "");

async function bitsOf(page: Page): Promise<readonly (number | null)[]> {
  await page.getByRole("banner").getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("dialog", { name: "Export" }).waitFor();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Scores as JSON" }).click();
  const json = JSON.parse(await readFile(await (await coming).path(), "utf8")) as ScoreJson;
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Export" }).waitFor({ state: "detached" });
  return json.tokens.map(({ surprisalBits }) => surprisalBits);
}

/** Where two scorings of the same tokens differ; only the first token has no bits. */
function apart(native: readonly (number | null)[], wasm: readonly (number | null)[]) {
  const places = native.map((bits, i) => ({ i, native: bits, wasm: wasm[i] }));
  const isSame = (place: (typeof places)[number]): boolean =>
    place.i === 0
      ? place.native === null && place.wasm === null
      : Math.abs((place.native ?? Number.NaN) - (place.wasm ?? Number.NaN)) < SAME_BITS;
  return places.filter((place) => !isSame(place));
}

test("the page takes the server's engine by itself, without a download, and WASM gives the same numbers", async () => {
  const { page, errors } = await newPage(stage);
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(request.url()));
  const hand = mouse(page);
  await page.goto(`http://127.0.0.1:${port}/`);
  await ready(page);
  expect(await engineOf(page)).toBe("native, on the server");
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  for (let i = 0; i < 12; i += 1) await button(page, /^Step/).click();
  await scored(page);
  const ids = await tokenIds(page);
  expect(ids).toEqual([...sky.promptIds, ...sky.greedyIds.slice(0, 12)]);
  const native = await bitsOf(page);
  expect(fetched.filter((url) => url.includes(".gguf"))).toEqual([]);

  await page.getByLabel("Engine").selectOption("wasm");
  await expect.poll(() => engineOf(page), PATIENT).toMatch(/^WASM, \d+ threads?$/);
  await ready(page);
  expect(await tokenIds(page)).toEqual(ids);
  const wasm = await bitsOf(page);
  expect(wasm).toHaveLength(native.length);
  expect(apart(native, wasm)).toEqual([]);
  expect(errors).toEqual([]);
  await page.context().close();
}, 120_000);

test("a server that is killed while it writes: the page says so, keeps everything, and the reply goes on once it is back", async () => {
  const { page } = await newPage(stage);
  const hand = mouse(page);
  await page.goto(`http://127.0.0.1:${port}/`);
  await ready(page);
  await hand.newConversation();
  await hand.write("Tell me a long story.");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  const before = (await tokenIds(page)).length;
  await hand.generate();
  const count = async (): Promise<number> => (await tokenIds(page)).length;
  await expect.poll(count, PATIENT).toBeGreaterThan(before + 5);
  await server.stop();
  await page.getByText("The server does not answer.").waitFor();
  const kept = await tokenIds(page);
  expect(kept.length).toBeGreaterThan(before + 5);
  server = await serve();
  await expect.poll(count, PATIENT).toBeGreaterThan(kept.length + 5);
  expect((await tokenIds(page)).slice(0, kept.length)).toEqual(kept);
  await page.getByText("The server does not answer.").waitFor({ state: "detached" });
  await page.context().close();
}, 120_000);

test.skipIf(addressOfNetwork() === null)(
  "at a plain http address on the network the page runs on the server, and in the browser on one thread, and says why",
  async () => {
    const { page } = await newPage(stage);
    await page.goto(`http://${addressOfNetwork()}:${port}/`);
    await ready(page);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    expect(await engineOf(page)).toBe("native, on the server");
    await page.getByLabel("Engine").selectOption("wasm");
    await expect.poll(() => engineOf(page), PATIENT).toBe("WASM, 1 thread");
    expect(await page.getByLabel("Engine").getAttribute("title")).toContain(
      "browsers give threads to https addresses and localhost alone",
    );
    await page.context().close();
  },
  120_000,
);
