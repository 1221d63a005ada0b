// A chat template as token ids with the origin of every token. Knows a tokenizer and no model.

import {
  type ChatMessage,
  type ChatTemplate,
  FormatError,
  type RenderedChat,
  type RenderedToken,
  type RenderOptions,
  type TokenId,
  type Tokenizer,
  tokenId,
  UsageError,
} from "@tokenscope/core";
import { buildTextTemplate, type TextTemplate } from "./jinja.ts";
import { placeMessages, type Stretch } from "./message-places.ts";
import type { TemplateSource } from "./metadata.ts";
import {
  buildTokenFinder,
  type TokenFinder,
  type WrittenToken,
  wellFormed,
} from "./special-text.ts";
import { namedRoles } from "./template-roles.ts";
import { type Marker, type PartStretch, type PlacedMessage, turnParts } from "./turns.ts";

const utf8 = new TextEncoder();
const SPACE = 0x20;
const SPACE_MARK = [0xe2, 0x96, 0x81]; // U+2581

/** What a chat template is made of. `now` is the clock for templates that write the date; without it they write their default. */
export interface ChatTemplateOptions extends TemplateSource {
  readonly tokenizer: Tokenizer;
  readonly now?: () => Date;
}

/** Reads a chat template; throws FormatError where its source is broken. */
export function loadChatTemplate(options: ChatTemplateOptions): ChatTemplate {
  const template = buildTextTemplate(options.source, options.now);
  const findSpecials = buildTokenFinder(specialTokens(options.tokenizer));
  const renderText = (messages: readonly ChatMessage[], render: RenderOptions) =>
    chatText(template, options, messages, render);
  const renderTokens = (messages: readonly ChatMessage[], render: RenderOptions) => {
    checkUnforged(messages, render, findSpecials);
    const formed = messages.map((m) => ({
      ...m,
      role: wellFormed(m.role),
      content: wellFormed(m.content),
    }));
    const text = (some: readonly ChatMessage[], asked: RenderOptions = render) =>
      wellFormed(renderText(some, asked));
    return renderChat({ messages: formed, render, text, findSpecials, options });
  };
  return {
    takesTools: takesTools(renderText),
    namedRoles: namedRoles(options.source),
    render: renderTokens,
    refusal: (messages, render) => {
      try {
        renderTokens(messages, render);
        return null;
      } catch (error) {
        if (error instanceof UsageError) return error.message;
        throw error;
      }
    },
  };
}

const PROBE = { type: "function", function: { name: "probe", description: "", parameters: {} } };

/** Whether a definition leaves a trace in what the template writes. */
function takesTools(
  text: (messages: readonly ChatMessage[], options: RenderOptions) => string,
): boolean {
  const messages = [{ role: "user", content: "x" }];
  try {
    const plain = text(messages, { addGenerationPrompt: true });
    return text(messages, { addGenerationPrompt: true, tools: [PROBE] }) !== plain;
  } catch (error) {
    if (error instanceof UsageError || error instanceof FormatError) return false;
    throw error;
  }
}

function chatText(
  template: TextTemplate,
  { bosToken, eosToken }: TemplateSource,
  messages: readonly ChatMessage[],
  { addGenerationPrompt, tools }: RenderOptions,
): string {
  return template.render({
    messages: messages.map(templateMessage),
    tools: tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    bos_token: bosToken,
    eos_token: eosToken,
  });
}

