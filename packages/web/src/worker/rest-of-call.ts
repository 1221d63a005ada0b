// What is left of a call that was cut off, once some of its events are there: whoever answers it next is asked for that alone.

import type { ModelCallKind, ModelCalls } from "@tokenscope/calls";
import type { TokenId } from "@tokenscope/core";

type Rest<K extends ModelCallKind> = (
  request: ModelCalls[K]["request"],
  event: ModelCalls[K]["event"],
) => ModelCalls[K]["request"];

/** The request that is left after an event. A text is scored from its beginning again: the page mixes no two engines' scores. */
export function restOfCall<K extends ModelCallKind>(kind: K): Rest<K> {
  return kind === "generate" ? (afterToken as unknown as Rest<K>) : (request) => request; // K is "generate" here
}

/** How a call ended whose last event was its end, though nobody could say so any more; null where something is left. */
export function endOfRest<K extends ModelCallKind>(
  kind: K,
  {
    left,
    last,
    endTokenIds,
  }: {
    readonly left: ModelCalls[K]["request"];
    readonly last: ModelCalls[K]["event"] | undefined;
    readonly endTokenIds: readonly TokenId[];
  },
): ModelCalls[K]["result"] | null {
  if (kind !== "generate" || last === undefined) return null;
  const { id } = (last as ModelCalls["generate"]["event"]).token;
  const { maxTokens } = left as ModelCalls["generate"]["request"];
  if (endTokenIds.includes(id)) return { kind: "end-token", id } as ModelCalls[K]["result"];
  return maxTokens === 0 ? ({ kind: "length", maxTokens } as ModelCalls[K]["result"]) : null;
}

/** A result as the whole call would have had it. */
export function wholeResult<K extends ModelCallKind>(
  kind: K,
  request: ModelCalls[K]["request"],
  result: ModelCalls[K]["result"],
): ModelCalls[K]["result"] {
  if (kind !== "generate") return result;
  const { maxTokens } = request as ModelCalls["generate"]["request"];
  const ending = result as ModelCalls["generate"]["result"];
  return (ending.kind === "length" ? { ...ending, maxTokens } : ending) as typeof result;
}

/** What is left to write once a token is written; its draws depend on seed and position alone. */
function afterToken(
  { ids, maxTokens, ...same }: ModelCalls["generate"]["request"],
  { token }: ModelCalls["generate"]["event"],
): ModelCalls["generate"]["request"] {
  return { ...same, ids: [...ids, token.id], maxTokens: maxTokens - 1 };
}
