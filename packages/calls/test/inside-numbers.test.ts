// What the page shows of a run's inside, through the worker's host on the real model, against a float64 pass.

import { fileURLToPath } from "node:url";
import { type Engine, logitSum, Scheduler, tokenId } from "@tokenscope/core";
import { loadEngine } from "@tokenscope/engine";
import { loadNodeKernel, openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gemma3Path, referenceJson, smollm2Path } from "../../../fixtures/index.ts";
import { createSessionHost, type SessionHost, scheduledTexts } from "../src/index.ts";

interface ReferenceText {
  readonly name: string;
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
  /** [layer][last but one, last] of [id, logprob]. */
  readonly logitLensTop1LastTwoPositions?: readonly (readonly (readonly [number, number])[])[];
  readonly attention?: readonly {
    readonly layer: number;
    readonly head: number;
    readonly query: number;
    readonly weights: readonly number[];
  }[];
}

// As engine's inside.test.ts has them: the reference has six digits.
const LENS_NATS = 0.0005;
const WEIGHT = 1e-5;
const LOGIT = 1e-3; // float32 sums over C in the engine, float64 here

const NEVER = new AbortController().signal;
const quiet = () => {};
const KERNEL_FOLDER = fileURLToPath(new URL("../../engine/dist/kernel", import.meta.url));
const isLong = process.env["TOKENSCOPE_LONG"] === "1";
const models = [
  ["SmolLM2", smollm2Path(), "models/smollm2-135m-instruct-q4_1.json"],
  ["Gemma 3", isLong ? gemma3Path() : null, "models/gemma3-270m-q4_k_m.json"],
] as const;

async function openEngine(path: string): Promise<Engine> {
  const source = await openFileSource(path);
  const kernel = await loadNodeKernel(KERNEL_FOLDER);
  const kind = { precision: "exact", backend: "node-cpu", threads: 2 } as const;
  return loadEngine({ ort, kernel, source, ...kind, onClose: () => source.close() });
}

describe.each(models)("%s, against a float64 pass", (_, path, reference) => {
  const texts = referenceJson<readonly ReferenceText[]>(reference).filter(
    (text) => text.attention !== undefined,
  );
  describe.skipIf(path === null)("(needs the model; Gemma in npm run test:long)", () => {
    let engine: Engine;
    let host: SessionHost;
    beforeAll(async () => {
      engine = await openEngine(path ?? "");
      host = createSessionHost({ engine, tokenizer: {} as never, template: {} as never });
    });
    afterAll(() => engine.close());

    test("looks inside, asked while six others write, are those of a quiet host, and so is what they write", async () => {
      const ids = (texts[0]?.ids ?? []).map(tokenId);
      const limits = {
        running: 8,
        waiting: 20,
        positions: 4_096,
        readRows: 64,
        keptTexts: 4,
        unread: 64,
      };
      const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
      const scheduler = new Scheduler({ engine, limits, pause: turn });
      const tokenizer = { endTokenIds: [], vocabulary: {} } as never;
      const model = { engine, tokenizer, template: {} as never };
      const busy = createSessionHost(model, scheduledTexts(model, scheduler));
      const settings = { temperature: 0, topK: 0, topP: 1, minP: 0 };
      const request = { settings, seed: 1, redraws: new Map(), maxTokens: 8 };
      const written = async (on: SessionHost, length: number): Promise<number[]> => {
        const found: number[] = [];
        const emit = ({ token }: { readonly token: { readonly id: number } }) =>
          void found.push(token.id);
        await on.generate({ ...request, ids: ids.slice(0, length) }, emit, NEVER);
        return found;
      };
      await busy.score({ ids, from: 0 }, quiet, NEVER);
      const lengths = [4, 5, 6, 7, 8, 9].filter((length) => length < ids.length);
      const writing = lengths.map((length) => written(busy, length));
      const looks = await Promise.all([
        busy.lens({ ids }, quiet, NEVER),
        busy.lens({ ids: ids.slice(0, -1) }, quiet, NEVER),
        busy.lens({ ids }, quiet, NEVER),
      ]);
      const alone = createSessionHost(model);
      for (const [i, layers] of looks.entries()) {
        const own = await alone.lens({ ids: i === 1 ? ids.slice(0, -1) : ids }, quiet, NEVER);
        for (const [layer, { topLogprobsNats }] of layers.entries()) {
          const difference = (topLogprobsNats[0] ?? 0) - (own[layer]?.topLogprobsNats[0] ?? 1);
          expect([layer, Math.abs(difference) < LENS_NATS]).toEqual([layer, true]);
        }
      }
      for (const [i, texted] of (await Promise.all(writing)).entries()) {
        expect(texted).toEqual(await written(alone, lengths[i] ?? 0));
      }
      await scheduler.close();
    });

    test.each(texts.map((text) => [text.name, text] as const))(
      "%s: every layer's first token and its p, at the last two positions",
      async (_name, { ids, logitLensTop1LastTwoPositions: lens = [] }) => {
        for (const [place, length] of [ids.length - 1, ids.length].entries()) {
          const prefix = ids.slice(0, length).map(tokenId);
          const layers = await host.lens({ ids: prefix }, quiet, NEVER);
          expect(layers).toHaveLength(lens.length);
          for (const [layer, { topIds, topLogprobsNats }] of layers.entries()) {
            const [id, logprob] = lens[layer]?.[place] ?? [-1, 0];
            const found = topLogprobsNats[topIds.indexOf(id)] ?? Number.NaN;
            const behindFirst = (topLogprobsNats[0] ?? 0) - found;
            expect([layer, Math.abs(found - logprob) < LENS_NATS]).toEqual([layer, true]);
            expect([layer, behindFirst < 2 * LENS_NATS]).toEqual([layer, true]);
          }
        }
      },
    );

    test.each(texts.map((text) => [text.name, text] as const))(
      "%s: attention of the heads that the reference states",
      async (_name, { ids, attention = [] }) => {
        for (const { layer, head, query, weights } of attention) {
          const prefix = ids.slice(0, query + 1).map(tokenId);
          const { rows } = await host.attention({ ids: prefix }, quiet, NEVER);
          const row = rows.find((each) => each.layer === layer && each.head === head);
          const errors = weights.map((weight, i) => Math.abs(weight - (row?.weights[i] ?? 1)));
          expect(row?.weights).toHaveLength(weights.length);
          expect(Math.max(...errors)).toBeLessThan(WEIGHT);
        }
      },
    );

    test("the last token's logit is the sum of its terms, and less log Z its logprob", async () => {
      const { ids, logprobNats } = texts[0]!;
      const before = ids.slice(0, -1).map(tokenId);
      const id = tokenId(ids.at(-1)!);
      const { contextVector, logZ } = (await host.lens({ ids: before }, quiet, NEVER)).at(-1)!;
      const { vector } = await host.tokenVector({ id }, quiet, NEVER);
      const { sum } = logitSum(contextVector!, vector, 12);
      const logits = await host.logits({ contextVector: contextVector! }, quiet, NEVER);
      expect(Math.abs(sum - (logits[id] ?? 0))).toBeLessThan(LOGIT);
      expect(Math.abs(sum - logZ - (logprobNats.at(-1) ?? 0))).toBeLessThan(LOGIT);
    });
  });
});
