// What is told of a token: how likely it was, and which others were. Over the model's own distribution, before any settings.

import {
  type Engine,
  logSumExp,
  type Prediction,
  type ScoredToken,
  type TokenId,
  tokenId,
  tokenLogprobNats,
  topCandidates,
} from "@tokenscope/core";

/** A token with its place in a distribution. */
export interface Candidate {
  readonly id: TokenId;
  readonly logprobNats: number;
  readonly rank: number | null; // null beyond the kept candidates, where only a head run would tell
}

/** A token that came, and those that might have; score and candidates are null where nothing stood before it. */
export interface TokenReport {
  readonly id: TokenId;
  readonly score: Pick<Candidate, "logprobNats" | "rank"> | null;
  readonly candidates: readonly Candidate[] | null; // the most likely, then those asked for by id
}

/** What is wanted of each position. */
export interface ReportWish {
  readonly top: number; // how many of the most likely
  readonly ids: readonly TokenId[]; // and these, wherever they stand
}

type ReportEngine = Pick<Engine, "logits" | "scoreAt" | "tokenVector" | "logitCap">;

/** Tokens of a prompt, each under the prediction before it. */
export async function promptReports(
  engine: ReportEngine,
  tokens: readonly ScoredToken[],
  wish: ReportWish,
): Promise<readonly TokenReport[]> {
  const reports: TokenReport[] = [];
  for (const [i, { id, score }] of tokens.entries()) {
    const before = tokens[i - 1]?.prediction;
    const candidates = before === undefined ? null : await candidatesOf(engine, before, wish);
    reports.push({ id, score: before === undefined ? null : score, candidates });
  }
  return reports;
}

/** A token that was drawn from this prediction. */
export async function tokenReport(
  engine: ReportEngine,
  { id, before }: { readonly id: TokenId; readonly before: Prediction },
  wish: ReportWish,
): Promise<TokenReport> {
  const candidates = await candidatesOf(engine, before, wish);
  const known = candidates.find((each) => each.id === id) ?? keptCandidate(before, id);
  const [score] = known ? [known] : await engine.scoreAt([contextOf(before)], id);
  return { id, score: score ?? null, candidates };
}

async function candidatesOf(
  engine: ReportEngine,
  before: Prediction,
  { top, ids }: ReportWish,
): Promise<readonly Candidate[]> {
  const likeliest =
    top <= before.topIds.length
      ? Array.from(before.topIds.subarray(0, top), (id) => keptCandidate(before, tokenId(id)))
      : allCandidates(await engine.logits(contextOf(before)), top);
  const found = likeliest.flatMap((each) => each ?? []);
  const missing = ids.filter((id) => !found.some((each) => each.id === id));
  const named: Candidate[] = [];
  for (const id of missing) named.push(await namedCandidate(engine, before, id));
  return [...found, ...named];
}

/** A token where it is among the kept candidates. */
function keptCandidate({ topIds, topLogprobsNats }: Prediction, id: TokenId): Candidate | null {
  const logprobNats = topLogprobsNats[topIds.indexOf(id)];
  if (logprobNats === undefined) return null;
  return { id, logprobNats, rank: 1 + topLogprobsNats.indexOf(logprobNats) };
}

function allCandidates(logits: Float32Array, top: number): readonly Candidate[] {
  const logZ = logSumExp(logits);
  let rank = 1;
  let last = Number.POSITIVE_INFINITY;
  return Array.from(topCandidates(logits, top), (id, i) => {
    const logit = logits[id] ?? 0;
    if (logit < last) rank = i + 1;
    last = logit;
    return { id: tokenId(id), logprobNats: logit - logZ, rank };
  });
}

/** A token by its row of the head: no run. */
async function namedCandidate(
  engine: ReportEngine,
  before: Prediction,
  id: TokenId,
): Promise<Candidate> {
  const kept = keptCandidate(before, id);
  if (kept !== null) return kept;
  const row = { vector: await engine.tokenVector(id), logitCap: engine.logitCap };
  const logprobNats = tokenLogprobNats(before, row) ?? Number.NEGATIVE_INFINITY;
  return { id, logprobNats, rank: null };
}

function contextOf({ contextVector }: Prediction): Float32Array {
  if (contextVector === null) throw new RangeError("contextOf: a recorded prediction");
  return contextVector;
}
