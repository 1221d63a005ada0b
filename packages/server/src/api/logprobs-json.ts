// Logprobs in the three shapes that clients know: the completions' columns, the chat's rows, vLLM's table of a prompt.

import type { TokenId, Vocabulary } from "@tokenscope/core";
import type { PlacedReport } from "./choice.ts";
import type { TokenName } from "./token-names.ts";
import type { Candidate, TokenReport } from "./token-report.ts";

const LEAST_NATS = -9999; // JSON knows no -Infinity; OpenAI writes this for what cannot come

/** `logprobs` of a completion: columns of equal length. */
export function completionLogprobs(reports: readonly PlacedReport[], name: TokenName) {
  return {
    tokens: reports.map(({ id }) => name(id)),
    token_logprobs: reports.map(({ score }) => score && nats(score.logprobNats)),
    top_logprobs: reports.map((report) => report.candidates && topLogprobs(report, name)),
    text_offset: reports.map(({ textOffset }) => textOffset),
  };
}

/** The candidates by name, and the token itself where it is not among them. Of two with one name the likelier stays. */
function topLogprobs(report: TokenReport, name: TokenName): Readonly<Record<string, number>> {
  const named = new Map<string, number>();
  for (const { id, logprobNats } of withOwn(report)) {
    if (!named.has(name(id))) named.set(name(id), nats(logprobNats));
  }
  return Object.fromEntries(named);
}

function withOwn({ id, score, candidates }: TokenReport): readonly Candidate[] {
  const found = candidates ?? [];
  return score === null || found.some((each) => each.id === id)
    ? found
    : [...found, { id, ...score }];
}

/** `logprobs.content` of a chat: a row a token. */
export function chatLogprobs(
  reports: readonly TokenReport[],
  name: TokenName,
  vocabulary: Vocabulary,
) {
  const row = (id: TokenId, logprobNats: number) => {
    return { token: name(id), logprob: nats(logprobNats), bytes: [...vocabulary.bytes(id)] };
  };
  const content = reports.map(({ id, score, candidates }) => ({
    ...row(id, score?.logprobNats ?? LEAST_NATS),
    top_logprobs: (candidates ?? []).map((each) => row(each.id, each.logprobNats)),
  }));
  return { content, refusal: null };
}

/** `prompt_logprobs` as vLLM has them: for each position null or {id: {logprob, rank, decoded_token}}, the token itself always among them. */
export function promptLogprobs(reports: readonly TokenReport[], name: TokenName) {
  return reports.map((report) => {
    if (report.score === null) return null;
    const rows = withOwn(report).map(({ id, logprobNats, rank }) => [
      String(id),
      { logprob: nats(logprobNats), rank, decoded_token: name(id) },
    ]);
    return Object.fromEntries(rows);
  });
}

function nats(logprobNats: number): number {
  return Math.max(LEAST_NATS, logprobNats);
}
