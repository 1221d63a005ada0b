import {
  type Engine,
  type ScoredToken,
  type Sequence,
  type TokenId,
  tokenId,
} from "@tokenscope/core";
import { expectSame, NATS as FREEDOM } from "@tokenscope/core/contracts";
import type { Ort, OrtSession } from "@tokenscope/engine";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { type OpenOptions, openEngine } from "./open-engine.ts";
import { nodeKernel } from "./open-kernel.ts";
import { RUNTIMES } from "./runtimes.ts";

const path = referencePath("tiny/llama-tied.gguf");
const CONTEXT = 1_200; // positions; the file's own 256 are one chunk
const VOCABULARY = 261;
const NATS = FREEDOM.exact;
const runs = { seed: 20_261_125, numRuns: process.env["TOKENSCOPE_LONG"] === "1" ? 1_000 : 40 };

type Operation =
  | { readonly kind: "append"; readonly ids: readonly number[] }
  | { readonly kind: "cut"; readonly share: number }
  | { readonly kind: "fork"; readonly stays: boolean };

const ids = (maxLength: number) =>
  fc.array(fc.nat(VOCABULARY - 1), { minLength: 1, maxLength, size: "max" });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), ids: ids(40) }),
  fc.record({
    kind: fc.constant("cut" as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant("fork" as const), stays: fc.boolean() }),
);

describe.each(RUNTIMES)("a sequence on the tiny model, on $name", ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open(path, { contextLength: CONTEXT });
  });
  afterAll(() => engine.close());

  test("a token drawn from logits is scored under them: as another run scores it, and without one", async () => {
    const [drawn, other] = [engine.openSequence(), engine.openSequence()];
    for (const sequence of [drawn, other]) await append(sequence, [1, 2, 3]);
    const vector = drawn.tokens.at(-1)?.prediction.contextVector ?? new Float32Array();
    const logits = await engine.logits(vector);
    const least = logits.indexOf(Math.min(...logits)); // not among the kept candidates
    const headRuns = async (sequence: Sequence) => {
      const before = engine.counts.headRuns;
      await append(sequence, [least]);
      return engine.counts.headRuns - before;
    };
    expect([await headRuns(drawn), await headRuns(other)]).toEqual([1, 2]);
    const [score, expected] = [drawn.tokens.at(-1)?.score, other.tokens.at(-1)?.score];
    expect(score?.rank).toBe(expected?.rank);
    expect(Math.abs((score?.logprobNats ?? 0) - (expected?.logprobNats ?? 9))).toBeLessThan(NATS);
    drawn.cut(3);
    expect(await headRuns(drawn)).toBe(2); // used once, then forgotten
  });

  test("any appends, cuts and forks end as a fresh run of the same ids", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 8 }), async (operations) => {
        let sequence = engine.openSequence();
        let expected: readonly number[] = [];
        const left: { readonly sequence: Sequence; readonly ids: readonly number[] }[] = [];
        for (const step of operations) {
          if (step.kind === "append") {
            await append(sequence, step.ids);
            expected = [...expected, ...step.ids];
          } else if (step.kind === "cut") {
            const length = Math.floor(step.share * expected.length);
            sequence.cut(length);
            expected = expected.slice(0, length);
          } else {
            const fork = sequence.fork();
            left.push({ sequence: step.stays ? fork : sequence, ids: expected });
            sequence = step.stays ? sequence : fork;
          }
        }
        for (const end of [...left, { sequence, ids: expected }]) {
          await expectFresh(engine, end.sequence, end.ids);
          end.sequence.close();
        }
      }),
      runs,
    );
  });

  test.each([255, 256, 257, 512, 513, 1_025])(
    "%i tokens at once score as in parts that end elsewhere",
    async (length) => {
      const text = Array.from({ length }, (_, i) => (i * i * 13 + 5 * i + 1) % VOCABULARY);
      const whole = await append(engine.openSequence(), text);
      expect(whole.tokens.length).toBe(length);
      const parts = engine.openSequence();
      for (const end of [1, 100, 101, 300, 700, length]) {
        await append(parts, text.slice(parts.tokens.length, end));
      }
      await expectSame({ engine, expect }, parts.tokens, whole.tokens);
    },
  );

  test("a long text takes one model run for 256 positions", async () => {
    const before = engine.counts.modelRuns;
    await append(
      engine.openSequence(),
      Array.from({ length: 513 }, (_, i) => i % VOCABULARY),
    );
    expect(engine.counts.modelRuns - before).toBe(3);
  });

  test("the head alone gives the numbers that the pass gave", async () => {
    await fc.assert(
      fc.asyncProperty(ids(30), async (text) => {
        const { tokens } = await append(engine.openSequence(), text);
        for (const [i, { id, score }] of tokens.entries()) {
          const before = tokens[i - 1];
          if (before !== undefined) await expectHeadAgrees(engine, before, { id, score });
        }
      }),
      { ...runs, numRuns: runs.numRuns / 4 },
    );
  });

  test("candidates are ordered by logprob, then by lower id, and none is left out", async () => {
    const { tokens } = await append(engine.openSequence(), [72, 101, 108, 108, 111]);
    for (const { prediction } of tokens) {
      const logits = await engine.logits(prediction.contextVector!);
      const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
      expect([...prediction.topIds]).toEqual(order.slice(0, 50));
    }
  });
});

