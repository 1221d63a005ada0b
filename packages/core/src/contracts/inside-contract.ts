// What every engine must show and change of its inside, as sentences of its contract. Needs two layers.

import type { Engine, Inside, Patch, ScoredToken } from "../engine.ts";
import { tokenId } from "../token.ts";
import {
  appended,
  type ContractParts,
  expectRanking,
  expectSame,
  failureOf,
  freshTokens,
  HEAD_NATS,
  longIds,
  NATS,
  nameOf,
  nearly,
  type Sentences,
  SHORT,
  someIds,
  vectorDistance,
  vectorOf,
} from "./contract-parts.ts";

const VECTOR_SHARE = 1e-4; // of a vector's largest number: float32 sums over C, in another order or in float64
const WEIGHT = 1e-5; // attention shares are float32
const MOVED_SHARE = 1e-3; // a change that is one: ten times what the order of sums may do
const PLACES = [0, 5, SHORT - 1]; // the first, one between, the last

/** Residual streams, attention, patches, and the way from a stream to a prediction. */
export const INSIDE_SENTENCES: Sentences = {
  "only the positions that were asked for carry an inside": async ({ engine, expect }) => {
    const inspect = { positions: PLACES, residuals: true };
    const tokens = await freshTokens(engine, someIds(engine, SHORT), { inspect });
    expect(tokens.flatMap(({ inside }, i) => (inside === undefined ? [] : [i]))).toEqual(PLACES);
    for (const { residuals, attention } of insidesOf(tokens)) {
      const widths = Array.from({ length: engine.layers }, () => engine.hiddenWidth);
      expect(residuals.map(({ length }) => length)).toEqual(widths);
      expect(attention).toEqual([]);
    }
  },
  "asking for insides changes no number and costs no run": async ({ engine, expect }) => {
    const ids = longIds(engine);
    const plain = await freshTokens(engine, ids);
    const runs = engine.counts;
    const inspect = {
      positions: [3, ids.length - 2],
      residuals: true,
      attention: allLayers(engine),
    };
    const tokens = await freshTokens(engine, ids, { inspect });
    await expectSame({ engine, expect }, tokens, plain);
    const { modelRuns, headRuns } = engine.counts;
    expect([modelRuns, headRuns]).toEqual([2 * runs.modelRuns, 2 * runs.headRuns]);
    expect(insidesOf(tokens).length).toEqual(2);
  },
  "the last layer's stream gives the context vector, and that the prediction": async (parts) => {
    const { engine, expect } = parts;
    const inspect = { positions: PLACES, residuals: true };
    const tokens = await freshTokens(engine, someIds(engine, SHORT), { inspect });
    const runs = engine.counts.modelRuns;
    const vectors = insidesOf(tokens).map((inside) => engine.contextVector(lastStream(inside)));
    const predictions = await engine.predictions(vectors);
    expect(engine.counts.modelRuns).toEqual(runs);
    expect(predictions.length).toEqual(PLACES.length);
    for (const [i, place] of PLACES.entries()) {
      const [vector, again, own] = [vectors[i], predictions[i], tokens[place]?.prediction];
      if (!vector || !again || !own) throw new RangeError("engineContract: no prediction");
      expect(vectorDistance(vector, vectorOf(own)) < VECTOR_SHARE).toEqual(true);
      expect(nearly(again.entropyNats, own.entropyNats, NATS[engine.precision])).toEqual(true);
      expectRanking(expect, again, own);
      expect(vectorOf(again)).toEqual(vector);
    }
    expect(await engine.predictions([])).toEqual([]);
  },
  "predictions after a run's own context vectors are the run's": async ({ engine, expect }) => {
    const tokens = await freshTokens(engine, longIds(engine));
    const again = await engine.predictions(tokens.map(({ prediction }) => vectorOf(prediction)));
    const scored = tokens.map((token, i) => ({
      ...token,
      prediction: again[i] ?? token.prediction,
    }));
    expect(again.length).toEqual(tokens.length);
    await expectSame({ engine, expect }, scored, tokens);
  },
  "a token vector's product with a context vector is the token's logit, and no run": async (
    parts,
  ) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, SHORT);
    const tokens = await freshTokens(engine, ids);
    const { modelRuns, headRuns } = engine.counts;
    const vectors = await Promise.all(ids.map((id) => engine.tokenVector(id)));
    expect(engine.counts).toEqual({ modelRuns, headRuns });
    for (const place of PLACES) {
      const context = vectorOf(tokenAt(tokens, place).prediction);
      const logits = await engine.logits(context);
      for (const [i, id] of ids.entries()) {
        const logit = capped(product(context, vectors[i] ?? new Float32Array()), engine.logitCap);
        expect([place, id, nearly(logit, logits[id], HEAD_NATS)]).toEqual([place, id, true]);
      }
    }
    const { vocabularySize } = engine;
    const failure = await failureOf(() => engine.tokenVector(tokenId(vocabularySize)));
    expect([nameOf(failure), String(failure).includes(String(vocabularySize))]).toEqual([
      "UsageError",
      true,
    ]);
  },
  "a head's attention is shares of the positions so far": async ({ engine, expect }) => {
    const ids = someIds(engine, 2 * SHORT);
    const inspect = { positions: [SHORT, 2 * SHORT - 1], attention: allLayers(engine) };
    const sequence = await appended(engine.openSequence(), ids.slice(0, SHORT));
    await appended(sequence, ids.slice(SHORT), { inspect });
    const whole = await freshTokens(engine, ids, { inspect });
    const rows = insidesOf(sequence.tokens).flatMap(({ attention }) => attention);
    expect(rows.map(({ layer, head }) => [layer, head])).toEqual([
      ...everyHead(engine),
      ...everyHead(engine),
    ]);
    for (const { weights } of rows) {
      expect(weights.some((weight) => !(weight >= 0))).toEqual(false);
      expect(nearly(sum(weights), 1, WEIGHT)).toEqual(true);
    }
    for (const position of inspect.positions) {
      const inParts = sequence.tokens[position]?.inside?.attention ?? [];
      for (const [i, { weights }] of inParts.entries()) {
        expect(weights.length).toEqual(position + 1);
        const same = whole[position]?.inside?.attention[i]?.weights ?? new Float32Array();
        expect(vectorDistance(weights, same) < VECTOR_SHARE).toEqual(true);
      }
    }
  },
  "attention comes of the layers and heads that were named, in their order": async (parts) => {
    const { engine, expect } = parts;
    const last = { layer: engine.layers - 1, head: engine.heads - 1 };
    const attention = [{ layer: last.layer, heads: [last.head] }, { layer: 0 }];
    const inspect = { positions: [2], attention };
    const [inside] = insidesOf(await freshTokens(engine, someIds(engine, 3), { inspect }));
    const firstLayer = everyHead(engine).filter(([layer]) => layer === 0);
    const named = inside?.attention.map(({ layer, head }) => [layer, head]);
    expect(named).toEqual([...firstLayer, [last.layer, last.head]]);
    expect(inside?.residuals).toEqual([]);
  },
  "a stream replaced by itself changes nothing": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const inspect = { positions: PLACES, residuals: true };
    const plain = await freshTokens(engine, ids, { inspect });
    const patches = PLACES.flatMap((position) => {
      const streams = plain[position]?.inside?.residuals ?? [];
      return streams.map((vector, layer): Patch => ({ kind: "residual", layer, position, vector }));
    });
    expect(patches.length).toEqual(PLACES.length * engine.layers);
    await expectSame({ engine, expect }, await freshTokens(engine, ids, { patches }), plain);
  },
  "a stream replaced by another position's changes what follows and nothing before": async (
    parts,
  ) => {
    await expectChangeFrom(parts, 3, SHORT);
    const { length } = longIds(parts.engine);
    await expectChangeFrom(parts, length - 5, length); // in a later chunk
  },
  "a replaced stream is what the position shows": async ({ engine, expect }) => {
    const vector = await streamOf(engine, 0, 7);
    const inspect = { positions: [3], residuals: true };
    const patches: readonly Patch[] = [{ kind: "residual", layer: 0, position: 3, vector }];
    const [inside] = insidesOf(
      await freshTokens(engine, someIds(engine, SHORT), { inspect, patches }),
    );
    expect(inside?.residuals[0]).toEqual(vector);
  },
  "a patch stays in the cache until it is cut away": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const vector = await streamOf(engine, 0, 7);
    const patches: readonly Patch[] = [{ kind: "residual", layer: 0, position: 3, vector }];
    const whole = await freshTokens(engine, ids, { patches });
    const sequence = await appended(engine.openSequence(), ids.slice(0, 4), { patches });
    const fork = sequence.fork();
    await appended(sequence, ids.slice(4));
    await expectSame({ engine, expect }, sequence.tokens, whole);
    await appended(fork, ids.slice(4));
    await expectSame({ engine, expect }, fork.tokens, whole);
    sequence.cut(3);
    await appended(sequence, ids.slice(3));
    await expectSame({ engine, expect }, sequence.tokens, await freshTokens(engine, ids));
  },
  "a patch of the last layer moves its own position alone": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const layer = engine.layers - 1;
    const vector = await streamOf(engine, layer, 7);
    const patches: readonly Patch[] = [{ kind: "residual", layer, position: 3, vector }];
    const plain = await freshTokens(engine, ids);
    const tokens = await freshTokens(engine, ids, { patches });
    const own = vectorOf(tokenAt(tokens, 3).prediction);
    expect(vectorDistance(own, engine.contextVector(vector)) < VECTOR_SHARE).toEqual(true);
    await expectSame({ engine, expect }, tokens.slice(0, 3), plain.slice(0, 3));
    await expectSame({ engine, expect }, tokens.slice(5), plain.slice(5)); // position 4 was scored under position 3
  },
  "a head that is off changes the numbers, and only in its own call": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, SHORT);
    const plain = await freshTokens(engine, ids);
    const patches: readonly Patch[] = [{ kind: "head-off", layer: 0, head: engine.heads - 1 }];
    const sequence = await appended(engine.openSequence(), ids, { patches });
    expect(distanceAt(sequence.tokens, plain, SHORT - 1) > MOVED_SHARE).toEqual(true);
    sequence.cut(0);
    await appended(sequence, ids);
    await expectSame({ engine, expect }, sequence.tokens, plain);
  },
  "with every head off, what came before does not matter": async ({ engine, expect }) => {
    const patches = everyHead(engine).map(
      ([layer = 0, head = 0]): Patch => ({ kind: "head-off", layer, head }),
    );
    const ids = someIds(engine, SHORT);
    const others = [...ids.slice(0, -1).toReversed(), ...ids.slice(-1)];
    const tokens = await freshTokens(engine, ids, { patches });
    const again = await freshTokens(engine, others, { patches });
    expect(distanceAt(tokens, again, SHORT - 1) < VECTOR_SHARE).toEqual(true);
    expect(distanceAt(tokens, again, 0) > MOVED_SHARE).toEqual(true); // another token stands there
  },
  "a layer, head or position that is not there is named, and nothing is run": async (parts) => {
    const { engine, expect } = parts;
    const { layers, heads, hiddenWidth } = engine;
    const vector = new Float32Array(hiddenWidth);
    const sequence = await appended(engine.openSequence(), someIds(engine, 4));
    const runs = engine.counts;
    const residual = { kind: "residual", vector } as const;
    const inspect = (attention: readonly { layer: number; heads?: readonly number[] }[]) => ({
      inspect: { positions: [4], attention },
    });
    const refused = [
      [inspect([{ layer: layers }]), `layer ${layers}`],
      [inspect([{ layer: 0, heads: [heads] }]), `head ${heads}`],
      [{ inspect: { positions: [3] } }, "position 3"],
      [{ inspect: { positions: [4, 6] } }, "position 6"],
      [{ patches: [{ ...residual, layer: -1, position: 4 }] }, "layer -1"],
      [{ patches: [{ ...residual, layer: 0, position: 6 }] }, "position 6"],
      [{ patches: [{ kind: "head-off", layer: layers + 1, head: 0 }] }, `layer ${layers + 1}`],
      [{ patches: [{ kind: "head-off", layer: 0, head: 0.5 }] }, "head 0.5"],
    ] as const;
    for (const [options, named] of refused) {
      const failure = await failureOf(() => appended(sequence, someIds(engine, 2), options));
      expect([named, nameOf(failure)]).toEqual([named, "UsageError"]);
      expect([named, String(failure).includes(named)]).toEqual([named, true]);
    }
    const short = { ...residual, vector: vector.slice(1), layer: 0, position: 4 };
    const failure = await failureOf(() =>
      appended(sequence, someIds(engine, 2), { patches: [short] }),
    );
    expect(nameOf(failure)).toEqual("RangeError");
    expect(() => engine.contextVector(vector.slice(1))).toThrow(/numbers/);
    expect([sequence.tokens.length, engine.counts]).toEqual([4, runs]);
  },
};

