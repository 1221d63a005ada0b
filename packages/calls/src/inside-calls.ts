// The calls that look inside a run: layers, heads, rows of the head. Each runs one position at most, on a sequence that is thrown away.

import type { AppendOptions, Engine, ScoredToken, Sequence, TokenId } from "@tokenscope/core";
import type { SessionHost } from "./calls.ts";
import type { TextRunner } from "./text-runner.ts";

type InsideKind = "lens" | "scoreAt" | "attention" | "headOff" | "tokenVector" | "logits";

/** Handlers of the calls that look inside. */
export function insideCalls(
  engine: Engine,
  texts: Pick<TextRunner, "withBeginning">,
): Pick<SessionHost, InsideKind> {
  const lookAtLast = (ids: readonly TokenId[], look: LastLook): Promise<ScoredToken> =>
    texts.withBeginning(ids, (sequence) => lastOf(sequence, ids, look), look.signal);
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

/** The last of the ids, run with a look behind what the sequence holds of the others. */
async function lastOf(
  sequence: Sequence,
  ids: readonly TokenId[],
  { residuals = false, attention = [], ...options }: LastLook,
): Promise<ScoredToken> {
  const position = ids.length - 1;
  sequence.cut(Math.min(sequence.tokens.length, position));
  const { signal } = options;
  const before = ids.slice(sequence.tokens.length, position);
  for await (const _chunk of sequence.append(before, { ...(signal && { signal }) }));
  const inspect = { positions: [position], residuals, attention };
  for await (const _chunk of sequence.append(ids.slice(position), { ...options, inspect }));
  const last = sequence.tokens[position];
  if (last === undefined) throw new RangeError("lastOf: there is no id to look at");
  return last;
}
