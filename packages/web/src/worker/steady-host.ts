// A session host that outlives its engine: what a lost engine leaves unanswered, the one that takes its place answers. Knows no engine.

import type { Handler, ModelCallKind, ModelCalls, SessionHost } from "@tokenscope/calls";
import { EngineError, type TokenId } from "@tokenscope/core";
import { endOfRest, restOfCall, wholeResult } from "./rest-of-call.ts";

export interface SteadyHostOptions {
  readonly host: SessionHost;
  readonly endTokenIds: readonly TokenId[];
  /** Resolves with a reason when the engine under this host is gone. */
  readonly lost: Promise<string>;
  /** Opens another engine, once, and gives its host. */
  readonly replace: (reason: string) => Promise<SessionHost>;
}

/** A host over `host` until its engine is lost or fails, and over the replacement from then on. No event comes twice, and no call ends because of it. */
export function steadyHost({
  host: first,
  endTokenIds,
  lost,
  replace,
}: SteadyHostOptions): SessionHost {
  let second: Promise<SessionHost> | undefined;
  const loss = lost.then((reason) => Promise.reject(new EngineError(reason)));
  loss.catch(() => undefined); // nothing may be under way when it comes

  const steady =
    <K extends ModelCallKind>(kind: K): Handler<K> =>
    async (request, emit, signal) => {
      const rest = restOfCall(kind);
      let left = request;
      let last: ModelCalls[K]["event"] | undefined;
      if (second === undefined) {
        let isOver = false; // a lost engine may still answer
        const emitOnce = (event: ModelCalls[K]["event"]): void => {
          if (isOver) return;
          left = rest(left, event);
          last = event;
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
      const host = await second;
      const ended = endOfRest(kind, { left, last, endTokenIds });
      return wholeResult(kind, request, ended ?? (await host[kind](left, emit, signal)));
    };

  return {
    encode: steady("encode"),
    endTurn: steady("endTurn"),
    setSystemPrompt: steady("setSystemPrompt"),
    trySystemPrompt: steady("trySystemPrompt"),
    setTools: steady("setTools"),
    writeToolCall: steady("writeToolCall"),
    refusals: steady("refusals"),
    score: steady("score"),
    generate: steady("generate"),
    search: steady("search"),
    settingsView: steady("settingsView"),
    lens: steady("lens"),
    attention: steady("attention"),
    headOff: steady("headOff"),
    scoreAt: steady("scoreAt"),
    tokenVector: steady("tokenVector"),
    logits: steady("logits"),
    readAs: steady("readAs"),
    textEdit: steady("textEdit"),
    find: steady("find"),
  };
}
