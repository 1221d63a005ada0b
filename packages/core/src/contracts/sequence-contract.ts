// What every engine's sequences and head must do, as sentences of its contract.

import type { ScoredToken } from "../engine.ts";
import { logSumExp } from "../logits.ts";
import { predictionFromLogits } from "../prediction.ts";
import { tokenId } from "../token.ts";
import {
  appended,
  expectRanking,
  expectSame,
  failureOf,
  HEAD_NATS,
  longIds,
  NATS,
  nameOf,
  nearly,
  type Sentences,
  SHORT,
  someIds,
  vectorOf,
} from "./contract-parts.ts";

/** Sequences, and what the head says again of their positions. */
export const SEQUENCE_SENTENCES: Sentences = {
  "the first position has no score, every later one has": async ({ engine, expect }) => {
    const { tokens } = await appended(engine.openSequence(), someIds(engine, SHORT));
    expect(tokens.map(({ score }) => score === null)).toEqual(tokens.map((_, i) => i === 0));
    expect(tokens.map(({ id }) => id)).toEqual(someIds(engine, SHORT));
  },
  "appending in any parts scores as appending at once": async ({ engine, expect }) => {
    const ids = longIds(engine);
    const whole = await appended(engine.openSequence(), ids);
    for (const size of [1, 3, 100]) {
      const parts = engine.openSequence();
      const few = size === 1 ? ids.slice(0, SHORT) : ids;
      for (let from = 0; from < few.length; from += size) {
        await appended(parts, few.slice(from, from + size));
      }
      await expectSame({ engine, expect }, parts.tokens, whole.tokens.slice(0, few.length));
    }
  },
  "append yields what it adds, chunk by chunk": async ({ engine, expect }) => {
    const sequence = engine.openSequence();
    const yielded: ScoredToken[] = [];
    for await (const chunk of sequence.append(longIds(engine))) {
      yielded.push(...chunk);
      expect(sequence.tokens.length).toEqual(yielded.length);
    }
    expect(yielded).toEqual(sequence.tokens);
  },
  "appending nothing changes nothing": async ({ engine, expect }) => {
    const sequence = await appended(engine.openSequence(), []);
    expect([sequence.tokens.length, engine.counts.modelRuns]).toEqual([0, 0]);
  },
  "a cut keeps the prefix, and the rest again scores the same": async ({ engine, expect }) => {
    const ids = longIds(engine);
    const sequence = await appended(engine.openSequence(), ids);
    const before = sequence.tokens.slice();
    const runs = engine.counts;
    sequence.cut(SHORT);
    expect(sequence.tokens).toEqual(before.slice(0, SHORT));
    expect(engine.counts).toEqual(runs);
    await appended(sequence, [...ids.slice(0, 5)]);
    sequence.cut(SHORT);
    await appended(sequence, ids.slice(SHORT));
    await expectSame({ engine, expect }, sequence.tokens, before);
    sequence.cut(0);
    expect(sequence.tokens).toEqual([]);
  },
  "a cut to more than there is, or to no whole number, is refused": async ({ engine, expect }) => {
    const sequence = await appended(engine.openSequence(), someIds(engine, 3));
    for (const length of [4, -1, 1.5, Number.NaN]) {
      expect(() => sequence.cut(length)).toThrow(/cut/);
    }
    expect(sequence.tokens.length).toEqual(3);
  },
  "a fork goes its own way": async ({ engine, expect }) => {
    const ids = someIds(engine, 2 * SHORT);
    const sequence = await appended(engine.openSequence(), ids.slice(0, SHORT));
    const before = sequence.tokens.slice();
    const fork = sequence.fork();
    expect(fork.tokens).toEqual(before);
    await appended(fork, ids.slice(0, 5));
    expect(sequence.tokens).toEqual(before);
    await appended(sequence, ids.slice(SHORT));
    fork.close();
    const whole = await appended(engine.openSequence(), ids);
    await expectSame({ engine, expect }, sequence.tokens, whole.tokens);
  },
  "two sequences at once do not mix": async ({ engine, expect }) => {
    const ids = longIds(engine);
    const other = ids.toReversed();
    const [a, b] = [engine.openSequence(), engine.openSequence()];
    await Promise.all([appended(a, ids), appended(b, other)]);
    await expectSame(
      { engine, expect },
      a.tokens,
      (await appended(engine.openSequence(), ids)).tokens,
    );
    await expectSame(
      { engine, expect },
      b.tokens,
      (await appended(engine.openSequence(), other)).tokens,
    );
  },
  "a prediction is what its logits say": async ({ engine, expect }) => {
    const { tokens } = await appended(engine.openSequence(), someIds(engine, SHORT));
    for (const { prediction } of tokens) {
      const logits = await engine.logits(vectorOf(prediction));
      expect(logits.length).toEqual(engine.vocabularySize);
      const expected = predictionFromLogits(logits, prediction.contextVector);
      expect(nearly(prediction.logZ, logSumExp(logits), HEAD_NATS)).toEqual(true);
      expect(nearly(prediction.entropyNats, expected.entropyNats, HEAD_NATS)).toEqual(true);
      expectRanking(expect, prediction, expected);
    }
  },
  "a score is what its id's logit says, and what the head says of it": async (parts) => {
    const { engine, expect } = parts;
    const { tokens } = await appended(engine.openSequence(), someIds(engine, SHORT));
    for (const [i, { id, score }] of tokens.entries()) {
      const before = tokens[i - 1];
      if (before === undefined || score === null) continue;
      const vector = vectorOf(before.prediction);
      const [again = null] = await engine.scoreAt([vector], id);
      const logits = await engine.logits(vector);
      const logprobNats = (logits[id] ?? 0) - logSumExp(logits);
      const rank = 1 + logits.filter((logit) => logit > (logits[id] ?? 0)).length;
      expect([again?.rank, score.rank]).toEqual([rank, rank]);
      expect(nearly(again?.logprobNats, logprobNats, HEAD_NATS)).toEqual(true);
      expect(nearly(score.logprobNats, logprobNats, HEAD_NATS)).toEqual(true);
    }
  },
  "one id is scored at many positions as at each": async ({ engine, expect }) => {
    const { tokens } = await appended(engine.openSequence(), longIds(engine));
    const vectors = tokens.map(({ prediction }) => vectorOf(prediction));
    const [id] = someIds(engine, 1);
    if (id === undefined) throw new RangeError("engineContract: no id");
    const together = await engine.scoreAt(vectors, id);
    expect(together.length).toEqual(vectors.length);
    const places = [0, 1, vectors.length - 1];
    const singly = await Promise.all(
      places.map((i) => engine.scoreAt(vectors.slice(i, i + 1), id)),
    );
    for (const [i, place] of places.entries()) {
      const [own, single] = [together[place], singly[i]?.[0]];
      expect(nearly(own?.logprobNats, single?.logprobNats, NATS[engine.precision])).toEqual(true);
      expect(own?.rank).toEqual(single?.rank);
    }
    expect(await engine.scoreAt([], id)).toEqual([]);
  },
  "looking back runs the head and not the model": async ({ engine, expect }) => {
    const { tokens } = await appended(engine.openSequence(), someIds(engine, SHORT));
    const before = engine.counts;
    const [first] = tokens;
    if (first === undefined) throw new RangeError("engineContract: no token");
    await engine.logits(vectorOf(first.prediction));
    expect(engine.counts).toEqual({ ...before, headRuns: before.headRuns + 1 });
    await engine.scoreAt([vectorOf(first.prediction)], first.id);
    expect(engine.counts).toEqual({ ...before, headRuns: before.headRuns + 2 });
  },
  "an abort leaves whole chunks, and the sequence goes on from there": async (parts) => {
    const { engine, expect } = parts;
    const ids = longIds(engine);
    const sequence = engine.openSequence();
    const controller = new AbortController();
    const reason = new Error("enough");
    let yielded = 0;
    const failure = await failureOf(async () => {
      for await (const chunk of sequence.append(ids, { signal: controller.signal })) {
        yielded += chunk.length;
        controller.abort(reason);
      }
    });
    expect(sequence.tokens.length).toEqual(yielded);
    expect(failure === reason).toEqual(yielded < ids.length); // else the text was one chunk
    await appended(sequence, ids.slice(yielded));
    await expectSame(
      { engine, expect },
      sequence.tokens,
      (await appended(engine.openSequence(), ids)).tokens,
    );
  },
  "an abort beforehand runs nothing": async ({ engine, expect }) => {
    const sequence = engine.openSequence();
    const controller = new AbortController();
    const reason = new Error("never");
    controller.abort(reason);
    const { signal } = controller;
    const failure = await failureOf(async () => {
      for await (const _chunk of sequence.append(someIds(engine, 3), { signal }));
    });
    expect(failure === reason).toEqual(true);
    expect([sequence.tokens.length, engine.counts.modelRuns]).toEqual([0, 0]);
  },
  "a text longer than the context is refused whole": async ({ engine, expect }) => {
    const sequence = await appended(engine.openSequence(), someIds(engine, SHORT));
    const before = sequence.tokens.slice();
    const ids = someIds(engine, engine.contextLength - SHORT + 1);
    const failure = await failureOf(() => appended(sequence, ids));
    expect(nameOf(failure)).toEqual("UsageError");
    expect(sequence.tokens).toEqual(before);
    await appended(sequence, ids.slice(0, 2));
    expect(sequence.tokens.length).toEqual(SHORT + 2);
  },
  "an id outside the vocabulary is refused, wherever it stands": async ({ engine, expect }) => {
    const sequence = await appended(engine.openSequence(), someIds(engine, 3));
    const before = sequence.tokens.slice();
    const unknown = tokenId(engine.vocabularySize);
    for (const ids of [[unknown], [...someIds(engine, 2), unknown]]) {
      expect(nameOf(await failureOf(() => appended(sequence, ids)))).toEqual("UsageError");
    }
    const vectors = before.map(({ prediction }) => vectorOf(prediction));
    expect(nameOf(await failureOf(() => engine.scoreAt(vectors, unknown)))).toEqual("UsageError");
    expect(sequence.tokens).toEqual(before);
    await appended(sequence, [tokenId(engine.vocabularySize - 1)]);
    expect(sequence.tokens.length).toEqual(4);
  },
  "closing waits for the run under way": async ({ engine, expect }) => {
    const sequence = engine.openSequence();
    const ids = someIds(engine, 3);
    const running = appended(sequence, ids);
    await engine.close();
    expect(sequence.tokens.map(({ id }) => id)).toEqual(ids);
    await running;
  },
  "a closed engine and a closed sequence refuse": async ({ engine, expect }) => {
    const sequence = await appended(engine.openSequence(), someIds(engine, 3));
    const [id, vector] = [sequence.tokens[0]?.id, sequence.tokens[0]?.prediction.contextVector];
    if (id === undefined || !vector) throw new RangeError("engineContract: no token");
    const closed = engine.openSequence();
    closed.close();
    closed.close();
    expect(nameOf(await failureOf(() => appended(closed, [id])))).toEqual("EngineError");
    expect(() => closed.fork()).toThrow(/closed/);
    expect(() => closed.cut(0)).toThrow(/closed/);
    await engine.close();
    await engine.close();
    const uses = [
      () => appended(sequence, [id]),
      () => engine.logits(vector),
      () => engine.scoreAt([vector], id),
    ];
    for (const use of uses) expect(nameOf(await failureOf(use))).toEqual("EngineError");
  },
};
