// A chat in a file: {"messages": [{"role", "content"}], "tools"?: [...], "addGenerationPrompt"?: bool}, checked key by key.

import {
  type ChatMessage,
  FormatError,
  type RenderedToken,
  type RenderOptions,
  type ToolCall,
  templateRole,
  UsageError,
  unknownRole,
  unwrittenTools,
} from "@tokenscope/core";
import type { TextModel } from "./open-model.ts";
import { readTextFile } from "./read-text.ts";
import type { World } from "./world.ts";

const KEYS = ["messages", "tools", "addGenerationPrompt"];
const MESSAGE_KEYS = ["role", "content", "tool_calls", "tool_call_id"];

/** What --help says of the file of --chat. */
export const CHAT_FILE_HELP = `
The file of --chat ("-": standard input) is JSON of this shape:
  {"messages": [{"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Why is the sky blue?"}],
   "tools": [...],                  may be left out; calls and answers are as in OpenAI's API:
                                    "tool_calls": [...] and "tool_call_id": "..." in messages
   "addGenerationPrompt": true}     may be left out: true in next and generate, false in score`;

/** A conversation as its file gives it. */
export interface ChatFile {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly unknown[];
  readonly addGenerationPrompt?: boolean; // absent: the command's own default
}

/** Reads and checks the file of --chat, which needs no model; null where none was given. */
export async function readChatFile(
  path: string | undefined,
  world: World,
): Promise<ChatFile | null> {
  if (path === undefined) return null;
  const name = path === "-" ? "standard input" : path;
  return parseChatFile(await readTextFile(path, world), name);
}

/** The tokens of a chat by the model's own template. Throws UsageError where the model has none, it does not know a role, or it refuses. */
export function renderChat(
  chat: ChatFile,
  model: Pick<TextModel, "chatTemplate" | "id">,
  defaults: { readonly addGenerationPrompt: boolean },
): readonly RenderedToken[] {
  if (model.chatTemplate === null) {
    throw new UsageError(
      `the model "${model.id}" has no chat template, so it cannot take --chat; give the conversation as a text`,
    );
  }
  const { tools = [] } = chat;
  const messages = chat.messages.map((each) => ({ ...each, role: templateRole(each.role) }));
  const unknown = unknownRole(model.chatTemplate, messages, model.id);
  if (unknown !== null) throw new UsageError(unknown.sentence);
  const unwritten = unwrittenTools(model.chatTemplate, { tools, messages }, model.id);
  if (unwritten !== null) throw new UsageError(unwritten.sentence);
  const options: RenderOptions = {
    addGenerationPrompt: chat.addGenerationPrompt ?? defaults.addGenerationPrompt,
    ...(chat.tools && { tools: chat.tools }),
  };
  return model.chatTemplate.render(messages, options).tokens;
}

/** Checks a chat file; throws FormatError with the line of broken JSON, or the place of a wrong value. */
export function parseChatFile(text: string, path: string): ChatFile {
  const chat = parseJson(text, path);
  if (!isRecord(chat)) throw wrong(path, "the file", "an object with messages");
  checkKeys(chat, KEYS, { path, place: "the file" });
  const { messages, tools, addGenerationPrompt } = chat;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw wrong(path, "messages", "a list of at least 1 message");
  }
  if (tools !== undefined && !Array.isArray(tools)) throw wrong(path, "tools", "a list");
  if (addGenerationPrompt !== undefined && typeof addGenerationPrompt !== "boolean") {
    throw wrong(path, "addGenerationPrompt", "true or false");
  }
  return {
    messages: messages.map((message, i) => parseMessage(message, path, `messages[${i}]`)),
    ...(tools !== undefined && { tools }),
    ...(addGenerationPrompt !== undefined && { addGenerationPrompt }),
  };
}

