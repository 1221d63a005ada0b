// What a continuation starts from: a text, token ids or a conversation, as ids.

import { type TokenId, UsageError, type Vocabulary } from "@tokenscope/core";
import { type ChatFile, readChatFile, renderChat } from "./chat-file.ts";
import { startTokenOf, type TextOptions } from "./model-options.ts";
import type { TextModel } from "./open-model.ts";
import { readTextArgument } from "./read-text.ts";
import type { World } from "./world.ts";

export interface PromptOptions extends TextOptions {
  readonly ids?: readonly TokenId[];
  readonly chat?: string;
}

/** A prompt as it was typed, checked before the model is loaded. */
export interface Prompt {
  readonly text: string | null;
  readonly chat: ChatFile | null;
  readonly options: PromptOptions;
}

/** Checks that one kind of prompt was given and reads its text or chat; throws UsageError. */
export async function readPrompt(
  argument: string | undefined,
  options: PromptOptions,
  world: World,
): Promise<Prompt> {
  const given = [
    ...(argument === undefined ? [] : ["a text"]),
    ...(options.ids === undefined ? [] : ["--ids"]),
    ...(options.chat === undefined ? [] : ["--chat"]),
  ];
  if (given.length > 1) {
    throw new UsageError(`${given.join(" and ")} cannot go together; leave one of them out`);
  }
  const isText = options.ids === undefined && options.chat === undefined;
  const text = isText ? await readTextArgument(argument, world) : null;
  if (text === "" && options.startToken === "none") throw emptyPrompt(); // auto is the file's to say
  return { options, text, chat: await readChatFile(options.chat, world) };
}

/** The prompt's ids, with the start token where one belongs before them; throws UsageError where there is none, or one is not in the vocabulary. */
export function promptIds({ text, chat, options }: Prompt, model: TextModel): readonly TokenId[] {
  const { ids, startToken } = options;
  const { tokenizer } = model;
  if (text !== null) {
    const start = startTokenOf(startToken, model);
    const encoded = tokenizer.encode(text, { parseSpecial: options.parseSpecial ?? false });
    return checkedIds([...(start === null ? [] : [start]), ...encoded], model);
  }
  // Ids and chats are complete as they are: nothing stands before them unless an id was named.
  const start = startToken === "auto" ? null : startTokenOf(startToken, model);
  const rest = ids ?? (chat === null ? [] : chatIds(chat, model));
  return checkedIds([...(start === null ? [] : [start]), ...rest], model);
}

function chatIds(chat: ChatFile, model: TextModel): readonly TokenId[] {
  return renderChat(chat, model, { addGenerationPrompt: true }).map(({ id }) => id);
}

function checkedIds(
  ids: readonly TokenId[],
  { tokenizer: { vocabulary } }: TextModel,
): readonly TokenId[] {
  if (ids.length === 0) throw emptyPrompt();
  checkIds(ids, vocabulary);
  return ids;
}

function emptyPrompt(): UsageError {
  return new UsageError(
    "the text is empty, and a prediction needs at least 1 token; give a text, or --start-token with a token id",
  );
}

/** Throws UsageError for an id outside the vocabulary. */
export function checkIds(ids: readonly TokenId[], { size }: Pick<Vocabulary, "size">): void {
  const unknown = ids.find((id) => id >= size);
  if (unknown === undefined) return;
  throw new UsageError(
    `token id ${unknown} is not in this model's vocabulary of ${size}; give ids from 0 to ${size - 1}`,
  );
}
