import {
  bitsFromNats,
  type Engine,
  scoreIds,
  surprisalBits,
  type TokenId,
  tokenId,
} from "@tokenscope/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceJson, smollm2Path } from "../../../fixtures/index.ts";
import { openEngine } from "./open-engine.ts";

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
const path = smollm2Path();
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

describe.skipIf(path === null)(
  "SmolLM2 exact, against a float64 pass (needs the model: npm test fetches it)",
  () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await openEngine(path ?? "", "exact");
    });
    afterAll(() => engine.close());

    test.each(texts.map((text) => [text.name, text] as const))("%s", async (_, text) => {
      const { rows, predictionAfter } = await scoreIds(engine, idsOf(text));
      expect(rows[0]?.score).toBe(null);
      for (const { index, score, predictionBefore } of rows) {
        if (score === null || predictionBefore === null) continue;
        expect(Math.abs(score.logprobNats - (text.logprobNats[index] ?? 0))).toBeLessThan(
          EXACT_NATS,
        );
        if (!isNearTie(text, index)) expect(score.rank).toBe(text.rank[index]);
        else expect(Math.abs(score.rank / (text.rank[index] ?? 1) - 1)).toBeLessThan(0.02);
        const entropy = bitsFromNats(predictionBefore.entropyNats);
        expect(Math.abs(entropy - (text.entropyBits[index - 1] ?? 0))).toBeLessThan(0.005);
      }
      const last = text.top10.at(-1) ?? [];
      for (const [i, [, logprob]] of last.entries()) {
        expect(Math.abs((predictionAfter?.topLogprobsNats[i] ?? 0) - logprob)).toBeLessThan(
          EXACT_NATS,
        );
      }
    });

    test.each(greedy.map((c) => [c.name, c] as const))(
      "greedy: %s",
      async (_, { promptIds, greedyIds }) => {
        const sequence = engine.openSequence();
        let next: readonly TokenId[] = promptIds.map(tokenId);
        const written: number[] = [];
        while (written.length < greedyIds.length) {
          for await (const _chunk of sequence.append(next));
          const id = tokenId(sequence.tokens.at(-1)?.prediction.topIds[0] ?? 0);
          written.push(id);
          next = [id];
        }
        expect(written).toEqual(greedyIds);
        sequence.close();
      },
    );
  },
);

describe.skipIf(path === null)(
  "SmolLM2 compact, against exact (needs the model: npm test fetches it)",
  () => {
    test("stays within ENGINE.md's table", async () => {
      const exact = await openEngine(path ?? "", "exact");
      const compact = await openEngine(path ?? "", "compact");
      const changes: number[] = [];
      const divergences: number[] = [];
      let agreements = 0;
      for (const text of texts) {
        const a = exact.openSequence();
        const b = compact.openSequence();
        for await (const _ of a.append(idsOf(text)));
        for await (const _ of b.append(idsOf(text)));
        for (const [i, token] of a.tokens.entries()) {
          const other = b.tokens[i];
          if (other === undefined) throw new Error("lengths differ");
          if (token.score !== null && other.score !== null) {
            const bits =
              surprisalBits(token.score.logprobNats) - surprisalBits(other.score.logprobNats);
            changes.push(Math.abs(bits));
          }
          if (token.prediction.topIds[0] === other.prediction.topIds[0]) agreements += 1;
          divergences.push(
            await klBits(
              exact,
              compact,
              token.prediction.contextVector,
              other.prediction.contextVector,
            ),
          );
        }
      }
      const mean = (values: readonly number[]) =>
        values.reduce((sum, v) => sum + v, 0) / values.length;
      console.log({
        kl: mean(divergences),
        change: mean(changes),
        top1: agreements / divergences.length,
      });
      expect(mean(divergences)).toBeLessThan(0.01);
      expect(mean(changes)).toBeLessThan(0.11);
      expect(agreements / divergences.length).toBeGreaterThan(0.95);
      await exact.close();
      await compact.close();
    });
  },
);

async function klBits(
  exact: Engine,
  compact: Engine,
  exactVector: Float32Array | null,
  compactVector: Float32Array | null,
): Promise<number> {
  if (exactVector === null || compactVector === null) throw new Error("no context vector");
  const p = logSoftmax64(await exact.logits(exactVector));
  const q = logSoftmax64(await compact.logits(compactVector));
  return bitsFromNats(p.reduce((sum, lp, i) => sum + Math.exp(lp) * (lp - (q[i] ?? 0)), 0));
}

function logSoftmax64(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return Float64Array.from(logits, (logit) => logit - most - Math.log(sum));
}
