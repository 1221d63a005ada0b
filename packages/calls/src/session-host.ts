// What is answered once a model is there: the calls over an engine, a tokenizer, a template and a place where texts are run. Knows no messages.

import {
  applySettings,
  type ChatTemplate,
  type Engine,
  endTurn,
  parseEditableText,
  readTokens,
  roleRefusal,
  sampleIndex,
  setSystemPrompt,
  setTools,
  settingsView,
  type Tokenizer,
  textEdit,
  tokenId,
  trySystemPrompt,
  writeToolCall,
} from "@tokenscope/core";
import type { SessionHost } from "./calls.ts";
import { insideCalls } from "./inside-calls.ts";
import { ownSequence, type TextRunner } from "./text-runner.ts";
import { rankedMatches, vocabularySearch } from "./vocabulary-search.ts";

/** A model that runs. */
export interface RunningModel {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
}

/** Handlers over this model, whose texts run on a sequence of their own unless told otherwise. */
export function createSessionHost(
  { engine, tokenizer, template }: RunningModel,
  texts: TextRunner = ownSequence({ engine, tokenizer }),
): SessionHost {
  const format = { tokenizer, template };
  const find = vocabularySearch(tokenizer.vocabulary);
  return {
    ...insideCalls(engine, texts),
    encode: async ({ text }) => tokenizer.encode(text),
    endTurn: async ({ doc, message }) => endTurn(doc, message, format),
    setSystemPrompt: async ({ doc, content }) => setSystemPrompt(doc, content, format),
    trySystemPrompt: async ({ doc, content }) => trySystemPrompt(doc, content, format),
    setTools: async ({ doc, text }) => setTools(doc, text, format),
    writeToolCall: async ({ doc, text }) => writeToolCall(doc, text, format),
    refusals: async ({ doc, roles }) =>
      Object.fromEntries(roles.map((role) => [role, roleRefusal(doc, role, format)])),
    score: texts.score,
    generate: texts.generate,
    readAs: async (reading) => readTokens(reading, format),
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
