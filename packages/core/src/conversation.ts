// What the composer's verbs write: End turn, the system prompt, starting over. Turns become tokens through the model's own chat template.
// A finished turn is rendered once; what is already in the document is never tokenised again, so a reply keeps its tokens whatever they are.

import {
  activePath,
  branchAt,
  branchOf,
  extend,
  type NewToken,
  nodesOf,
  setBranchTools,
  spliceAt,
  type TokenDocument,
} from "./document.ts";
import { UsageError } from "./errors.ts";
import { decodeTokens } from "./piece.ts";
import type {
  ChatMessage,
  ChatTemplate,
  RenderedToken,
  Tokenizer,
  Vocabulary,
} from "./tokenizer.ts";
import { parseToolCall, parseTools, withTools } from "./tools.ts";
import { type Turn, turnsOf } from "./turns.ts";

/** A tokenizer with the chat template of the same model. */
export interface ChatFormat {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
}

const ASSISTANT = "assistant";
const TOOL = "tool";
/** The role of a message that is a call, for those who choose what to write next; its tokens are the assistant's. */
export const TOOL_CALL = "tool call";
const REPLY_BEGUN = "the reply has begun; end the turn or start over";
const NO_TOOLS =
  "this model's chat template does not write tools, so the model would never see them";

/** The messages that a path says, as its template would be given them: a system turn that the template itself wrote is none. */
export function messagesOf(
  path: readonly NewToken[],
  { vocabulary }: Pick<Tokenizer, "vocabulary">,
): readonly ChatMessage[] {
  let calls = 0;
  return turnsOf(path)
    .filter((turn) => !isTemplatesOwn(path, turn))
    .map((turn): ChatMessage => {
      const message = { role: turn.role, content: contentText(path, turn, vocabulary) };
      if (turn.role === ASSISTANT) calls += 1; // each may be a call
      return turn.role === TOOL ? { ...message, toolCallId: callId(calls - 1) } : message;
    });
}

/**
 * End turn: closes the open turn, writes the message, and opens the assistant's turn after any role but its own.
 * With no text it only closes an open assistant turn. Throws UsageError where there is nothing to end or the template refuses.
 */
export function endTurn(
  doc: TokenDocument,
  message: ChatMessage,
  format: ChatFormat,
): TokenDocument {
  return endTurnIn(doc, message, formatOf(doc, format));
}

function endTurnIn(doc: TokenDocument, said: ChatMessage, format: ChatFormat): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const message = said.role === TOOL ? { ...said, toolCallId: callId(callsOf(path) - 1) } : said;
  const open = openTurn(path);
  if (open === null) {
    requireText(message);
    return extend(doc, rendered(path, message, format));
  }
  const isEmpty = open.contentEnd === open.contentStart;
  if (message.role === open.role || (message.content === "" && !isEmpty)) {
    const typed = typedTokens(message.content, open, format.tokenizer);
    if (isEmpty && typed.length === 0) requireText(message);
    const closed = closeOpenTurn(extend(doc, typed), format);
    if (activePath(closed).length === path.length) requireText(message); // plain text has no marker to close it
    return closed;
  }
  requireText(message);
  if (!isEmpty) return endTurnIn(closeOpenTurn(doc, format), message, format);
  const before = path.slice(0, open.start);
  const tokens = rendered(before, message, format);
  return branchAt(doc, open.start, tokens);
}

/**
 * A call of a tool, `{"name": ..., "arguments": {...}}`, as the assistant's turn, written as the template writes calls.
 * Throws UsageError where the text is no call, where the template writes no tools, or where it refuses.
 */
