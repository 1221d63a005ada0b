// What every engine's batches must do, as sentences of its contract: each member is as a sequence of its own.

import type { Batch, Patch, ScoredToken } from "../engine.ts";
import { type TokenId, tokenId } from "../token.ts";
import {
  appended,
  type ContractParts,
  expectSame,
  failureOf,
  freshTokens,
  longIds,
  nameOf,
  type Sentences,
  SHORT,
  someIds,
} from "./contract-parts.ts";

type PartsOf = readonly (readonly TokenId[])[]; // of each member

/** Batches behind a common beginning. */
export const BATCH_SENTENCES: Sentences = {
  "members score as sequences of their own, whatever their parts": async (parts) => {
    const { engine } = parts;
    const ids = someIds(engine, 4 * SHORT);
    const beginning = ids.slice(0, 5);
    const sequence = await appended(engine.openSequence(), beginning);
    const batch = engine.openBatch(sequence, 3);
    const rounds: readonly PartsOf[] = [
      [ids.slice(5, 12), [], ids.slice(30, 31)],
      [[], ids.slice(20, 23), ids.slice(31, 32)],
      [ids.slice(12, 13), ids.slice(23, 24), ids.slice(32, 33)],
      [[], [], []],
      [ids.slice(13, 15), [], ids.slice(33, 45)],
    ];
    for (const round of rounds) await batch.append(round);
    await expectAsSingles(parts, batch, joined(beginning, rounds));
    batch.close();
  },
  "behind an empty beginning each member has a text of its own": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, 3 * SHORT);
    const batch = engine.openBatch(engine.openSequence(), 3);
    expect(batch.members).toEqual([[], [], []]);
    const rounds = [
      [ids.slice(0, 9), ids.slice(9, 10), ids.slice(10, 24)],
      [ids.slice(24, 25), ids.slice(25, 26), ids.slice(26, 30)],
    ];
    for (const round of rounds) await batch.append(round);
    expect(batch.members.map(([first]) => first?.score)).toEqual([null, null, null]);
    await expectAsSingles(parts, batch, joined([], rounds));
  },
  "append gives each member's new tokens": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const sequence = await appended(engine.openSequence(), ids.slice(0, 3));
    const batch = engine.openBatch(sequence, 2);
    expect(batch.members).toEqual([sequence.tokens, sequence.tokens]);
    const added = await batch.append([ids.slice(3, 5), []]);
    expect(added.map((tokens) => tokens.map(({ id }) => id))).toEqual([ids.slice(3, 5), []]);
    expect(added[0]).toEqual(batch.members[0]?.slice(3));
  },
  "one pass takes a token of each of eight members": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const batch = engine.openBatch(await appended(engine.openSequence(), ids.slice(0, 4)), 8);
    const runs = engine.counts.modelRuns;
    await batch.append(ids.slice(0, 8).map((id) => [id]));
    expect(engine.counts.modelRuns).toEqual(runs + 1);
    await batch.append(ids.slice(0, 8).map(() => []));
    expect(engine.counts.modelRuns).toEqual(runs + 1);
  },
  "parts of many passes score as sequences of their own": async (parts) => {
    const long = longIds(parts.engine);
    const batch = parts.engine.openBatch(parts.engine.openSequence(), 3);
    const texts = [long.slice(0, -20), long.slice(40, 50), long.toReversed().slice(0, 100)];
    await batch.append(texts);
    await expectAsSingles(parts, batch, texts);
  },
  "the beginning goes its own way, and the batch outlives it": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, 2 * SHORT);
    const sequence = await appended(engine.openSequence(), ids.slice(0, SHORT));
    const batch = engine.openBatch(sequence, 2);
    await batch.append([ids.slice(3, 6), ids.slice(7, 9)]);
    await appended(sequence, ids.slice(SHORT));
    await expectSame({ engine, expect }, sequence.tokens, await freshTokens(engine, ids));
    sequence.cut(2);
    sequence.close();
    await batch.append([ids.slice(6, 7), ids.slice(9, 10)]);
    const texts = [ids.slice(3, 7), ids.slice(7, 10)];
    await expectAsSingles(
      parts,
      batch,
      texts.map((text) => [...ids.slice(0, SHORT), ...text]),
    );
  },
  "members behind a patched beginning run on with the patch": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const inspect = { positions: [1], residuals: true };
    const [, token] = await freshTokens(engine, ids, { inspect });
    const vector = token?.inside?.residuals[0] ?? new Float32Array();
    const patches: readonly Patch[] = [{ kind: "residual", layer: 0, position: 3, vector }];
    const sequence = await appended(engine.openSequence(), ids.slice(0, 4), { patches });
    const batch = engine.openBatch(sequence, 2);
    await batch.append([ids.slice(4), []]);
    await appended(sequence, ids.slice(4));
    await expectSame({ engine, expect }, batch.members[0] ?? [], sequence.tokens);
  },
  "an abort between passes leaves whole passes, and the batch goes on from there": async (
    parts,
  ) => {
    const { engine, expect } = parts;
    const long = longIds(engine);
    const texts = [long, long.toReversed()];
    const batch = engine.openBatch(engine.openSequence(), 2);
    const reason = new Error("enough");
    const isGrown = () => batch.members.some(({ length }) => length > 0);
    // Aborted as soon as a member has grown: between the first pass and the second, on any machine.
    const signal: AbortSignal = Object.create(new AbortController().signal, {
      reason: { value: reason },
      aborted: { get: isGrown },
      throwIfAborted: {
        value() {
          if (isGrown()) throw reason;
        },
      },
    });
    const runs = engine.counts.modelRuns;
    const failure = await failureOf(() => batch.append(texts, { signal }));
    const isWhole = batch.members.every(({ length }) => length === long.length);
    expect(failure === reason).toEqual(!isWhole); // else all was one pass
    expect(engine.counts.modelRuns).toEqual(runs + 1);
    await batch.append(texts.map((text, i) => text.slice(batch.members[i]?.length)));
    await expectAsSingles(parts, batch, texts);
  },
  "an abort before a batch's pass runs nothing": async ({ engine, expect }) => {
    const batch = engine.openBatch(engine.openSequence(), 2);
    const controller = new AbortController();
    const reason = new Error("never");
    controller.abort(reason);
    const ids = someIds(engine, 2);
    const failure = await failureOf(() => batch.append([ids, ids], { signal: controller.signal }));
    expect(failure === reason).toEqual(true);
    expect([batch.members, engine.counts.modelRuns]).toEqual([[[], []], 0]);
  },
  "a batch refuses whole what one member cannot take": async ({ engine, expect }) => {
    const ids = someIds(engine, SHORT);
    const sequence = await appended(engine.openSequence(), ids.slice(0, 3));
    const batch = engine.openBatch(sequence, 2);
    const tooLong = someIds(engine, engine.contextLength - 2);
    const unknown = tokenId(engine.vocabularySize);
    const refused: readonly (readonly [PartsOf, string])[] = [
      [[ids.slice(3), [unknown]], "UsageError"],
      [[ids.slice(3), tooLong], "UsageError"],
      [[ids.slice(3)], "RangeError"],
    ];
    for (const [parts, error] of refused) {
      expect(nameOf(await failureOf(() => batch.append(parts)))).toEqual(error);
      expect(batch.members).toEqual([sequence.tokens, sequence.tokens]);
    }
    for (const count of [-1, 1.5]) {
      expect(() => engine.openBatch(sequence, count)).toThrow(/batch/);
    }
  },
  "who joins scores on as a sequence of its own, while others write and leave": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, 6 * SHORT);
    const batch = engine.openBatch(engine.openSequence(), 0);
    expect(batch.members).toEqual([]);
    const prompt = await appended(engine.openSequence(), ids.slice(0, 9));
    expect([batch.join(prompt), batch.join(engine.openSequence())]).toEqual([0, 1]);
    expect(batch.members).toEqual([prompt.tokens, []]);
    prompt.close();
    await batch.append([ids.slice(9, 12), ids.slice(20, 40)]);
    const fork = batch.fork(1);
    fork.cut(6);
    expect(batch.join(fork)).toEqual(2);
    await batch.append([ids.slice(12, 13), ids.slice(40, 41), ids.slice(50, 70)]);
    await expectAsSingles(parts, batch, [
      ids.slice(0, 13),
      ids.slice(20, 41),
      [...ids.slice(20, 26), ...ids.slice(50, 70)],
    ]);
    batch.leave(1);
    expect(batch.members[1]).toEqual([]);
    await batch.append([ids.slice(13, 14), [], ids.slice(70, 71)]);
    await appended(fork, ids.slice(30, 34));
    expect(batch.join(fork)).toEqual(1);
    await batch.append([[], ids.slice(0, 3), []]);
    await expectAsSingles(parts, batch, [
      ids.slice(0, 14),
      [...ids.slice(20, 26), ...ids.slice(30, 34), ...ids.slice(0, 3)],
      [...ids.slice(20, 26), ...ids.slice(50, 71)],
    ]);
  },
  "joining and forking run nothing, and an emptied batch takes new members": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, 2 * SHORT);
    const batch = engine.openBatch(await appended(engine.openSequence(), ids.slice(0, 5)), 1);
    await batch.append([ids.slice(5, 8)]);
    const runs = engine.counts;
    const fork = batch.fork(0);
    batch.leave(0);
    expect(batch.join(fork)).toEqual(0);
    expect(engine.counts).toEqual(runs);
    fork.close();
    await batch.append([ids.slice(8, 20)]);
    await expectAsSingles(parts, batch, [ids.slice(0, 20)]);
  },
  "who leaves during a pass leaves the others as they are": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, 2 * SHORT);
    const batch = engine.openBatch(engine.openSequence(), 3);
    await batch.append([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6, 9)]);
    const pass = batch.append([ids.slice(9, 10), ids.slice(10, 11), ids.slice(11, 12)]);
    batch.leave(1);
    await pass;
    expect(batch.members[1]).toEqual([]);
    expect(batch.join(engine.openSequence())).toEqual(1);
    await batch.append([[], ids.slice(12, 14), ids.slice(14, 15)]);
    await expectAsSingles(parts, batch, [
      [...ids.slice(0, 3), ...ids.slice(9, 10)],
      ids.slice(12, 14),
      [...ids.slice(6, 9), ...ids.slice(11, 12), ...ids.slice(14, 15)],
    ]);
  },
  "a place that nobody holds takes no ids, and cannot be forked or left": async (parts) => {
    const { engine, expect } = parts;
    const ids = someIds(engine, 2);
    const batch = engine.openBatch(engine.openSequence(), 2);
    batch.leave(0);
    expect(nameOf(await failureOf(() => batch.append([ids, ids])))).toEqual("RangeError");
    expect(batch.members).toEqual([[], []]);
    for (const place of [0, 2, -1]) {
      expect(() => batch.fork(place)).toThrow(/no member/);
      expect(() => batch.leave(place)).toThrow(/no member/);
    }
  },
  "a closed batch, and one of a closed engine, refuse": async ({ engine, expect }) => {
    const ids = someIds(engine, 2);
    const closed = engine.openBatch(engine.openSequence(), 2);
    const open = engine.openBatch(engine.openSequence(), 2);
    closed.close();
    closed.close();
    expect(nameOf(await failureOf(() => closed.append([ids, ids])))).toEqual("EngineError");
    await engine.close();
    expect(nameOf(await failureOf(() => open.append([ids, ids])))).toEqual("EngineError");
  },
};

/** What each member holds after these rounds. */
function joined(beginning: readonly TokenId[], rounds: readonly PartsOf[]): PartsOf {
  const members = rounds[0] ?? [];
  return members.map((_, i) => [...beginning, ...rounds.flatMap((round) => round[i] ?? [])]);
}

async function expectAsSingles(
  { engine, expect }: ContractParts,
  { members }: Batch,
  texts: PartsOf,
): Promise<void> {
  expect(members.length).toEqual(texts.length);
  const singles: (readonly ScoredToken[])[] = [];
  for (const text of texts) singles.push(await freshTokens(engine, text));
  for (const [i, tokens] of members.entries())
    await expectSame({ engine, expect }, tokens, singles[i] ?? []);
}
