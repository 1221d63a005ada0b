// Interfaces of a tokenizer and of a chat template. A tokenizer knows text and no model; a token is bytes.

import type { TokenId } from "./token.ts";

/** The bytes of every token. Half a character is a legal token. */
export interface Vocabulary {
  readonly size: number;
  /** The token's bytes as it adds to a text; a special token's are those of its written name. Throws RangeError outside the vocabulary. */
  bytes(id: TokenId): Uint8Array;
  isSpecial(id: TokenId): boolean;
}

export interface EncodeOptions {
  /** Reads written special tokens (`<|im_start|>`) as the special token; plain characters otherwise. */
  readonly parseSpecial?: boolean;
}

export interface Tokenizer {
  readonly name: string;
  readonly vocabulary: Vocabulary;
  /** The token that starts a text by the file's own add_bos_token, or null (SmolLM2: null although its metadata names a BOS). */
  readonly startTokenId: TokenId | null;
  /** Tokens that end a generation: end of turn, end of text. */
  readonly endTokenIds: readonly TokenId[];
  encode(text: string, options?: EncodeOptions): readonly TokenId[];
}

/** A call that an assistant's message makes of a tool. */
export interface ToolCall {
  readonly id: string; // nine letters and digits, as the strictest templates have it
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly toolCalls?: readonly ToolCall[]; // of an assistant's message
  readonly toolCallId?: string; // of the call that a tool's message answers
}

/** Where a token of a turn stands: opening marker and role, the message itself, or closing marker. */
export type TurnPart = "open" | "content" | "close";

/** A token of a rendered chat with its place. `turn` counts turns from 0 (a template's default system turn is one); `message` is the index into the messages given, null for what the template added itself. */
export interface RenderedToken {
  readonly id: TokenId;
  readonly turn: number;
  readonly role: string;
  readonly part: TurnPart;
  readonly message: number | null;
}

export interface RenderedChat {
  readonly tokens: readonly RenderedToken[];
  /** Indices of messages whose place in the tokens the template hides (dropped, blank or rewritten content). */
  readonly unknownMessages: readonly number[];
}

export interface RenderOptions {
  /** Opens the assistant's turn after the last message. */
  readonly addGenerationPrompt: boolean;
  readonly tools?: readonly unknown[];
}

export interface ChatTemplate {
  /** False where the template writes the same with tools as without: the model would never see them. */
  readonly takesTools: boolean;
  /** Roles that its source names; it may write any other word as one all the same. */
  readonly namedRoles: readonly string[];
  /** Ids with the origin of every token; what a message contains never becomes a special token. Throws UsageError with the template's own words where it refuses. */
  render(messages: readonly ChatMessage[], options: RenderOptions): RenderedChat;
  /** Why the template refuses these messages, in one sentence, or null where it takes them. */
  refusal(messages: readonly ChatMessage[], options: RenderOptions): string | null;
}
