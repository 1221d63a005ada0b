import { readFileSync } from "node:fs";
import {
  bitsFromNats,
  type Engine,
  type Prediction,
  scoreIds,
  type TokenId,
  tokenId,
} from "@tokenscope/core";
import { readGguf } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { loadTokenizer } from "@tokenscope/tokenizers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  gemma3Path,
  referenceJson,
  sharedReferencePath,
  smollm2Path,
} from "../../../fixtures/index.ts";
import { openKernel } from "./open-kernel.ts";
import { RUNTIMES } from "./runtimes.ts";

interface ReferenceText {
  readonly name: string;
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
  readonly rank: readonly (number | null)[];
  readonly entropyBits: readonly number[];
  readonly top10: readonly (readonly (readonly [number, number])[])[];
}
interface GreedyCase {
  readonly name: string;
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
}

const EXACT_NATS = 0.002; // MODELS.md: the reference is a float64 pass
const isLong = process.env["TOKENSCOPE_LONG"] === "1";
const path = smollm2Path();
const alone = RUNTIMES.slice(0, 2); // "both, by rows" is made of these
const runtimes = isLong ? RUNTIMES : alone;
const texts = referenceJson<readonly ReferenceText[]>("models/smollm2-135m-instruct-q4_1.json");
const greedy = referenceJson<readonly GreedyCase[]>("models/smollm2-greedy.json");
const idsOf = (text: { readonly ids: readonly number[] }): TokenId[] => text.ids.map(tokenId);

/** True where a neighbour in the ranking is nearer than the tolerance, so that ranks may differ. */
function isNearTie(text: ReferenceText, index: number): boolean {
  const own = text.logprobNats[index] ?? 0;
  const top = text.top10[index - 1] ?? [];
  const near = top.filter(
    ([id, p]) => id !== text.ids[index] && Math.abs(p - own) < 2 * EXACT_NATS,
  );
  return near.length > 0 || (text.rank[index] ?? 0) > 10;
}

describe.skipIf(path === null).each(runtimes)(
  "SmolLM2 exact on $name, against a float64 pass (needs the model: npm test fetches it)",
  ({ open }) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open(path ?? "");
    });
    afterAll(() => engine.close());

    test.each(texts.map((text) => [text.name, text] as const))("%s", async (_, text) => {
      await expectReference(engine, text);
    });

    test.each(greedy.map((c) => [c.name, c] as const))(
      "greedy: %s",
      async (_, { promptIds, greedyIds }) => {
        const written = await greedyReply(engine, promptIds.map(tokenId), greedyIds.length);
        expect(written).toEqual(greedyIds);
      },
    );
  },
);

/** The most likely token after the ids, again and again. */
async function greedyReply(
  engine: Engine,
  promptIds: readonly TokenId[],
  length: number,
): Promise<readonly TokenId[]> {
  const sequence = engine.openSequence();
  let next = promptIds;
  const written: TokenId[] = [];
  while (written.length < length) {
    for await (const _chunk of sequence.append(next));
    const id = tokenId(sequence.tokens.at(-1)?.prediction.topIds[0] ?? 0);
    written.push(id);
    next = [id];
  }
  sequence.close();
  return written;
}

const PRECISIONS = ["exact", "compact"] as const;
const inBoth = (isLong ? RUNTIMES : RUNTIMES.slice(2)).flatMap(({ name, open }) =>
  PRECISIONS.map((precision) => [precision, name, open] as const),
);

describe.skipIf(path === null)("SmolLM2, at 1 thread and at 2 (needs the model)", () => {
  test.each(inBoth)("greedy text is the same: %s on %s", async (precision, _name, open) => {
    const replies: (readonly TokenId[])[] = [];
    for (const threads of [1, 2]) {
      const engine = await open(path ?? "", { precision, threads });
      for (const { promptIds, greedyIds } of greedy) {
        replies.push(await greedyReply(engine, promptIds.map(tokenId), greedyIds.length));
      }
      await engine.close();
    }
    expect(replies.slice(greedy.length)).toEqual(replies.slice(0, greedy.length));
  });
});

const gemmaPath = gemma3Path();
const gemmaTexts = referenceJson<readonly ReferenceText[]>("models/gemma3-270m-q4_k_m.json");

// ONNX Runtime takes 10 to 20 s on two cores to load 262,144 rows of head in float32.
describe.skipIf(gemmaPath === null || !isLong).each(RUNTIMES)(
  "Gemma 3 270M exact on $name, against a float64 pass (needs TOKENSCOPE_LONG=1 and the model, which is never fetched unasked)",
  ({ open }) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open(gemmaPath ?? "");
    }, 120_000);
    afterAll(() => engine.close());

    test.each(gemmaTexts.map((text) => [text.name, text] as const))(
      "%s",
      (_, text) => expectReference(engine, text),
      30_000,
    );
  },
);

