// What the worker answers once a model is there: protocol.ts's calls over an engine, a tokenizer and a template. Knows no messages.

import {
  applySettings,
  type ChatTemplate,
  type Engine,
  endTurn,
  generate,
  parseEditableText,
  roleRefusal,
  type Sequence,
  sampleIndex,
  setSystemPrompt,
  setTools,
  settingsView,
  type TokenId,
  type Tokenizer,
  textEdit,
  tokenId,
  trySystemPrompt,
  writeToolCall,
} from "@tokenscope/core";
import { insideCalls } from "./inside-calls.ts";
import type { CallKind, Calls } from "./protocol.ts";
import { rankedMatches, vocabularySearch } from "./vocabulary-search.ts";

export interface HostedModel {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
}

/** One call's handler: events as they come, the result at the end. */
export type Handler<K extends CallKind> = (
  request: Calls[K]["request"],
  emit: (event: Calls[K]["event"]) => void,
  signal: AbortSignal,
) => Promise<Calls[K]["result"]>;

/** Handlers of every call but load. Score and generate share one sequence and take turns; the others are answered in between. */
export type SessionHost = { readonly [K in Exclude<CallKind, "load">]: Handler<K> };

/** A host over this model. */
export function createSessionHost({ engine, tokenizer, template }: HostedModel): SessionHost {
  const format = { tokenizer, template };
  const find = vocabularySearch(tokenizer.vocabulary);
  const sequence = engine.openSequence();
  const inTurn = takingTurns();
  return {
    ...insideCalls({ engine, sequence, inTurn }),
    encode: async ({ text }) => tokenizer.encode(text),
    endTurn: async ({ doc, message }) => endTurn(doc, message, format),
    setSystemPrompt: async ({ doc, content }) => setSystemPrompt(doc, content, format),
    trySystemPrompt: async ({ doc, content }) => trySystemPrompt(doc, content, format),
    setTools: async ({ doc, text }) => setTools(doc, text, format),
    writeToolCall: async ({ doc, text }) => writeToolCall(doc, text, format),
    refusals: async ({ doc, roles }) =>
      Object.fromEntries(roles.map((role) => [role, roleRefusal(doc, role, format)])),
    score: (request, emit, signal) =>
      inTurn(async () => {
        keepSharedPrefix(sequence, request.ids);
        const held = sequence.tokens.slice(request.from);
        if (held.length > 0) emit({ from: request.from, tokens: held });
        await append(sequence, request.ids, { from: request.from, emit, signal });
        return null;
      }),
    generate: (request, emit, signal) =>
      inTurn(async () => {
        keepSharedPrefix(sequence, request.ids);
        await append(sequence, request.ids, { from: request.ids.length, emit: () => {}, signal });
        const { endTokenIds } = tokenizer;
        const steps = generate({ engine, sequence, endTokenIds, signal, ...request });
        for (;;) {
          const step = await steps.next();
          if (step.done) return step.value;
          const { scored, origin, draw } = step.value;
          emit({ token: scored, origin, draw });
        }
      }),
    textEdit: async ({ ids, text }) =>
      textEdit(ids, parseEditableText(text, tokenizer.vocabulary), tokenizer),
    find: async ({ query, limit }) => {
      const ids = find(query);
      return { ids: ids.slice(0, limit), matches: ids.length };
    },
    search: async ({ contextVector, query, limit }) =>
      rankedMatches(await engine.logits(contextVector), find(query), limit),
    settingsView: async ({ contextVector, settings, draw, top, pinned }) => {
      const logits = await engine.logits(contextVector);
      const { ids, probs } = applySettings(logits, settings);
      const hitId = tokenId(ids[sampleIndex(probs, draw)] ?? 0);
      return { view: settingsView(logits, settings, { top, pinned }), hitId };
    },
  };
}

/** Cuts the sequence back to what it shares with these ids, so that only the rest is run. */
function keepSharedPrefix(sequence: Sequence, ids: readonly TokenId[]): void {
  const parting = sequence.tokens.findIndex((token, position) => token.id !== ids[position]);
  if (parting !== -1) sequence.cut(parting);
}

async function append(
  sequence: Sequence,
  ids: readonly TokenId[],
  options: {
    readonly from: number;
    readonly emit: (event: Calls["score"]["event"]) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { from, emit, signal } = options;
  let position = sequence.tokens.length;
  for await (const chunk of sequence.append(ids.slice(position), { signal })) {
    const skipped = Math.max(0, from - position);
    if (skipped < chunk.length) emit({ from: position + skipped, tokens: chunk.slice(skipped) });
    position += chunk.length;
  }
}

function takingTurns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined); // the caller has the failure; the next call goes on
    return result;
  };
}