/** Position `place` of `count` gets another position's stream after layer 0. */
async function expectChangeFrom(
  { engine, expect }: ContractParts,
  place: number,
  count: number,
): Promise<void> {
  const ids = someIds(engine, count);
  const vector = await streamOf(engine, 0, 7);
  const plain = await freshTokens(engine, ids);
  const patches: readonly Patch[] = [{ kind: "residual", layer: 0, position: place, vector }];
  const tokens = await freshTokens(engine, ids, { patches });
  await expectSame({ engine, expect }, tokens.slice(0, place), plain.slice(0, place));
  expect(distanceAt(tokens, plain, place) > MOVED_SHARE).toEqual(true);
  expect(distanceAt(tokens, plain, place + 1) > MOVED_SHARE).toEqual(true);
}

/** The stream after a layer at a position of the short text. */
async function streamOf(engine: Engine, layer: number, position: number): Promise<Float32Array> {
  const inspect = { positions: [position], residuals: true };
  const tokens = await freshTokens(engine, someIds(engine, SHORT), { inspect });
  const stream = tokenAt(tokens, position).inside?.residuals[layer];
  if (stream === undefined) throw new RangeError("engineContract: no stream");
  return stream;
}

function insidesOf(tokens: readonly ScoredToken[]): readonly Inside[] {
  return tokens.flatMap(({ inside }) => inside ?? []);
}

