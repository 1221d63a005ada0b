// What makes two runs of the same tokens the same, as far as float32 tells.

import type { Engine, ScoredToken } from "@tokenscope/core";
import { expect } from "vitest";

export const NATS = 1e-4;

/** The same ids, ranks and candidates, but for those whose logprobs float32 does not tell apart, and numbers within its freedom. */
export async function expectSame(
  engine: Engine,
  tokens: readonly ScoredToken[],
  expected: readonly ScoredToken[],
): Promise<void> {
  expect(tokens.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  for (const [i, token] of tokens.entries()) {
    const other = expected[i]!;
    const apart = Math.abs((token.score?.rank ?? 0) - (other.score?.rank ?? 0));
    const near = apart === 0 ? 0 : await nearCount(engine, expected[i - 1], other);
    expect([i, apart <= near, isOrdered(token, other)]).toEqual([i, true, true]);
    expect(distanceNats(token, other)).toBeLessThan(NATS);
  }
}

/** How many tokens are as likely as the one that came, as far as float32 tells, in the vocabulary and not only among the candidates. */
async function nearCount(
  engine: Engine,
  before: ScoredToken | undefined,
  { id }: ScoredToken,
): Promise<number> {
  const logits = await engine.logits(before!.prediction.contextVector!);
  return logits.filter((logit) => Math.abs(logit - logits[id]!) < NATS).length - 1;
}

/** True where each candidate has the other's place, or one of nearly the same logprob. */
function isOrdered({ prediction: a }: ScoredToken, { prediction: b }: ScoredToken): boolean {
  return [...a.topIds].every((id, i) => {
    const place = b.topIds.indexOf(id); // -1, the last, of one that fell behind it
    return Math.abs(a.topLogprobsNats[i]! - b.topLogprobsNats.at(place)!) < NATS;
  });
}

function distanceNats(a: ScoredToken, b: ScoredToken): number {
  const differences = a.prediction.topLogprobsNats.map(
    (logprob, i) => logprob - b.prediction.topLogprobsNats[i]!,
  );
  return Math.max(
    Math.abs((a.score?.logprobNats ?? 0) - (b.score?.logprobNats ?? 0)),
    Math.abs(a.prediction.logZ - b.prediction.logZ),
    Math.abs(a.prediction.entropyNats - b.prediction.entropyNats),
    ...differences.map(Math.abs),
  );
}