export function writeToolCall(doc: TokenDocument, text: string, model: ChatFormat): TokenDocument {
  const format = formatOf(doc, model);
  if (!format.template.takesTools) throw new UsageError(`A tool cannot be called: ${NO_TOOLS}.`);
  const path = nodesOf(doc, activePath(doc));
  const call = parseToolCall(text, callId(callsOf(path)));
  const message: ChatMessage = { role: ASSISTANT, content: "", toolCalls: [call] };
  const open = openTurn(path);
  if (open === null || open.role !== ASSISTANT) {
    const closed = open === null ? doc : closeOpenTurn(doc, format);
    const before = nodesOf(closed, activePath(closed));
    return extend(closed, markedAsCall(before, rendered(before, message, format), format));
  }
  if (open.contentEnd > open.contentStart) {
    throw new UsageError(`A tool cannot be called: ${REPLY_BEGUN}.`);
  }
  const messages = messagesOf(path.slice(0, open.start), format.tokenizer);
  const chat = format.template.render([...messages, message], { addGenerationPrompt: false });
  const kept = path.slice(0, open.contentStart);
  if (kept.some(({ id }, i) => id !== chat.tokens[i]?.id)) {
    // the template writes a call's turn in another way than it opens a reply, or the tokens before were edited
    return branchAt(doc, open.start, rendered(path.slice(0, open.start), message, format));
  }
  const tokens = chat.tokens.slice(kept.length).map((token) => newToken(token, 0));
  return extend(doc, markedAsCall(kept, tokens, format));
}

/** A template hides where a call stands in its turn: all but the markers at either end is content, as a reply's own call would be. */
function markedAsCall(
  before: readonly NewToken[],
  tokens: readonly NewToken[],
  { tokenizer }: ChatFormat,
): readonly NewToken[] {
  const turn = before.at(-1)?.part === "open" ? (before.at(-1)?.turn ?? 0) : (tokens[0]?.turn ?? 0);
  const end = tokens.findLastIndex(({ id }) => tokenizer.endTokenIds.includes(id));
  return tokens.map((token, i) => {
    const part = end !== -1 && i >= end ? ("close" as const) : ("content" as const);
    return {
      ...token,
      turn,
      role: ASSISTANT,
      part,
      origin: part === "close" ? "template" : "typed",
    };
  });
}

/** How many messages of the path answered as the assistant: each may be a call. */
function callsOf(path: readonly NewToken[]): number {
  return turnsOf(path).filter((turn) => turn.role === ASSISTANT && turn.isClosed).length;
}

function callId(number: number): string {
  return `call${String(Math.max(0, number)).padStart(5, "0")}`;
}

/**
 * Defines the tools of the conversation, JSON as parseTools reads it, or none for an empty text. Where something is written already it is
 * rendered again with them, as a branch, and every message keeps its own tokens.
 */
export function setTools(doc: TokenDocument, text: string, model: ChatFormat): TokenDocument {
  const tools = parseTools(text);
  if (tools.length > 0 && !model.template.takesTools) {
    throw new UsageError(`Tools cannot be defined: ${NO_TOOLS}.`);
  }
  const json = tools.length === 0 ? null : JSON.stringify(tools);
  const path = nodesOf(doc, activePath(doc));
  if (path.length === 0) return setBranchTools(doc, json);
  const format = { ...model, template: withTools(model.template, tools) };
  return setBranchTools(branchAt(doc, 0, writtenAgain(path, format)), json);
}

/** The path as the template would write it now, with the content of each turn as it stands. */
function writtenAgain(path: readonly NewToken[], format: ChatFormat): readonly NewToken[] {
  const open = openTurn(path);
  const waits = open !== null && open.contentEnd === open.contentStart;
  const said = waits ? path.slice(0, open.start) : path;
  const all = turnsOf(said);
  const own = all.filter((turn) => !isTemplatesOwn(said, turn));
  const chat = format.template.render(messagesOf(said, format.tokenizer), {
    addGenerationPrompt: waits,
  });
  // A message that the template rewrites is told by its turn, counted from the end: a system turn may come or go at the beginning.
  const last = (chat.tokens.at(-1)?.turn ?? 0) - (waits ? 1 : 0);
  const spoken = ({ message, turn }: RenderedToken): Turn | undefined => {
    if (message !== null) return own[message];
    const same = all[all.length - 1 - last + turn];
    return same !== undefined && own.includes(same) ? same : undefined;
  };
  const written = new Set<Turn>();
  const tokens = chat.tokens.flatMap((token): readonly NewToken[] => {
    const turn = token.part === "content" ? spoken(token) : undefined;
    if (turn === undefined) return [newToken(token, 0)];
    if (written.has(turn)) return [];
    written.add(turn);
    const content = said.slice(turn.contentStart, turn.contentEnd);
    return content.map((node) => ({ ...node, turn: token.turn, role: token.role }));
  });
  if (open === null || waits) return tokens;
  return tokens.slice(0, 1 + tokens.findLastIndex((token) => token.part === "content"));
}

