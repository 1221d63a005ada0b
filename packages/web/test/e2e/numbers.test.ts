// The page's numbers against the reference, to the printed digit, and against the command line's engine.

import { fileURLToPath } from "node:url";
import {
  bitsFromNats,
  type Engine,
  formatBits,
  formatCount,
  type Precision,
  scoreIds,
  surprisalBits,
  tokenId,
} from "@tokenscope/core";
import { loadEngine } from "@tokenscope/engine";
import { loadNodeKernel, openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { referenceJson, smollm2Path } from "../../../../fixtures/index.ts";
import { openPage, openStage, ready, type Stage, scored, tokenIds, tokenNames } from "./browser.ts";
import { mouse } from "./hands.ts";

interface ReferenceText {
  readonly name: string;
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
  readonly rank: readonly (number | null)[];
}

const KERNEL_FOLDER = fileURLToPath(new URL("../../../engine/dist/kernel", import.meta.url));
const texts = referenceJson<ReferenceText[]>("models/smollm2-135m-instruct-q4_1.json");
const COMPACT_CHANGE_BITS = 0.01; // and the printed digits' own rounding; ENGINE.md allows 0.10

const sky = texts.find(({ name }) => name === "chat_sky")!;
const skyBits = sky.logprobNats.map((nats) => (nats === null ? null : surprisalBits(nats)));

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

test("the text of chat_sky: exact, as the page opens, to the printed digit; compact off by less than 0.01 bits on average", async () => {
  const { page, errors } = await openPage(stage);
  const hand = mouse(page);
  await ready(page);
  expect(await page.getByLabel("Precision").inputValue()).toBe("exact");
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await hand.write("The sky is blue because of Rayleigh scattering.", "assistant");
  await expect.poll(() => tokenIds(page)).toEqual(sky.ids);
  await scored(page);

  const expected = sky.logprobNats.map((_, i) =>
    i === 0
      ? "no prediction"
      : `${formatBits(skyBits[i]!)} bits, rank ${formatCount(sky.rank[i]!)}`,
  );
  const shown = (await tokenNames(page)).map((name) => name.replace(/^.*position \d+, /s, ""));
  expect(shown).toEqual(expected);

  // The sum of a span, from the reference alone.
  const [from, to] = [38, 42];
  await hand.select(from, to);
  const total = sky.logprobNats
    .slice(from, to + 1)
    .reduce<number>((sum, nats) => sum - bitsFromNats(nats!), 0);
  const bar = page.getByRole("region", { name: "Selected span" });
  expect(await bar.textContent()).toContain(`= ${formatBits(total)} bits`);

  await page.getByLabel("Precision").selectOption("compact");
  await page.waitForSelector('footer[data-model="preparing"]', { timeout: 60_000 });
  await ready(page);
  const compact = (await tokenNames(page)).map((name) => Number(/([\d.]+) bits/.exec(name)?.[1]));
  const changes = compact.slice(1).map((bits, i) => Math.abs(bits - skyBits[i + 1]!));
  const mean = changes.reduce((a, b) => a + b, 0) / changes.length;
  expect(mean).toBeLessThan(COMPACT_CHANGE_BITS);
  expect(errors).toEqual([]);
  await page.context().close();
});

const AGREEMENT_BITS = { exact: 0.0001, compact: 0.01 } as const;

test.each(["exact", "compact"] as const)(
  "the command line's engine and the page's agree in %s",
  async (precision) => {
    const { page } = await openPage(stage);
    await page.waitForSelector('footer[data-model="loading"]');
    const inWorker = await scoresInWorker(page, precision);
    const engine = await engineInNode(precision);
    const changes: number[] = [];
    for (const [i, { ids }] of texts.entries()) {
      const { rows } = await scoreIds(engine, ids.map(tokenId));
      for (const [at, { score }] of rows.entries()) {
        const other = inWorker[i]?.[at] ?? null;
        expect(other === null).toBe(score === null);
        if (score === null) continue;
        changes.push(Math.abs(bitsFromNats(score.logprobNats - other!)));
      }
    }
    await engine.close();
    expect(changes.length).toBeGreaterThan(300);
    expect(Math.max(...changes)).toBeLessThan(AGREEMENT_BITS[precision]);
    await page.context().close();
  },
);

/** As the command line opens it: texts this short run on the kernel, whose build Node and Chromium may each choose. */
async function engineInNode(precision: Precision): Promise<Engine> {
  const source = await openFileSource(smollm2Path()!);
  const kernel = await loadNodeKernel(KERNEL_FOLDER);
  const options = { ort, kernel, source, precision, backend: "node-cpu", threads: 2 } as const;
  return loadEngine({ ...options, onClose: () => source.close() });
}

/** Logprobs of the reference texts, in nats, by the page's own worker through its own protocol. */
async function scoresInWorker(page: Page, precision: Precision): Promise<(number | null)[][]> {
  const workerUrl = await workerAddress(page);
  const model = await page.evaluate(
    async () => (await (await fetch("models.json")).json()).models[0],
  );
  const file = { ...model, fileBytes: model.sizeBytes, url: new URL(model.url, stage.url).href };
  const idsOfTexts = texts.map(({ ids }) => ids);
  return page.evaluate(
    async ({ workerUrl, file, precision, idsOfTexts }) => {
      const worker = new Worker(workerUrl, { type: "module" });
      const scores: (number | null)[][] = [];
      const call = (kind: string, request: unknown, id: number): Promise<void> =>
        new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => {
            if (data.call !== id) return;
            if (data.kind === "done") resolve();
            if (data.kind === "failed") reject(new Error(data.failure.message));
            if (data.kind !== "event" || kind !== "score") return;
            const row = scores[id - 1] ?? [];
            for (const { score } of data.event.tokens) row.push(score?.logprobNats ?? null);
            scores[id - 1] = row;
          };
          worker.postMessage({ kind, call: id, request });
        });
      await call("load", { model: file, precision }, 0);
      for (const [i, ids] of idsOfTexts.entries()) await call("score", { ids, from: 0 }, i + 1);
      worker.terminate();
      return scores;
    },
    { workerUrl, file, precision, idsOfTexts },
  );
}

async function workerAddress(page: Page): Promise<string> {
  const address = await page.waitForFunction(() =>
    performance
      .getEntriesByType("resource")
      .map((entry) => entry.name)
      .find((name) => /model-worker-.*\.js$/.test(name)),
  );
  return (await address.jsonValue()) ?? "";
}