/** A message under the names that templates use (OpenAI's). */
function templateMessage({ role, content, toolCalls, toolCallId }: ChatMessage): object {
  const calls = toolCalls?.map(({ id, name, arguments: values }) => {
    return { id, type: "function", function: { name, arguments: values } };
  });
  return {
    role,
    content,
    ...(calls && { tool_calls: calls }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
}

interface Chat {
  readonly messages: readonly ChatMessage[];
  readonly render: RenderOptions;
  readonly text: (messages: readonly ChatMessage[], asked?: RenderOptions) => string;
  readonly findSpecials: TokenFinder;
  readonly options: ChatTemplateOptions;
}

function renderChat(chat: Chat): RenderedChat {
  const { messages, findSpecials } = chat;
  const { text, places, guards } = placeMessages(messages, (some) => chat.text(some), findSpecials);
  const placed: PlacedMessage[] = messages
    .flatMap(({ role }, message) => {
      const place = places[message];
      return place ? [{ ...place, role, message }] : [];
    })
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const specials = specialsOutside(text, placed, { guards, findSpecials });
  const markers = specials.map((token) => ({ ...token, closes: closesTurn(token, chat.options) }));
  const generationStart = promptStart(chat, text);
  const parts = turnParts({ text, messages: placed, markers, generationStart });
  return {
    tokens: labelled(text, parts, encodeBetween(text, markers, chat.options.tokenizer)),
    unknownMessages: messages.flatMap((_, i) => (places[i] ? [] : [i])),
  };
}

/** Special tokens that the template wrote: those wholly between messages, and not inside a message that has no place. */
function specialsOutside(
  text: string,
  placed: readonly Stretch[],
  {
    guards,
    findSpecials,
  }: { readonly guards: readonly number[]; readonly findSpecials: TokenFinder },
): readonly WrittenToken[] {
  const found: WrittenToken[] = [];
  let at = 0;
  for (const { start, end } of [...placed, { start: text.length, end: text.length }]) {
    for (const token of findSpecials(text.slice(at, start))) {
      found.push({ ...token, start: at + token.start, end: at + token.end });
    }
    at = end;
  }
  return found.filter(
    (token) => !guards.some((guard) => guard > token.start && guard <= token.end),
  );
}

// Where a template only adds to the end for a generation prompt, the text without it says where that starts.
function promptStart(chat: Chat, text: string): number | null {
  if (!chat.render.addGenerationPrompt) return null;
  try {
    const closed = chat.text(chat.messages, { ...chat.render, addGenerationPrompt: false });
    return closed.length < text.length && text.startsWith(closed) ? closed.length : null;
  } catch (error) {
    // a template may refuse a chat that ends without a prompt
    if (error instanceof UsageError || error instanceof FormatError) return null;
    throw error;
  }
}

/** Whether a marker ends a turn: an end token of the model, or by its name. Examples: </s>, [/INST], <|end|>; not <|end_header_id|>. */
function closesTurn(token: WrittenToken, { tokenizer, eosToken }: ChatTemplateOptions): boolean {
  if (token.text === eosToken || tokenizer.endTokenIds.includes(token.id)) return true;
  return /^[<[]\/|(?:^|[^a-z])(?:end|eot|eom)(?![a-z]|_header)/i.test(token.text);
}

/** Token ids with the UTF-8 bytes each takes of the text. */
interface SizedToken {
  readonly id: TokenId;
  readonly bytes: number;
}

function encodeBetween(
  text: string,
  markers: readonly (Marker & WrittenToken)[],
  tokenizer: Tokenizer,
): readonly SizedToken[] {
  const parts: (readonly SizedToken[])[] = [];
  let at = 0;
  for (const marker of markers) {
    parts.push(sizedTokens(text.slice(at, marker.start), tokenizer));
    parts.push([{ id: marker.id, bytes: tokenizer.vocabulary.bytes(marker.id).length }]);
    at = marker.end;
  }
  parts.push(sizedTokens(text.slice(at), tokenizer));
  return parts.flat();
}

// SentencePiece puts a space before a stretch, which takes nothing of it, and reads U+2581 (three bytes) as a space.
function sizedTokens(stretch: string, tokenizer: Tokenizer): readonly SizedToken[] {
  const text = utf8.encode(stretch);
  let at = 0;
  return tokenizer.encode(stretch).map((id) => {
    const start = at;
    for (const byte of tokenizer.vocabulary.bytes(id)) {
      if (byte !== SPACE || text[at] === SPACE) at += 1;
      else if (SPACE_MARK.every((marked, i) => text[at + i] === marked)) at += SPACE_MARK.length;
    }
    return { id, bytes: at - start };
  });
}

/** Gives every token the part it stands in; one that a message shares with the template counts as the message's. */
function labelled(
  text: string,
  parts: readonly PartStretch[],
  tokens: readonly SizedToken[],
): readonly RenderedToken[] {
  const ends = byteEnds(text, parts);
  let current = 0;
  let start = 0;
  return tokens.map(({ id, bytes }) => {
    const end = start + bytes;
    while (current < parts.length - 1 && (ends[current] ?? 0) <= start) current += 1;
    let chosen = current;
    for (let i = current; i < parts.length && (i === current || (ends[i - 1] ?? 0) < end); i++) {
      if (parts[i]?.part !== "content") continue;
      chosen = i;
      break;
    }
    start = end;
    return { id, ...origin(parts[chosen]) };
  });
}

function origin(part: PartStretch | undefined): Omit<RenderedToken, "id"> {
  if (!part) throw new RangeError("chat template: a token stands in no turn");
  return { turn: part.turn, role: part.role, part: part.part, message: part.message };
}

/** UTF-8 offsets of the parts' ends; the parts cover the text. */
function byteEnds(text: string, parts: readonly PartStretch[]): readonly number[] {
  let bytes = 0;
  return parts.map(({ start, end }) => {
    bytes += utf8.encode(text.slice(start, end)).length;
    return bytes;
  });
}

function specialTokens(tokenizer: Tokenizer): ReadonlyMap<string, TokenId> {
  const decoder = new TextDecoder();
  const idOf = new Map<string, TokenId>();
  for (let i = 0; i < tokenizer.vocabulary.size; i++) {
    const id = tokenId(i);
    if (tokenizer.vocabulary.isSpecial(id))
      idOf.set(decoder.decode(tokenizer.vocabulary.bytes(id)), id);
  }
  return idOf;
}

// Contents are marked, so a special token written there stays text; a role, a tool or a call is not marked.
function checkUnforged(
  messages: readonly ChatMessage[],
  { tools }: RenderOptions,
  findSpecials: TokenFinder,
): void {
  const calls = messages.flatMap((m) => m.toolCalls ?? []);
  const unmarked = [...messages.map((m) => m.role), JSON.stringify([tools ?? [], calls])];
  const forged = unmarked.flatMap((text) => findSpecials(text))[0];
  if (!forged) return;
  throw new UsageError(
    `a role, a tool or a call contains ${forged.text}, which the template would write as a special token; use plain names`,
  );
}
