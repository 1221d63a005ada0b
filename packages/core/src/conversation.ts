// What the composer's verbs write: End turn, the system prompt, starting over. Turns become tokens through the model's own chat template.
// A finished turn is rendered once; what is already in the document is never tokenised again, so a reply keeps its tokens whatever they are.

import {
  activePath,
  branchAt,
  extend,
  type NewToken,
  nodesOf,
  spliceAt,
  type TokenDocument,
} from "./document.ts";
import { UsageError } from "./errors.ts";
import { decodeTokens } from "./piece.ts";
import type { ChatMessage, ChatTemplate, RenderedToken, Tokenizer } from "./tokenizer.ts";
import { type Turn, turnsOf } from "./turns.ts";

/** A tokenizer with the chat template of the same model. */
export interface ChatFormat {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
}

const ASSISTANT = "assistant";

/** The messages that a path says, as its template would be given them: a system turn that the template itself wrote is none. */
export function messagesOf(path: readonly NewToken[], format: ChatFormat): readonly ChatMessage[] {
  return turnsOf(path)
    .filter((turn) => !isTemplatesOwn(path, turn))
    .map((turn) => ({ role: turn.role, content: contentText(path, turn, format.tokenizer) }));
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
  const path = nodesOf(doc, activePath(doc));
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
  if (!isEmpty) return endTurn(closeOpenTurn(doc, format), message, format);
  const before = path.slice(0, open.start);
  const tokens = rendered(before, message, format);
  return branchAt(doc, open.start, tokens);
}

/** Writes the system prompt at the start of the conversation, in place of the one that stands there, as a branch; later tokens are kept as they are. */
export function setSystemPrompt(
  doc: TokenDocument,
  content: string,
  format: ChatFormat,
): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const { tokens, range } = systemTurn(path, content, format);
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
  const { tokens, range } = systemTurn(path, content, format);
  return spliceAt(doc, { ...range, end: reply.contentStart }, tokens);
}

/** The tokens of a system turn with this prompt, and the range of the path whose place they take. */
function systemTurn(path: readonly NewToken[], content: string, format: ChatFormat) {
  const first = turnsOf(path)[0];
  const old = first?.role === "system" ? first : undefined;
  const rest = messagesOf(path.slice(old?.end ?? 0), format).filter((m) => m.content !== "");
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
export function roleRefusal(
  path: readonly NewToken[],
  role: string,
  format: ChatFormat,
): string | null {
  const open = openTurn(path);
  if (open?.role === role) return null;
  const before = open !== null && open.contentEnd === open.contentStart ? open.start : path.length;
  const messages = [...messagesOf(path.slice(0, before), format), { role, content: "x" }];
  return format.template.refusal(messages, { addGenerationPrompt: role !== ASSISTANT });
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

function isTemplatesOwn(path: readonly NewToken[], turn: Turn): boolean {
  const content = path.slice(turn.contentStart, turn.contentEnd);
  return content.length > 0 && content.every((token) => token.origin === "template");
}

function contentText(path: readonly NewToken[], turn: Turn, tokenizer: Tokenizer): string {
  const content = path.slice(turn.contentStart, turn.contentEnd);
  return decodeTokens(content.map((token) => tokenizer.vocabulary.bytes(token.id)));
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
  const before = messagesOf(path, format);
  const chat = format.template.render([...before, message], {
    addGenerationPrompt: message.role !== ASSISTANT,
  });
  if (before.length === 0) return chat.tokens.map((token) => newToken(token, 0));
  return tailAfter(path, before.length - 1, chat.tokens);
}

function closeOpenTurn(doc: TokenDocument, format: ChatFormat): TokenDocument {
  const path = nodesOf(doc, activePath(doc));
  const messages = messagesOf(path, format);
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
