// The calls that look inside a run: layers, heads, rows of the head. Each runs one position at most, on a fork, and the sequence stays as it is.

import type { AppendOptions, Engine, ScoredToken, Sequence, TokenId } from "@tokenscope/core";
import type { SessionHost } from "./session-host.ts";

export interface InsideParts {
  readonly engine: Engine;
  /** What has been scored so far; read in turn with the calls that lengthen it. */
  readonly sequence: Sequence;
  readonly inTurn: <T>(job: () => Promise<T>) => Promise<T>;
}

type InsideKind = "lens" | "scoreAt" | "attention" | "headOff" | "tokenVector" | "logits";

/** Handlers of the calls that look inside. */
export function insideCalls({
  engine,
  sequence,
  inTurn,
}: InsideParts): Pick<SessionHost, InsideKind> {
  const lookAtLast = (ids: readonly TokenId[], look: LastLook): Promise<ScoredToken> =>
    inTurn(() => lastOf(sequence, ids, look));
  return {
    lens: async ({ ids }, _emit, signal) => {
      const { inside } = await lookAtLast(ids, { residuals: true, signal });
      const streams = inside?.residuals ?? [];
      return engine.predictions(streams.map((stream) => engine.contextVector(stream)));
    },
    scoreAt: async ({ contextVectors, id }) => engine.scoreAt(contextVectors, id),
    attention: async ({ ids }, _emit, signal) => {
      const attention = Array.from({ length: engine.layers }, (_, layer) => ({ layer }));
      const { inside } = await lookAtLast(ids, { attention, signal });
      return { heads: engine.heads, rows: inside?.attention ?? [] };
    },
    headOff: async ({ ids, layer, head, id }, _emit, signal) => {
      const patches = [{ kind: "head-off", layer, head }] as const;
      const { prediction } = await lookAtLast(ids, { patches, signal });
      if (id === null || prediction.contextVector === null) return { prediction, score: null };
      const [score = null] = await engine.scoreAt([prediction.contextVector], id);
      return { prediction, score };
    },
    tokenVector: async ({ id }) => ({
      vector: await engine.tokenVector(id),
      logitCap: engine.logitCap,
    }),
    logits: async ({ contextVector }) => engine.logits(contextVector),
  };
}

/** What is shown and changed at the last id alone. */
interface LastLook extends Omit<AppendOptions, "inspect"> {
  readonly residuals?: boolean;
  readonly attention?: readonly { readonly layer: number }[];
}

/** The last of the ids, run with a look behind what the sequence shares with the others. */
async function lastOf(
  sequence: Sequence,
  ids: readonly TokenId[],
  { residuals = false, attention = [], ...options }: LastLook,
): Promise<ScoredToken> {
  const position = ids.length - 1;
  const fork = sequence.fork();
  try {
    const shared = fork.tokens.findIndex((token, i) => i >= position || token.id !== ids[i]);
    if (shared !== -1) fork.cut(shared);
    const { signal } = options;
    const before = ids.slice(fork.tokens.length, position);
    for await (const _chunk of fork.append(before, { ...(signal && { signal }) }));
    const inspect = { positions: [position], residuals, attention };
    for await (const _chunk of fork.append(ids.slice(position), { ...options, inspect }));
    const last = fork.tokens[position];
    if (last === undefined) throw new RangeError("lastOf: there is no id to look at");
    return last;
  } finally {
    fork.close();
  }
}
