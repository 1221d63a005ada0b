// What a continuation starts from: a text, token ids or a conversation, as ids.

import { type TokenId, UsageError } from "@tokenscope/core";
import { renderChatFile } from "./chat-file.ts";
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
  readonly options: PromptOptions;
}

/** Checks that one kind of prompt was given and reads its text; throws UsageError. */
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
  return { options, text: isText ? await readTextArgument(argument, world) : null };
}

/** The prompt's ids, with the start token where one belongs before them; throws UsageError where there is none, or one is not in the vocabulary. */
export async function promptIds(
  { text, options }: Prompt,
  model: TextModel,
  world: World,
): Promise<readonly TokenId[]> {
  const { ids, chat, startToken } = options;
  const { tokenizer } = model;
  if (text !== null) {
    const start = startTokenOf(startToken, model);
    const encoded = tokenizer.encode(text, { parseSpecial: options.parseSpecial ?? false });
    return checkedIds([...(start === null ? [] : [start]), ...encoded], model);
  }
  // Ids and chats are complete as they are: nothing stands before them unless an id was named.
  const start = startToken === "auto" ? null : startTokenOf(startToken, model);
  const rest = ids ?? (await chatIds(chat ?? "-", model, world));
  return checkedIds([...(start === null ? [] : [start]), ...rest], model);
}

async function chatIds(path: string, model: TextModel, world: World): Promise<readonly TokenId[]> {
  const tokens = await renderChatFile(path, model, { addGenerationPrompt: true, world });
  return tokens.map(({ id }) => id);
}

function checkedIds(
  ids: readonly TokenId[],
  { tokenizer: { vocabulary } }: TextModel,
): readonly TokenId[] {
  if (ids.length === 0) {
    throw new UsageError(
      "the text is empty, and a prediction needs at least 1 token; give a text, or --start-token with a token id",
    );
  }
  const unknown = ids.find((id) => id >= vocabulary.size);
  if (unknown === undefined) return ids;
  throw new UsageError(
    `token id ${unknown} is not in this model's vocabulary of ${vocabulary.size}; give ids from 0 to ${vocabulary.size - 1}`,
  );
}
