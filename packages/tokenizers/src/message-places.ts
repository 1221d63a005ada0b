// Where each message stands in a rendered chat. Knows the rendered text, not how the template made it.

import { type ChatMessage, UsageError } from "@tokenscope/core";
import type { TokenFinder } from "./special-text.ts";

/** A stretch of a text: UTF-16 offsets, end exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A rendered chat with what came from the messages. */
export interface PlacedText {
  readonly text: string;
  /** One entry a message; null where the template dropped, repeated or rewrote it. */
  readonly places: readonly (Stretch | null)[];
  /** Whether a rendering with marks gave the same text; where none did, no message has a place. */
  readonly marksAgree: boolean;
  /** Offsets inside written special tokens that came from messages without a place. */
  readonly guards: readonly number[];
}

type Render = (messages: readonly ChatMessage[]) => string;

// Private-use characters of plane 15; those that a text already has are passed over.
const FIRST_MARK = 0xf0000;

/** Renders a chat and finds its messages by rendering it again with marks around their contents; throws UsageError where a message without a place could forge a special token. */
export function placeMessages(
  messages: readonly ChatMessage[],
  render: Render,
  findSpecials: TokenFinder,
): PlacedText {
  const text = render(messages);
  const marks = unusedCharacters(text + messages.map((m) => m.content).join(""), messages.length);
  const found = findPlaces(messages, text, (marked) => readMarks(render, marked, marks));
  const places = found ?? messages.map(() => null);
  const guards = guardOffsets(messages, { text, places }, render, findSpecials);
  return { text, places, marksAgree: found !== null, guards };
}

/** A content in three parts, each of which a template may treat apart. */
interface Content {
  readonly lead: string;
  readonly core: string;
  readonly trail: string;
}

function contentParts(content: string): Content {
  const unled = content.trimStart();
  const core = unled.trimEnd();
  return {
    lead: content.slice(0, content.length - unled.length),
    core,
    trail: unled.slice(core.length),
  };
}

type MarkWith = (content: Content, open: string, close: string) => string;

const outside: MarkWith = ({ lead, core, trail }, open, close) =>
  open + lead + core + trail + close;
const inside: MarkWith = ({ lead, core, trail }, open, close) => lead + open + core + close + trail;

/** The rendering with marks: its text without them, and the place between each message's pair. */
interface Reading {
  readonly text: string;
  readonly places: readonly (Stretch | null)[];
}

interface Marked {
  readonly messages: readonly ChatMessage[];
  readonly mark: MarkWith;
  /** Blank contents stay unmarked: to some templates a blank message is no message. */
  readonly onlyFilled: boolean;
}

// Marks outside the white space say most but stop a template from trimming; inside they let it trim as it does.
function findPlaces(
  messages: readonly ChatMessage[],
  text: string,
  read: (marked: Marked) => Reading | null,
): readonly (Stretch | null)[] | null {
  const contents = messages.map((message) => contentParts(message.content));
  for (const onlyFilled of [false, true]) {
    const outer = read({ messages, mark: outside, onlyFilled });
    if (outer?.text === text) return verified(text, outer.places, messages, wholeContent);
    const inner = read({ messages, mark: inside, onlyFilled });
    if (inner?.text !== text) continue;
    const cores = verified(text, inner.places, messages, (content) => contentParts(content).core);
    return outer ? widened(cores, contents, { text, outer }) : cores;
  }
  return null;
}

const wholeContent = (content: string) => content;

/** Drops the places whose text is not what the message has there. */
function verified(
  text: string,
  places: readonly (Stretch | null)[],
  messages: readonly ChatMessage[],
  expected: (content: string) => string,
): readonly (Stretch | null)[] {
  return places.map((place, i) => {
    if (!place) return null;
    return text.slice(place.start, place.end) === expected(messages[i]?.content ?? "")
      ? place
      : null;
  });
}

function readMarks(render: Render, marked: Marked, marks: readonly string[]): Reading | null {
  const pair = (i: number) => [marks[2 * i] ?? "", marks[2 * i + 1] ?? ""] as const;
  const rendered = renderOrNull(
    render,
    marked.messages.map((message, i) => {
      if (marked.onlyFilled && message.content.trim() === "") return message;
      return { ...message, content: marked.mark(contentParts(message.content), ...pair(i)) };
    }),
  );
  if (rendered === null) return null;
  const { text, offsets } = withoutMarks(rendered, new Set(marks));
  const places = marked.messages.map((_, i) => {
    const [open, close] = pair(i).map((mark) => offsets.get(mark) ?? []);
    const [start, end] = [open?.[0], close?.[0]];
    if (open?.length !== 1 || close?.length !== 1) return null;
    return start !== undefined && end !== undefined && start <= end ? { start, end } : null;
  });
  return { text, places };
}