describe.each(RUNTIMES)("a batch on the tiny model, on $name", ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open(path, { contextLength: CONTEXT });
  });
  afterAll(() => engine.close());

  test("any rounds of any parts end as fresh runs of each member's ids", async () => {
    const part = fc.array(fc.nat(VOCABULARY - 1), { maxLength: 12 });
    const rounds = fc.array(fc.tuple(part, part, part), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(ids(20), rounds, async (beginning, all) => {
        const sequence = await append(engine.openSequence(), beginning);
        const batch = engine.openBatch(sequence, 3);
        for (const round of all) await batch.append(round.map((each) => each.map(tokenId)));
        for (const [member, tokens] of batch.members.entries()) {
          const text = [...beginning, ...all.flatMap((round) => round[member]!)];
          const fresh = await append(engine.openSequence(), text);
          await expectSame({ engine, expect }, tokens, fresh.tokens);
          fresh.close();
        }
        batch.close();
        sequence.close();
      }),
      { ...runs, numRuns: runs.numRuns / 2 },
    );
  });

  test.each([
    ["the body's", "keys.0"],
    ["the head's", "top-ids"],
  ])("%s run fails: EngineError, no member is longer, and the batch goes on", async (_, output) => {
    let isFailing = false;
    const failing = await openEngine(path, {
      ort: hookedOrt(async (fetches) => {
        if (isFailing && fetches.includes(output)) throw new Error("no memory");
      }),
    });
    const batch = failing.openBatch(await append(failing.openSequence(), [1, 2, 3]), 2);
    await batch.append([[tokenId(4)], [tokenId(5), tokenId(6)]]);
    isFailing = true;
    const parts = [[tokenId(7)], [tokenId(8)]];
    await expect(batch.append(parts)).rejects.toThrow(/no memory/);
    expect(batch.members.map(({ length }) => length)).toEqual([4, 5]);
    isFailing = false;
    await batch.append(parts);
    for (const [member, text] of [
      [0, [1, 2, 3, 4, 7]],
      [1, [1, 2, 3, 5, 6, 8]],
    ] as const) {
      const fresh = await append(failing.openSequence(), text);
      await expectSame({ engine: failing, expect }, batch.members[member]!, fresh.tokens);
    }
    await failing.close();
  });

  test("closed before its pass has its turn: the pass is dropped", async () => {
    const { engine: held, sequence, running, release } = await openHeldPass(HEAD, {});
    const batch = held.openBatch(sequence, 2); // its beginning is what was scored before
    const appending = batch.append([[tokenId(6)], [tokenId(7)]]);
    batch.close();
    release();
    await running;
    await expect(appending).rejects.toThrow(/closed/);
    expect(batch.members).toEqual([[], []]);
    await held.close();
  });
});

const BODY = "keys.0"; // an output that only the body has
const HEAD = "top-ids";

describe("a run that fails", () => {
  test.each([
    ["the body's", BODY],
    ["the head's", HEAD],
  ])("%s: EngineError, and the sequence keeps whole chunks and goes on", async (_, output) => {
    let isFailing = false;
    const engine = await openEngine(path, {
      contextLength: CONTEXT,
      ort: hookedOrt(async (fetches) => {
        if (isFailing && fetches.includes(output)) throw new Error("no memory");
      }),
    });
    const sequence = engine.openSequence();
    const text = Array.from({ length: 300 }, (__, i) => (i * 7) % VOCABULARY);
    await append(sequence, text.slice(0, 10));
    isFailing = true;
    await expect(append(sequence, text.slice(10))).rejects.toThrow(
      expect.objectContaining({
        name: "EngineError",
        message: expect.stringContaining("no memory"),
      }),
    );
    expect(sequence.tokens.length).toBe(10);
    isFailing = false;
    await append(sequence, text.slice(10));
    await expectFresh(engine, sequence, text);
    await engine.close();
  });
});

