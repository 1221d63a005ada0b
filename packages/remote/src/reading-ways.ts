// What a server can do with a place in the middle of a text: each found out by asking, once for a model.

import { completeChat } from "./next-remotely.ts";
import { prefillFields, QUESTION } from "./prefill.ts";
import {
  answers,
  complete,
  type Named,
  once,
  type RemoteModel,
  tokenizeChat,
  tokenizeRemotely,
} from "./remote-model.ts";
import { promptRows } from "./score-remotely.ts";

export interface ReadingWays {
  /** Whether a text is continued. */
  continues(): Promise<boolean>;
  chats(): Promise<boolean>;
  /** What a chat needs so that its last message, a begun reply, goes on; null where it begins anew. */
  prefill(): Promise<object | null>;
  /** Whether /tokenize writes messages by a chat template. */
  hasTemplate(): Promise<boolean>;
  /** Whether the names of a prompt's tokens are their text: of SentencePiece's tokens some servers leave out the space before a word. */
  namesAreText(): Promise<boolean>;
}

const known = new WeakMap<RemoteModel, ReadingWays>();

/** The ways of this model; they outlive the request that asks first, so that no page's going ends another's. */
export function readingWays(model: RemoteModel): ReadingWays {
  const ways = known.get(model) ?? waysOf(model);
  known.set(model, ways);
  return ways;
}

function waysOf(model: RemoteModel): ReadingWays {
  const taken = (ask: () => Promise<unknown>) => once(() => answers(ask));
  const chat = { messages: QUESTION, max_tokens: 1 };
  const probed: Named = { endpoint: model.endpoint.probing, id: model.id };
  return {
    continues: taken(() => complete(probed, { prompt: "one two", max_tokens: 1 }, undefined)),
    chats: taken(() => completeChat(probed, chat, undefined)),
    prefill: once(() => prefillFields(probed, undefined)),
    hasTemplate: taken(() =>
      tokenizeChat(probed, { messages: QUESTION, addGenerationPrompt: true }),
    ),
    namesAreText: once(() => joinToText(model)),
  };
}

async function joinToText(model: RemoteModel): Promise<boolean> {
  const text = "one two three";
  const { ids } = await tokenizeRemotely(model, text);
  const rows = await promptRows(model, ids, {});
  const names = rows.map((row, i) => row?.[String(ids[i])]?.decoded_token ?? "");
  return text.endsWith(names.slice(1).join("")); // nothing is told of the first
}
