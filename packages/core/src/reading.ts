// The text before a place of a conversation, for another model to read: the messages, and how far the one at the place has come; and in its tokens.

import { boundarySplit } from "./boundary.ts";
import { isTemplatesOwn, messagesOf } from "./conversation.ts";
import type { NewToken } from "./document.ts";
import { UsageError } from "./errors.ts";
import { decodeTokens, pieceText } from "./piece.ts";
import { TEXT_ROLE } from "./plain-template.ts";
import type { TokenId } from "./token.ts";
import type { ChatMessage, ChatTemplate, Tokenizer, Vocabulary } from "./tokenizer.ts";
import { turnsOf } from "./turns.ts";

/** A text as any model can read it. The place lies behind `before`, and `after` follows it in the same message. */
export interface Reading {
  readonly messages: readonly ChatMessage[]; // finished ones
  readonly role: string; // of the message at the place; "text" where there are no roles
  readonly before: string;
  readonly after: string;
}

/** What is before the token at `position`; null inside markers and a system turn of the template's own, which say nothing to another model, and inside a character, which no text says half of. */
export function readingAt(
  path: readonly NewToken[],
  position: number,
  vocabulary: Vocabulary,
): Reading | null {
  const turn = turnsOf(path).find(
    ({ contentStart, contentEnd }) => contentStart <= position && position <= contentEnd,
  );
  if (turn === undefined || isTemplatesOwn(path, turn)) return null;
  const pieces = (tokens: readonly NewToken[]): readonly Uint8Array[] =>
    tokens.filter(({ id }) => !vocabulary.isSpecial(id)).map(({ id }) => vocabulary.bytes(id));
  const before = pieces(path.slice(turn.contentStart, position));
  const after = pieces(path.slice(position, turn.contentEnd));
  if (!isWhole(before) || !isWhole(after)) return null;
  return {
    messages: turn.role === TEXT_ROLE ? [] : messagesOf(path.slice(0, turn.start), { vocabulary }),
    role: turn.role,
    before: decodeTokens(before),
    after: decodeTokens(after),
  };
}

function isWhole(pieces: readonly Uint8Array[]): boolean {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return pieceText(bytes) !== null;
}

/** A reading in a model's own tokens. */
export interface ReadTokens {
  readonly ids: readonly TokenId[]; // up to the place
  /** The token that comes next where the whole message is cut at the place too; null where nothing follows, or where it is not cut there. */
  readonly nextId: TokenId | null;
  /** The token of the whole message that begins before the place and ends behind it; null where none does. */
  readonly straddlingId: TokenId | null;
  /** Whether the messages were read without roles, as one text, since the model has no template. */
  readonly isPlain: boolean;
}

/** A reading as this model has it: finished messages by its template, the text at the place by its tokenizer alone. Throws UsageError where its template refuses, or hides the message. */
export function readTokens(
  { messages, role, before, after }: Reading,
  { tokenizer, template }: { readonly tokenizer: Tokenizer; readonly template: ChatTemplate },
): ReadTokens {
  const isPlain = role === TEXT_ROLE || !hasRoles(template);
  const lead = isPlain && role !== TEXT_ROLE ? spokenText(messages) : "";
  const opening = isPlain ? startOf(tokenizer) : openedTurn(messages, role, template);
  const whole = tokenizer.encode(lead + before + after);
  const pieces = whole.map((id) => tokenizer.vocabulary.bytes(id));
  const { firstIndex, straddlingIndex } = boundarySplit(pieces, utf8.encode(lead + before).length);
  const straddlingId = whole[straddlingIndex ?? -1] ?? null;
  return {
    ids: [...opening, ...tokenizer.encode(lead + before)],
    nextId: straddlingId === null ? (whole[firstIndex] ?? null) : null,
    straddlingId,
    isPlain: isPlain && role !== TEXT_ROLE,
  };
}

const utf8 = new TextEncoder();

/** Finished messages as one text, for a model that knows no roles. */
export function spokenText(messages: readonly ChatMessage[]): string {
  return messages.map(({ content }) => `${content}\n\n`).join("");
}

/** A base model's stand-in for a template refuses all roles; a chat template may refuse any but a user's first message. */
function hasRoles(template: ChatTemplate): boolean {
  const first = [{ role: "user", content: "x" }];
  return template.refusal(first, { addGenerationPrompt: true }) === null;
}

function startOf({ startTokenId }: Tokenizer): readonly TokenId[] {
  return startTokenId === null ? [] : [startTokenId];
}

/** The finished messages and the opening marker of one more. */
function openedTurn(
  messages: readonly ChatMessage[],
  role: string,
  template: ChatTemplate,
): readonly TokenId[] {
  if (role === "assistant" && messages.length > 0) {
    const { tokens } = template.render(messages, { addGenerationPrompt: true });
    return tokens.map(({ id }) => id);
  }
  const said = [...messages, { role, content: "x" }];
  const { tokens } = template.render(said, { addGenerationPrompt: false });
  const content = tokens.findIndex(
    ({ message, part }) => message === messages.length && part === "content",
  );
  if (content === -1) {
    throw new UsageError(
      `this model's chat template hides where a ${role} message stands, so it cannot read the text up to here; choose a place in another message`,
    );
  }
  return tokens.slice(0, content).map(({ id }) => id);
}