/** The format with the tools of the active branch. */
function formatOf(doc: TokenDocument, format: ChatFormat): ChatFormat {
  const { tools } = branchOf(doc);
  if (tools === undefined) return format;
  return { ...format, template: withTools(format.template, parseTools(tools)) };
}

/** Writes the system prompt at the start of the conversation, in place of the one that stands there, as a branch; later tokens are kept as they are. */
export function setSystemPrompt(
  doc: TokenDocument,
  content: string,
  format: ChatFormat,
): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const { tokens, range } = systemTurn(path, content, formatOf(doc, format));
  return path.length === 0 ? extend(doc, tokens) : spliceAt(doc, range, tokens);
}

/**
 * The same messages under another system prompt, as a branch that waits for its reply: tokens are kept as they are up to where the last reply begins.
 * Throws UsageError where no reply was opened, or where the template has no system turn.
 */
export function trySystemPrompt(
  doc: TokenDocument,
  content: string,
  format: ChatFormat,
): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const reply = turnsOf(path).findLast((turn) => turn.role === ASSISTANT);
  if (reply === undefined) {
    throw new UsageError("There is no message that waits for a reply: write one first.");
  }
  const { tokens, range } = systemTurn(path, content, formatOf(doc, format));
  return spliceAt(doc, { ...range, end: reply.contentStart }, tokens);
}

/** The tokens of a system turn with this prompt, and the range of the path whose place they take. */
function systemTurn(path: readonly NewToken[], content: string, format: ChatFormat) {
  const first = turnsOf(path)[0];
  const old = first?.role === "system" ? first : undefined;
  const rest = messagesOf(path.slice(old?.end ?? 0), format.tokenizer).filter(
    (m) => m.content !== "",
  );
  const chat = format.template.render([{ role: "system", content }, ...rest], {
    addGenerationPrompt: false,
  });
  const system = chat.tokens.filter((token) => token.turn === 0);
  if (!system.some((token) => token.role === "system")) {
    throw new UsageError("This model's chat template has no system turn; write it in the message.");
  }
  return {
    tokens: system.map((token) => newToken(token, 0)),
    range: { from: 0, to: old?.end ?? 0, turnShift: old === undefined ? 1 : 0 },
  };
}

/** Where the last assistant reply begins, for Start over; null where there is no reply yet. */
export function replyStart(path: readonly NewToken[]): number | null {
  const reply = turnsOf(path).findLast((turn) => turn.role === ASSISTANT);
  return reply === undefined || reply.end === reply.contentStart ? null : reply.contentStart;
}

/** Marks a token written at the end of a path, or at an earlier position of it, with the turn that it continues. */
export function tokenAt(
  path: readonly NewToken[],
  position: number,
  token: Pick<NewToken, "id" | "origin">,
  endTokenIds: readonly number[],
): NewToken {
  const before = path[position - 1];
  const isEnd = endTokenIds.includes(token.id);
  const part = isEnd || before?.part === "close" ? "close" : "content";
  return { ...token, turn: before?.turn ?? 0, role: before?.role ?? "text", part };
}

/** Why the template would refuse a message of this role next, in one sentence, or null where it takes it. */
export function roleRefusal(doc: TokenDocument, role: string, model: ChatFormat): string | null {
  if ((role === TOOL || role === TOOL_CALL) && !model.template.takesTools) return NO_TOOLS;
  const format = formatOf(doc, model);
  const path = nodesOf(doc, activePath(doc));
  const open = openTurn(path);
  if (role === TOOL_CALL && open?.role === ASSISTANT) {
    return open.contentEnd > open.contentStart ? REPLY_BEGUN : null;
  }
  if (open?.role === role) return null;
  const before = open !== null && open.contentEnd === open.contentStart ? open.start : path.length;
  const messages = [...messagesOf(path.slice(0, before), format.tokenizer), sampleOf(role)];
  const addGenerationPrompt = role !== ASSISTANT && role !== TOOL_CALL;
  return format.template.refusal(messages, { addGenerationPrompt });
}