describe.each([
  ["the body", BODY, {}],
  ["the head", HEAD, {}],
  ["the body beside the kernel", BODY, { kernel: nodeKernel }],
  ["the head beside the kernel", HEAD, { kernel: nodeKernel }],
])("a sequence that is changed while %s runs", (_, output, options) => {
  const heldPass = () => openHeldPass(output, options);

  test("by a cut: the pass is dropped, the cut stays", async () => {
    const { engine, sequence, running, release } = await heldPass();
    sequence.cut(2);
    release();
    await expect(running).rejects.toThrow(/was cut while it ran/);
    await append(sequence, [9, 8]);
    await expectFresh(engine, sequence, [1, 2, 9, 8]);
    await engine.close();
  });

  test("by closing it: the pass is dropped", async () => {
    const { engine, sequence, running, release } = await heldPass();
    sequence.close();
    release();
    await expect(running).rejects.toThrow(/closed/);
    expect(sequence.tokens).toEqual([]);
    await engine.close();
  });

  test("by a fork: it has what was scored before, and both go on", async () => {
    const { engine, sequence, running, release } = await heldPass();
    const fork = sequence.fork();
    release();
    await running;
    await append(fork, [6]);
    await expectFresh(engine, fork, [1, 2, 3, 4, 6]);
    await expectFresh(engine, sequence, [1, 2, 3, 4, 5, 6, 7, 8]);
    await engine.close();
  });

  test("by opening a batch: its members begin with what was scored before", async () => {
    const { engine, sequence, running, release } = await heldPass();
    const batch = engine.openBatch(sequence, 2);
    release();
    await running;
    await batch.append([[6], [7]].map((part) => part.map(tokenId))); // the kernel's, where there is one
    await batch.append(
      [
        [1, 2, 3],
        [4, 5, 6],
      ].map((part) => part.map(tokenId)),
    );
    const expected = [
      [1, 2, 3, 4, 6, 1, 2, 3],
      [1, 2, 3, 4, 7, 4, 5, 6],
    ];
    for (const [i, text] of expected.entries()) {
      const fresh = await append(engine.openSequence(), text);
      await expectSame({ engine, expect }, batch.members[i] ?? [], fresh.tokens);
    }
    await engine.close();
  });
});

test("a batch begins with a sequence of its own engine", async () => {
  const [one, other] = [await openEngine(path), await openEngine(path)];
  expect(() => one.openBatch(other.openSequence(), 2)).toThrow(/of the same engine/);
  await one.close();
  await other.close();
});

/** Ids 1 to 4 scored, and 5 to 8 in a pass that stands still, in the run with this output, until it is released. */
async function openHeldPass(
  output: string,
  options: OpenOptions,
): Promise<{
  readonly engine: Engine;
  readonly sequence: Sequence;
  readonly running: Promise<Sequence>;
  readonly release: () => void;
}> {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  let isHolding = false;
  const hook = async (fetches: readonly string[]) => {
    if (!isHolding || !fetches.includes(output)) return;
    reach();
    await gate;
  };
  const engine = await openEngine(path, { ...options, ort: hookedOrt(hook) });
  const sequence = await append(engine.openSequence(), [1, 2, 3, 4]);
  isHolding = true;
  const running = append(sequence, [5, 6, 7, 8]);
  await reached;
  return { engine, sequence, running, release };
}

async function append(sequence: Sequence, text: readonly number[]): Promise<Sequence> {
  for await (const _chunk of sequence.append(text.map(tokenId)));
  return sequence;
}

async function expectFresh(
  engine: Engine,
  sequence: Sequence,
  text: readonly number[],
): Promise<void> {
  const fresh = await append(engine.openSequence(), text);
  await expectSame({ engine, expect }, sequence.tokens, fresh.tokens);
  fresh.close();
}

async function expectHeadAgrees(
  engine: Engine,
  { prediction }: ScoredToken,
  { id, score }: { readonly id: TokenId; readonly score: ScoredToken["score"] },
): Promise<void> {
  const logits = await engine.logits(prediction.contextVector!);
  const probabilities = [...logits].map((logit) => Math.exp(logit - prediction.logZ));
  const entropy = -probabilities.reduce((sum, p) => sum + p * Math.log(p), 0);
  expect(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1)).toBeLessThan(NATS);
  expect(Math.abs(entropy - prediction.entropyNats)).toBeLessThan(NATS);
  expect(Math.abs(logits[id]! - prediction.logZ - score!.logprobNats)).toBeLessThan(NATS);
  expect(score!.rank).toBe(1 + logits.filter((logit) => logit > logits[id]!).length);
  const [again] = await engine.scoreAt([prediction.contextVector!], id);
  expect(again!.rank).toBe(score!.rank);
  expect(Math.abs(again!.logprobNats - score!.logprobNats)).toBeLessThan(NATS);
}

/** onnxruntime-node, but each run first waits for the hook, and fails where the hook does. */
function hookedOrt(hook: (fetches: readonly string[]) => Promise<void>): Ort {
  const real: Ort = ort;
  return {
    Tensor: real.Tensor,
    InferenceSession: {
      async create(model, options): Promise<OrtSession> {
        const session = await real.InferenceSession.create(model, options);
        return {
          async run(feeds, fetches) {
            await hook(fetches);
            return session.run(feeds, fetches);
          },
          release: () => session.release(),
        };
      },
    },
  };
}
