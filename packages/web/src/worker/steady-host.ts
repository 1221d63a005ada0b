// A session host that outlives its engine: what a lost engine leaves unanswered, the one that takes its place answers. Knows no engine.

import type { Handler, ModelCallKind, ModelCalls, SessionHost } from "@tokenscope/calls";
import { EngineError } from "@tokenscope/core";

export interface SteadyHostOptions {
  readonly host: SessionHost;
  /** Resolves with a reason when the engine under this host is gone. */
  readonly lost: Promise<string>;
  /** Opens another engine, once, and gives its host. */
  readonly replace: (reason: string) => Promise<SessionHost>;
}

/** A host over `host` until its engine is lost or fails, and over the replacement from then on. No event comes twice, and no call ends because of it. */
export function steadyHost({ host: first, lost, replace }: SteadyHostOptions): SessionHost {
  let second: Promise<SessionHost> | undefined;
  const loss = lost.then((reason) => Promise.reject(new EngineError(reason)));
  loss.catch(() => undefined); // nothing may be under way when it comes

  /** `rest` says what is still to be asked for after an event. */
  const steady =
    <K extends ModelCallKind>(
      kind: K,
      rest: (
        request: ModelCalls[K]["request"],
        event: ModelCalls[K]["event"],
      ) => ModelCalls[K]["request"],
    ): Handler<K> =>
    async (request, emit, signal) => {
      let left = request;
      if (second === undefined) {
        let isOver = false; // a lost engine may still answer
        const emitOnce = (event: ModelCalls[K]["event"]): void => {
          if (isOver) return;
          left = rest(left, event);
          emit(event);
        };
        try {
          return await Promise.race([first[kind](request, emitOnce, signal), loss]);
        } catch (error) {
          isOver = true;
          if (!(error instanceof EngineError) || signal.aborted) throw error;
          second ??= replace(error.message);
        }
      }
      return (await second)[kind](left, emit, signal);
    };

  const whole = <R>(request: R): R => request;
  const generate = steady("generate", afterToken);
  return {
    encode: steady("encode", whole),
    endTurn: steady("endTurn", whole),
    setSystemPrompt: steady("setSystemPrompt", whole),
    trySystemPrompt: steady("trySystemPrompt", whole),
    setTools: steady("setTools", whole),
    writeToolCall: steady("writeToolCall", whole),
    refusals: steady("refusals", whole),
    score: steady("score", whole), // from its beginning: the page mixes no two engines' scores
    search: steady("search", whole),
    settingsView: steady("settingsView", whole),
    lens: steady("lens", whole),
    attention: steady("attention", whole),
    headOff: steady("headOff", whole),
    scoreAt: steady("scoreAt", whole),
    tokenVector: steady("tokenVector", whole),
    logits: steady("logits", whole),
    textEdit: steady("textEdit", whole),
    find: steady("find", whole),
    generate: async (request, emit, signal) => {
      const ending = await generate(request, emit, signal);
      return ending.kind === "length" ? { ...ending, maxTokens: request.maxTokens } : ending;
    },
  };
}

/** What is left to write once a token is written; its draws depend on seed and position alone. */
function afterToken(
  { ids, maxTokens, ...same }: ModelCalls["generate"]["request"],
  { token }: ModelCalls["generate"]["event"],
): ModelCalls["generate"]["request"] {
  return { ...same, ids: [...ids, token.id], maxTokens: maxTokens - 1 };
}