function parseMessage(message: unknown, path: string, place: string): ChatMessage {
  if (!isRecord(message)) throw wrong(path, place, "an object with role and content");
  checkKeys(message, MESSAGE_KEYS, { path, place });
  const { role, tool_calls: calls, tool_call_id: toolCallId } = message;
  const content = contentOf(message["content"] ?? (calls === undefined ? undefined : "")); // a call may come without words
  if (typeof role !== "string") throw wrong(path, `${place}.role`, 'a string such as "user"');
  if (content === null) throw wrong(path, `${place}.content`, "a string, or parts of text");
  if (calls !== undefined && !Array.isArray(calls))
    throw wrong(path, `${place}.tool_calls`, "a list");
  if (toolCallId !== undefined && typeof toolCallId !== "string") {
    throw wrong(path, `${place}.tool_call_id`, "a string, the id of a call");
  }
  return {
    role,
    content,
    ...(calls && {
      toolCalls: calls.map((call, i) => parseCall(call, path, `${place}.tool_calls[${i}]`)),
    }),
    ...(toolCallId !== undefined && { toolCallId }),
  };
}

/** A text, or as in OpenAI's API its parts one after another; null where it is neither. */
function contentOf(content: unknown): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const texts = content.map((part: unknown) =>
    isRecord(part) && part["type"] === "text" ? part["text"] : null,
  );
  return texts.every((text) => typeof text === "string") ? texts.join("") : null;
}

/** A call as OpenAI has it, whose arguments are JSON in a string. */
function parseCall(call: unknown, path: string, place: string): ToolCall {
  const called = isRecord(call) ? call["function"] : undefined;
  if (!isRecord(call) || !isRecord(called)) {
    throw wrong(
      path,
      place,
      'an object such as {"id": "call00001", "function": {"name": ..., "arguments": "{}"}}',
    );
  }
  const { id } = call;
  const { name, arguments: written } = called;
  if (typeof id !== "string") throw wrong(path, `${place}.id`, "a string");
  if (typeof name !== "string") throw wrong(path, `${place}.function.name`, "a string");
  if (typeof written !== "string") {
    throw wrong(path, `${place}.function.arguments`, "JSON in a string");
  }
  const given = parseJson(written, `${path}: ${place}.function.arguments`);
  if (!isRecord(given))
    throw wrong(path, `${place}.function.arguments`, "a JSON object in a string");
  return { id, name, arguments: given };
}

function checkKeys(
  record: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
  { path, place }: { readonly path: string; readonly place: string },
): void {
  const unknown = Object.keys(record).find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  throw new FormatError(
    `${path}: ${place} has the unknown key "${unknown}"; allowed are ${allowed.join(", ")}; check the spelling`,
  );
}

function wrong(path: string, place: string, allowed: string): FormatError {
  return new FormatError(`${path}: ${place} must be ${allowed}; correct it and try again`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON of a text; throws FormatError with the line where it breaks if that is known, `firstLine` being the number of the text's first. */
export function parseJson(text: string, path: string, firstLine = 1): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const at = breakIndex(text, said);
    const place =
      at === null ? "" : ` at line ${firstLine + (text.slice(0, at).match(/\n/g)?.length ?? 0)}`;
    const reason = said
      .replace(/ in JSON.*$| at position .*$/s, "")
      .replace(/, (?:\.\.\.)?".*$/s, "") // the text itself, which the place stands for
      .replaceAll("\n", "\\n");
    throw new FormatError(`${path} is not JSON${place}: ${reason}; correct it there`, { cause });
  }
}

/** Where a text stops being JSON, or null where the runtime does not say. */
function breakIndex(text: string, said: string): number | null {
  const end = text.trimEnd().length;
  const position = /at position (\d+)/.exec(said)?.[1];
  if (position !== undefined) return Math.min(Number(position), end);
  if (said.startsWith("Unexpected end")) return end;
  return said.startsWith(ODD_TOKEN) ? oddTokenIndex(text) : null;
}

const ODD_TOKEN = "Unexpected token"; // V8 names the character and not its place

/** Halves the search: a stretch from the start has the odd token from its character on, and before it is at most unfinished. */
function oddTokenIndex(text: string): number {
  let before = 0;
  let through = text.length;
  while (through - before > 1) {
    const middle = (before + through) >> 1;
    if (hasOddToken(text.slice(0, middle))) through = middle;
    else before = middle;
  }
  return before;
}

function hasOddToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith(ODD_TOKEN);
  }
}
