import { type Engine, type ScoredToken, tokenId } from "@tokenscope/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gemma3Path, referenceJson, smollm2Path } from "../../../fixtures/index.ts";
import { RUNTIMES } from "./runtimes.ts";

interface ReferenceText {
  readonly name: string;
  readonly ids: readonly number[];
  /** [layer][last but one, last] of [id, logprob]: the most likely token where the run ends after that layer. */
  readonly logitLensTop1LastTwoPositions?: readonly (readonly (readonly [number, number])[])[];
  readonly attention?: readonly {
    readonly layer: number;
    readonly head: number;
    readonly query: number;
    readonly weights: readonly number[];
  }[];
}

// The references are a float64 pass, written with six digits.
const LENS_NATS = 0.0005; // measured: 0.00003 on SmolLM2, 0.00009 on Gemma, by fp32 layers
const WEIGHT = 1e-5; // measured: 0.000001, the reference's last digit

const isLong = process.env["TOKENSCOPE_LONG"] === "1";
const models = [
  ["SmolLM2", smollm2Path(), "models/smollm2-135m-instruct-q4_1.json"],
  ["Gemma 3", isLong ? gemma3Path() : null, "models/gemma3-270m-q4_k_m.json"],
] as const;
const cases = RUNTIMES.flatMap(({ name, open }) =>
  models.map(([model, path, reference]) => [model, name, { path, reference, open }] as const),
);

describe.each(cases)(
  "%s exact on %s, against a float64 pass",
  (_, __, { path, reference, open }) => {
    const texts = referenceJson<readonly ReferenceText[]>(reference).filter(
      (text) => text.attention !== undefined,
    );
    describe.skipIf(path === null)("(needs the model; Gemma in npm run test:long)", () => {
      let engine: Engine;
      beforeAll(async () => {
        engine = await open(path ?? "");
      }, 60_000);
      afterAll(() => engine.close());

      test.each(texts.map((text) => [text.name, text] as const))(
        "%s: the logit lens of every layer, and attention",
        async (_name, text) => {
          const tokens = await inspected(engine, text);
          expect(await lensErrorNats(engine, tokens.slice(-2), text)).toBeLessThan(LENS_NATS);
          for (const { layer, head, query, weights } of text.attention ?? []) {
            const rows = tokens[query]?.inside?.attention ?? [];
            const row = rows.find((each) => each.layer === layer && each.head === head);
            const errors = weights.map((weight, i) => Math.abs(weight - (row?.weights[i] ?? 1)));
            expect(row?.weights.length).toBe(weights.length);
            expect(Math.max(...errors)).toBeLessThan(WEIGHT);
          }
        },
        60_000,
      );
    });
  },
);

/** The text's tokens, the last two with their streams and the attention that the reference states. */
async function inspected(engine: Engine, text: ReferenceText): Promise<readonly ScoredToken[]> {
  const { length } = text.ids;
  const attention = (text.attention ?? []).map(({ layer, head }) => ({ layer, heads: [head] }));
  const inspect = { positions: [length - 2, length - 1], residuals: true, attention };
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(text.ids.map(tokenId), { inspect }));
  return sequence.tokens;
}

/** The largest difference of a log-probability; infinite where another token is the most likely, and not by a tie. */
async function lensErrorNats(
  engine: Engine,
  tokens: readonly ScoredToken[],
  { logitLensTop1LastTwoPositions: lens = [] }: ReferenceText,
): Promise<number> {
  let largest = 0;
  for (const [i, { inside }] of tokens.entries()) {
    const vectors = (inside?.residuals ?? []).map((stream) => engine.contextVector(stream));
    expect(vectors.length).toBe(lens.length);
    const predictions = await engine.predictions(vectors);
    for (const [layer, { topIds, topLogprobsNats }] of predictions.entries()) {
      const [id, logprob] = lens[layer]?.[i] ?? [-1, 0];
      const place = topIds.indexOf(id);
      const error = Math.abs((topLogprobsNats[place] ?? Number.NaN) - logprob);
      const behindBest = (topLogprobsNats[0] ?? 0) - (topLogprobsNats[place] ?? 0);
      largest = Math.max(largest, behindBest < 2 * LENS_NATS ? error : Number.POSITIVE_INFINITY);
    }
  }
  return largest;
}