/** Any message of a role. */
function sampleOf(role: string): ChatMessage {
  const id = callId(0);
  if (role === TOOL) return { role, content: "x", toolCallId: id };
  if (role !== TOOL_CALL) return { role, content: "x" };
  return { role: ASSISTANT, content: "", toolCalls: [{ id, name: "x", arguments: {} }] };
}

function openTurn(path: readonly NewToken[]): Turn | null {
  const last = turnsOf(path).at(-1);
  return last === undefined || last.isClosed ? null : last;
}

function requireText(message: ChatMessage): void {
  if (message.content === "") {
    throw new UsageError(`There is no ${message.role} message to end: write one first.`);
  }
}

/** True for a turn whose message the template wrote itself, such as a default system prompt. */
export function isTemplatesOwn(path: readonly NewToken[], turn: Turn): boolean {
  const content = path.slice(turn.contentStart, turn.contentEnd);
  return content.length > 0 && content.every((token) => token.origin === "template");
}

function contentText(path: readonly NewToken[], turn: Turn, vocabulary: Vocabulary): string {
  const content = path.slice(turn.contentStart, turn.contentEnd);
  return decodeTokens(content.map((token) => vocabulary.bytes(token.id)));
}

function typedTokens(text: string, turn: Turn, tokenizer: Tokenizer): NewToken[] {
  const place = { turn: turn.index, role: turn.role, part: "content" as const };
  return tokenizer.encode(text).map((id) => ({ id, origin: "typed" as const, ...place }));
}

/** The tokens that the template writes after `path` for one more message, closing marker of the last turn included where it is not there yet. */
function rendered(
  path: readonly NewToken[],
  message: ChatMessage,
  format: ChatFormat,
): readonly NewToken[] {
  const before = messagesOf(path, format.tokenizer);
  const chat = format.template.render([...before, message], {
    addGenerationPrompt: message.role !== ASSISTANT,
  });
  const tokens =
    before.length === 0
      ? chat.tokens.map((token) => newToken(token, 0))
      : tailAfter(path, before.length - 1, chat.tokens);
  if (!chat.unknownMessages.includes(before.length)) return tokens;
  // The template rewrote the message: its turn is the last that has any content, and no less a person's for that.
  const said = tokens.findLast((token) => token.part === "content")?.turn;
  return tokens.map((token) =>
    token.turn === said && token.part === "content" ? { ...token, origin: "typed" } : token,
  );
}

function closeOpenTurn(doc: TokenDocument, format: ChatFormat): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const messages = messagesOf(path, format.tokenizer);
  const chat = format.template.render(messages, { addGenerationPrompt: false });
  return extend(doc, tailAfter(path, messages.length - 1, chat.tokens));
}

/** What the rendered chat has after message `index`, less the closing tokens that the path already has. */
function tailAfter(
  path: readonly NewToken[],
  index: number,
  tokens: readonly RenderedToken[],
): readonly NewToken[] {
  const last = turnsOf(path).at(-1);
  if (last === undefined) return tokens.map((token) => newToken(token, 0));
  const turn = tokens.find((token) => token.message === index)?.turn ?? last.index;
  const from = tokens.findIndex((t) => t.turn > turn || (t.turn === turn && t.part === "close"));
  const tail = from === -1 ? [] : tokens.slice(from);
  const closing = path.slice(last.contentEnd);
  let present = 0;
  while (present < closing.length && closing[present]?.id === tail[present]?.id) present += 1;
  return tail.slice(present).map((token) => newToken(token, last.index - turn));
}

function newToken(token: RenderedToken, turnShift: number): NewToken {
  const isTyped = token.part === "content" && token.message !== null;
  const { id, role, part } = token;
  return { id, origin: isTyped ? "typed" : "template", turn: token.turn + turnShift, role, part };
}