/** Every number that the reference states; ranks but for near ties, where float32 may order otherwise. */
async function expectReference(engine: Engine, text: ReferenceText): Promise<void> {
  const { rows, predictionAfter } = await scoreIds(engine, idsOf(text));
  expect(rows[0]?.score).toBe(null);
  for (const { index, score, predictionBefore } of rows) {
    if (score === null || predictionBefore === null) continue;
    const error = score.logprobNats - (text.logprobNats[index] ?? 0);
    expect(Math.abs(error)).toBeLessThan(EXACT_NATS);
    if (!isNearTie(text, index)) expect(score.rank).toBe(text.rank[index]);
    else expect(Math.abs(score.rank / (text.rank[index] ?? 1) - 1)).toBeLessThan(0.02);
    const entropy = bitsFromNats(predictionBefore.entropyNats);
    expect(Math.abs(entropy - (text.entropyBits[index - 1] ?? 0))).toBeLessThan(0.005);
    expectTop(predictionBefore, text.top10[index - 1]);
  }
  expectTop(predictionAfter, text.top10.at(-1));
}

/** The same most likely ids in the same order, but for neighbours nearer than the tolerance. */
function expectTop(
  prediction: Prediction | null,
  top: readonly (readonly [number, number])[] = [],
): void {
  expect(top.length).toBeGreaterThan(0);
  for (const [i, [id, logprob]] of top.entries()) {
    const error = (prediction?.topLogprobsNats[i] ?? 0) - logprob;
    expect(Math.abs(error)).toBeLessThan(EXACT_NATS);
    const isTied = top.some(([other, p]) => other !== id && Math.abs(p - logprob) < 2 * EXACT_NATS);
    if (!isTied && i < top.length - 1) expect(prediction?.topIds[i]).toBe(id); // the last may be tied with one that is not listed
  }
}

const seedPath = sharedReferencePath("../seed/cs376-unit1.txt");
const MEASURED_TOKENS = isLong ? 1_000 : 200;
// The issue allows 0.01 bits, 95 % and 0.11 bits; this is what 16 bits an input cost.
const COMPACT = { klBits: 1e-4, agreement: 0.99, changeBits: 0.005 };

describe.skipIf(path === null || seedPath === null)(
  "SmolLM2 compact, a token at a time, against exact (needs the model and ../shared/seed/cs376-unit1.txt)",
  () => {
    test("is a fiftieth as far off as it may be", async () => {
      const ids = await seedIds();
      const exact = await openKernel(path ?? "");
      const compact = await openKernel(path ?? "", { precision: "compact" });
      const a = await scoreIds(exact, ids);
      const single = compact.openSequence();
      for (const id of ids) for await (const _chunk of single.append([id])); // many at once are exact's arithmetic
      const changes: number[] = [];
      const divergences: number[] = [];
      let agreements = 0;
      for (const [i, { score, predictionBefore: p }] of a.rows.entries()) {
        const other = single.tokens[i]?.score ?? null;
        const q = single.tokens[i - 1]?.prediction;
        if (score === null || other === null || p === null || q === undefined) continue;
        changes.push(Math.abs(bitsFromNats(score.logprobNats - other.logprobNats)));
        if (p.topIds[0] === q.topIds[0]) agreements += 1;
        divergences.push(await klBits([exact, p], [compact, q]));
      }
      expect(divergences.length).toBe(MEASURED_TOKENS - 1);
      expect(mean(changes)).toBeGreaterThan(0); // another arithmetic
      expect(mean(divergences)).toBeLessThan(COMPACT.klBits);
      expect(mean(changes)).toBeLessThan(COMPACT.changeBits);
      expect(agreements / divergences.length).toBeGreaterThan(COMPACT.agreement);
      await exact.close();
      await compact.close();
    }, 300_000);
  },
);

async function seedIds(): Promise<TokenId[]> {
  const source = await openFileSource(path ?? "");
  const { metadata } = await readGguf(source);
  await source.close();
  const text = readFileSync(seedPath ?? "", "utf8");
  return [...loadTokenizer({ name: "SmolLM2", metadata }).encode(text)].slice(0, MEASURED_TOKENS);
}

/** Kullback-Leibler divergence of q from p over all of V: the sum of p (ln p - ln q), in bits. */
async function klBits(
  [exact, p]: readonly [Engine, Prediction],
  [compact, q]: readonly [Engine, Prediction],
): Promise<number> {
  const logits = await exact.logits(p.contextVector!);
  const others = await compact.logits(q.contextVector!);
  let nats = q.logZ - p.logZ;
  for (let id = 0; id < logits.length; id += 1) {
    nats += Math.exp(logits[id]! - p.logZ) * (logits[id]! - others[id]!);
  }
  return bitsFromNats(nats);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