/** The text without its marks, and where each mark stood in it. */
function withoutMarks(
  marked: string,
  marks: ReadonlySet<string>,
): { readonly text: string; readonly offsets: ReadonlyMap<string, readonly number[]> } {
  const offsets = new Map<string, number[]>();
  let text = "";
  let copied = 0;
  for (const match of marked.matchAll(/[\u{F0000}-\u{10FFFD}]/gu)) {
    if (!marks.has(match[0])) continue;
    text += marked.slice(copied, match.index);
    copied = match.index + match[0].length;
    offsets.set(match[0], [...(offsets.get(match[0]) ?? []), text.length]);
  }
  return { text: text + marked.slice(copied), offsets };
}

/** Adds to each core the white space of its message that the template kept, told from the template's own by the other rendering. */
function widened(
  cores: readonly (Stretch | null)[],
  contents: readonly Content[],
  rendered: { readonly text: string; readonly outer: Reading },
): readonly (Stretch | null)[] {
  const wide = cores.map((core) => (core ? { ...core } : null));
  const { text, outer } = rendered;
  const order = cores
    .flatMap((core, message) => {
      const whole = outer.places[message];
      return core && whole ? [{ message, core, whole }] : [];
    })
    .sort((a, b) => a.core.start - b.core.start);
  for (let i = 0; i <= order.length; i++) {
    const [before, after] = [order[i - 1], order[i]];
    const literal = outer.text.slice(before?.whole.end ?? 0, after?.whole.start);
    const gap = text.slice(before?.core.end ?? 0, after?.core.start);
    const kept = keptSpace(gap, literal, {
      trail: before ? (contents[before.message]?.trail ?? "") : "",
      lead: after ? (contents[after.message]?.lead ?? "") : "",
    });
    const [placeBefore, placeAfter] = [
      before ? wide[before.message] : null,
      after ? wide[after.message] : null,
    ];
    if (placeBefore) placeBefore.end += kept.trail;
    if (placeAfter) placeAfter.start -= kept.lead;
  }
  return wide;
}

/** How much of `trail` and `lead` surrounds the template's literal in a gap. Example: gap "a\n" and literal "a" with lead " \n" → the last 1 of lead. */
function keptSpace(
  gap: string,
  literal: string,
  space: { readonly trail: string; readonly lead: string },
): { readonly trail: number; readonly lead: number } {
  const spare = gap.length - literal.length;
  for (let trail = Math.min(space.trail.length, spare); trail >= 0; trail--) {
    const lead = spare - trail;
    if (lead > space.lead.length) break;
    const leadText = space.lead.slice(space.lead.length - lead);
    if (gap === space.trail.slice(0, trail) + literal + leadText) return { trail, lead };
  }
  return { trail: 0, lead: 0 };
}

// A message without a place may hold a written special token; a mark inside it shows where that one stands.
function guardOffsets(
  messages: readonly ChatMessage[],
  placed: Pick<PlacedText, "text" | "places">,
  render: Render,
  findSpecials: TokenFinder,
): readonly number[] {
  const suspects = messages.flatMap((message, i) =>
    placed.places[i] ? [] : findSpecials(message.content).map(({ text }) => ({ text, message: i })),
  );
  const [first] = suspects;
  if (!first) return [];
  const [guard = ""] = unusedCharacters(placed.text, 1);
  const guarded = renderOrNull(
    render,
    messages.map((message, i) => {
      const content = placed.places[i]
        ? message.content
        : guardedContent(message.content, guard, findSpecials);
      return { ...message, content };
    }),
  );
  const { text, offsets } = withoutMarks(guarded ?? "", new Set([guard]));
  if (guarded !== null && text === placed.text) return offsets.get(guard) ?? [];
  throw new UsageError(
    `message ${first.message + 1} contains ${first.text}, and the chat template rewrites that message, so that it cannot be told from the template's own; remove it from the message`,
  );
}

function guardedContent(content: string, guard: string, findSpecials: TokenFinder): string {
  let guarded = "";
  let at = 0;
  for (const { start } of findSpecials(content)) {
    guarded += content.slice(at, start + 1) + guard;
    at = start + 1;
  }
  return guarded + content.slice(at);
}

/** A mark can make a template refuse what it took; that rendering then says nothing. */
function renderOrNull(render: Render, messages: readonly ChatMessage[]): string | null {
  try {
    return render(messages);
  } catch {
    return null;
  }
}

function unusedCharacters(text: string, pairs: number): readonly string[] {
  const used = new Set(text.match(/[\u{F0000}-\u{10FFFD}]/gu) ?? []);
  const free: string[] = [];
  for (let code = FIRST_MARK; free.length < 2 * pairs; code++) {
    if (code > 0x10fffd) throw new UsageError("the chat has too many messages to tell them apart");
    const character = String.fromCodePoint(code);
    if (!used.has(character)) free.push(character);
  }
  return free;
}