function lastStream({ residuals }: Inside): Float32Array {
  return residuals.at(-1) ?? new Float32Array();
}

function tokenAt(tokens: readonly ScoredToken[], position: number): ScoredToken {
  const token = tokens[position];
  if (token === undefined) throw new RangeError(`engineContract: no token at ${position}`);
  return token;
}

/** How far apart two runs' context vectors are at a position. */
function distanceAt(
  tokens: readonly ScoredToken[],
  others: readonly ScoredToken[],
  position: number,
): number {
  const vector = vectorOf(tokenAt(tokens, position).prediction);
  return vectorDistance(vector, vectorOf(tokenAt(others, position).prediction));
}

function allLayers({ layers }: Engine): readonly { readonly layer: number }[] {
  return Array.from({ length: layers }, (_, layer) => ({ layer }));
}

/** [layer, head] of all, ordered by layer, then head. */
function everyHead(engine: Engine): readonly (readonly number[])[] {
  return allLayers(engine).flatMap(({ layer }) =>
    Array.from({ length: engine.heads }, (_, head) => [layer, head]),
  );
}

function product(a: Float32Array, b: Float32Array): number {
  return a.reduce((total, value, i) => total + value * (b[i] ?? Number.NaN), 0);
}

function capped(logit: number, cap: number | null): number {
  return cap === null ? logit : cap * Math.tanh(logit / cap);
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
