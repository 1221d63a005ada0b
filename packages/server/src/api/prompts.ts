// From the prompt or the messages of a request to token ids.

import {
  type ChatMessage,
  type TokenId,
  type ToolCall,
  templateRole,
  tokenId,
  UsageError,
  unknownRole,
  unwrittenTools,
} from "@tokenscope/core";
import type { OpenedModel } from "./api-models.ts";
import { RequestError } from "./request-error.ts";
import type { ChatMessagesBody } from "./request-fields.ts";

/** A prompt as it was sent: text or token ids. */
type Prompt = string | readonly TokenId[];

/** The prompts of a completion: a text, ids, or a list of either. Throws RequestError. */
export function parsePrompts(value: unknown): readonly Prompt[] {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) throw wrongPrompt("prompt");
  if (value.length === 0) throw wrongPrompt("prompt");
  if (value.every((each) => typeof each === "number")) return [parseIds(value, "prompt")];
  return value.map((each: unknown, i) => {
    if (typeof each === "string") return each;
    if (Array.isArray(each)) return parseIds(each, `prompt[${i}]`);
    throw wrongPrompt(`prompt[${i}]`);
  });
}

function parseIds(values: readonly unknown[], name: string): readonly TokenId[] {
  return values.map((value, i) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) {
      return tokenId(value);
    }
    throw new RequestError(
      `${name}[${i}] is ${JSON.stringify(value) ?? "nothing"}, which is not a token id; give whole numbers from 0`,
      { param: "prompt" },
    );
  });
}

function wrongPrompt(name: string): RequestError {
  return new RequestError(
    `${name} is neither a text nor a list of token ids; give a text, a list of token ids, or a list of either with at least 1 entry`,
    { param: "prompt" },
  );
}

/** A prompt's tokens, with the model's start token before a text unless the request leaves it out. Written special tokens are read as such, as vLLM does. */
export function promptIds(
  prompt: Prompt,
  { tokenizer }: Pick<OpenedModel, "tokenizer">,
  addsStart: boolean,
): readonly TokenId[] {
  if (typeof prompt !== "string") return prompt;
  const ids = tokenizer.encode(prompt, { parseSpecial: true });
  const { startTokenId } = tokenizer;
  if (!addsStart || startTokenId === null || ids[0] === startTokenId) return ids;
  return [startTokenId, ...ids];
}

/** The tokens of a chat by the model's own template. Throws RequestError where it has none, does not know a role, or does not write the tools; UsageError with the template's own words where it refuses. */
export function chatIds(
  body: ChatMessagesBody & { readonly tool_choice?: string | undefined },
  model: Pick<OpenedModel, "chatTemplate"> & { readonly id: string },
): readonly TokenId[] {
  const { chatTemplate, id } = model;
  if (chatTemplate === null) {
    throw new RequestError(
      `the model "${id}" has no chat template, so it takes no messages; send the conversation as the prompt of /v1/completions`,
      { param: "messages" },
    );
  }
  const messages = body.messages.map(chatMessage);
  const unknown = unknownRole(chatTemplate, messages, id);
  if (unknown !== null) {
    throw new RequestError(unknown.sentence, { param: `messages[${unknown.index}].role` });
  }
  const tools = body.tool_choice === "none" ? [] : (body.tools ?? []);
  const unwritten = unwrittenTools(chatTemplate, { tools, messages }, id);
  if (unwritten !== null) throw new RequestError(unwritten.sentence, { param: unwritten.field });
  const addGenerationPrompt = body.add_generation_prompt ?? true;
  const options = { addGenerationPrompt, ...(tools.length > 0 && { tools }) };
  return chatTemplate.render(messages, options).tokens.map((token) => token.id);
}

/** A message as templates take it: the parts of its content one after another. */
function chatMessage(message: ChatMessagesBody["messages"][number], index: number): ChatMessage {
  const { role, content, tool_calls, tool_call_id } = message;
  const parts = typeof content === "string" ? [content] : (content ?? []).map(({ text }) => text);
  const place = `messages[${index}].tool_calls`;
  const toolCalls = tool_calls?.map((call, i) => toolCall(call, `${place}[${i}]`));
  return {
    role: templateRole(role),
    content: parts.join(""),
    ...(toolCalls && { toolCalls }),
    ...(tool_call_id && { toolCallId: tool_call_id }),
  };
}

type CallBody = NonNullable<ChatMessagesBody["messages"][number]["tool_calls"]>[number];

function toolCall({ id, function: called }: CallBody, place: string): ToolCall {
  const values = jsonOf(called.arguments);
  if (typeof values === "object" && values !== null && !Array.isArray(values)) {
    return { id, name: called.name, arguments: { ...values } };
  }
  throw new RequestError(
    `${place}.function.arguments is ${JSON.stringify(called.arguments)}, which is no JSON object; give the arguments as a text such as "{\\"city\\": \\"Oslo\\"}"`,
    { param: "messages" },
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Throws UsageError where a prompt leaves no room for the tokens that are asked for. */
export function checkPromptRoom(
  promptTokens: number,
  maxTokens: number,
  contextLength: number,
): void {
  if (promptTokens + maxTokens <= contextLength) return;
  const most = contextLength - Math.min(1, maxTokens); // of a prompt
  if (promptTokens > most) {
    const held = maxTokens === 0 ? "does not hold them" : "has no room for a token after them";
    throw new UsageError(
      `the prompt has ${promptTokens} tokens, and the model's context of ${contextLength} ${held}; shorten the prompt to at most ${most} tokens`,
    );
  }
  throw new UsageError(
    `the prompt has ${promptTokens} tokens and max_tokens is ${maxTokens}, together ${promptTokens + maxTokens}, but the model's context holds ${contextLength}; shorten the prompt or ask for at most ${contextLength - promptTokens} tokens`,
  );
}
