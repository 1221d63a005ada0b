// What the sentences of the engine's contract share: texts to run, and what it means that numbers are the same.

import type {
  AppendOptions,
  Engine,
  Precision,
  Prediction,
  ScoredToken,
  Sequence,
} from "../engine.ts";
import { type TokenId, tokenId } from "../token.ts";
import type { ContractRunner } from "./tokenizer-contract.ts";

type Expect = ContractRunner["expect"];

/** What a sentence is given: an engine of its own, which is closed after it. */
export interface ContractParts {
  readonly engine: Engine;
  readonly expect: Expect;
}

/** Tests of an engine by what they say. */
export type Sentences = Readonly<Record<string, (parts: ContractParts) => Promise<void>>>;

/** How far numbers may be apart when the same ids come in other chunks. */
export const NATS: Readonly<Record<Precision, number>> = {
  exact: 1e-4, // float32 sums in another order
  compact: 1e-3, // and few rows at a time are rounded to 16 bits, where many are not: 0.0003 measured on the tiny models
};
export const HEAD_NATS = 1e-3; // the graph's own log-sum-exp and entropy, against float64 over the same logits
const LONG = 600; // tokens: several chunks of any engine whose context holds as many
export const SHORT = 12;

/** The sequence, with these ids behind what it holds. */
export async function appended(
  sequence: Sequence,
  ids: readonly TokenId[],
  options: AppendOptions = {},
): Promise<Sequence> {
  for await (const _chunk of sequence.append(ids, options));
  return sequence;
}

/** The tokens of a new sequence of these ids. */
export async function freshTokens(
  engine: Engine,
  ids: readonly TokenId[],
  options: AppendOptions = {},
): Promise<readonly ScoredToken[]> {
  return (await appended(engine.openSequence(), ids, options)).tokens;
}

/** Ids that repeat late and irregularly, all in the vocabulary. */
export function someIds({ vocabularySize }: Engine, count: number): readonly TokenId[] {
  return Array.from({ length: count }, (_, i) =>
    tokenId((7 + i * i * 31 + i * 17) % vocabularySize),
  );
}

/** As many as take several chunks. */
export function longIds(engine: Engine): readonly TokenId[] {
  return someIds(engine, Math.min(LONG, engine.contextLength));
}

/** Same ids, ranks and order of candidates, but for tokens whose logprobs float32 does not tell apart; numbers within its freedom. */
export async function expectSame(
  { engine, expect }: ContractParts,
  tokens: readonly ScoredToken[],
  expected: readonly ScoredToken[],
): Promise<void> {
  const nats = NATS[engine.precision];
  expect(tokens.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  for (const [i, { score, prediction }] of tokens.entries()) {
    const other = expected[i];
    if (other === undefined) continue;
    expect([i, score === null]).toEqual([i, other.score === null]);
    const apart = Math.abs((score?.rank ?? 0) - (other.score?.rank ?? 0));
    const near = apart === 0 ? 0 : await nearCount(engine, expected[i - 1], other, nats);
    expect([i, apart <= near]).toEqual([i, true]);
    expect([i, nearly(score?.logprobNats, other.score?.logprobNats, nats)]).toEqual([i, true]);
    expect([i, nearly(prediction.logZ, other.prediction.logZ, nats)]).toEqual([i, true]);
    expect([i, nearly(prediction.entropyNats, other.prediction.entropyNats, nats)]).toEqual([
      i,
      true,
    ]);
    expectRanking(expect, prediction, other.prediction, nats);
  }
}

/** How many other tokens of the vocabulary are as likely as the one that came, as far as numbers may be apart. */
async function nearCount(
  engine: Engine,
  before: ScoredToken | undefined,
  { id }: ScoredToken,
  nats: number,
): Promise<number> {
  if (before === undefined) return 0;
  const logits = await engine.logits(vectorOf(before.prediction));
  return logits.filter((logit) => nearly(logit, logits[id], nats)).length - 1;
}

/** The same candidates in the same order; those whose logprobs float32 does not tell apart may change places. */
export function expectRanking(
  expect: Expect,
  { topIds, topLogprobsNats }: Prediction,
  expected: Prediction,
  nats = HEAD_NATS,
): void {
  expect(topIds.length).toEqual(expected.topIds.length);
  const isOff = (id: number, i: number) => {
    const place = expected.topIds.indexOf(id);
    const other = expected.topLogprobsNats.at(place); // of one that is not there: the last, behind which it must be close
    return !nearly(topLogprobsNats[i], other, nats);
  };
  expect([...topIds].filter(isOff)).toEqual([]);
}

/** True where both are absent, or no further apart than this. */
export function nearly(a: number | undefined, b: number | undefined, tolerance: number): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Math.abs(a - b) <= tolerance;
}

/** How far apart the farthest numbers of two vectors are, as a share of the largest number. */
export function vectorDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const farthest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);
  return farthest === 0 ? 0 : farthest / largest;
}

/** The context vector that a run gives with every prediction. */
export function vectorOf({ contextVector }: Prediction): Float32Array {
  if (contextVector === null) throw new RangeError("engineContract: no context vector");
  return contextVector;
}

/** What a use throws, or null. */
export async function failureOf(use: () => Promise<unknown>): Promise<unknown> {
  try {
    await use();
    return null;
  } catch (error) {
    return error;
  }
}

/** The class of an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
