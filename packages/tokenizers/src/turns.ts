// Cuts a rendered chat into turns and their parts, from the places of messages and special tokens. Knows text offsets and no tokens.

import type { TurnPart } from "@tokenscope/core";
import type { Stretch } from "./message-places.ts";

/** A special token that the template itself wrote. */
export interface Marker extends Stretch {
  readonly text: string;
  /** Ends a turn or a text, as <|im_end|> does. */
  readonly closes: boolean;
}

/** A message with its place. */
export interface PlacedMessage extends Stretch {
  readonly message: number;
  readonly role: string;
}

/** A part of a turn. */
export interface PartStretch extends Stretch {
  readonly turn: number;
  readonly role: string;
  readonly part: TurnPart;
  readonly message: number | null;
}

/** A rendered chat as turns are read from it; messages and markers in the order of the text, markers outside messages. */
export interface ChatLayout {
  readonly text: string;
  readonly messages: readonly PlacedMessage[];
  readonly markers: readonly Marker[];
  /** Where the generation prompt starts, or null where that is to be told from the markers. */
  readonly generationStart: number | null;
}

// Invariant of the parts: in order, without overlap, and together the whole text (empty ones are left out).
interface Turns {
  readonly parts: PartStretch[];
  count: number;
  /** The turn begun last: a turn may have no part before its close. */
  last: TurnPlace | null;
}

type TurnPlace = Pick<PartStretch, "turn" | "role" | "message">;

/** The parts of all turns, covering the text. Each message is a turn; so is what stands complete between messages (a default system turn), with message null, and the generation prompt. */
export function turnParts(layout: ChatLayout): readonly PartStretch[] {
  const turns: Turns = { parts: [], count: 0, last: null };
  let at = 0;
  let afterContent = false;
  for (const message of layout.messages) {
    const open = closeAndAddTurns(turns, layout, { start: at, end: message.start, afterContent });
    const place = begin(turns, message.role, message.message);
    add(turns, { ...place, part: "open", start: open, end: message.start });
    add(turns, { ...place, part: "content", start: message.start, end: message.end });
    at = message.end;
    afterContent = true;
  }
  const end = layout.text.length;
  const promptStart = layout.generationStart !== null && layout.generationStart >= at;
  const gapEnd = promptStart ? (layout.generationStart ?? end) : end;
  const rest = closeAndAddTurns(turns, layout, { start: at, end: gapEnd, afterContent });
  addLast(turns, layout, { start: rest, end: gapEnd });
  if (gapEnd < end) addPrompt(turns, { start: gapEnd, end });
  return turns.parts;
}

/** A stretch between two messages, or at either end. */
interface Gap extends Stretch {
  readonly afterContent: boolean;
}

/** Reads a gap up to where the next turn opens: the close of the turn before, then whole turns of the template's own. */
function closeAndAddTurns(turns: Turns, layout: ChatLayout, gap: Gap): number {
  let at = gap.start;
  if (gap.afterContent) {
    at = closeEnd(layout, gap);
    addClose(turns, { start: gap.start, end: at });
  }
  for (const marker of markersIn(layout, { start: at, end: gap.end })) {
    if (!marker.closes || marker.start < at) continue;
    const end = pastSpace(layout, marker.end, gap.end);
    if (hasBody(layout, { start: at, end: marker.start })) {
      addTemplateTurn(turns, layout, { start: at, end });
    } else if (turns.count > 0) {
      addClose(turns, { start: at, end });
    } else {
      continue; // a text may start with the token that also ends one
    }
    at = end;
  }
  return at;
}

/** Where the close of the turn before ends: past its closing marker, else at the next turn's first marker, else at the gap's end. */
function closeEnd(layout: ChatLayout, gap: Gap): number {
  const first = markersIn(layout, gap)[0];
  if (!first) return gap.end;
  return first.closes ? pastSpace(layout, first.end, gap.end) : first.start;
}

/** A turn that is the template's own: opening markers and role, text, closing marker. */
function addTemplateTurn(turns: Turns, layout: ChatLayout, turn: Stretch): void {
  const header = readHeader(layout, turn);
  const closing = markersIn(layout, { start: header.end, end: turn.end }).find((m) => m.closes);
  const contentEnd = closing?.start ?? turn.end;
  const place = begin(turns, header.role, null);
  add(turns, { ...place, part: "open", start: turn.start, end: header.end });
  add(turns, { ...place, part: "content", start: header.end, end: contentEnd });
  add(turns, { ...place, part: "close", start: contentEnd, end: turn.end });
}

/** What follows the last complete turn: white space belongs to that turn, anything else is a turn that stays open. */
function addLast(turns: Turns, layout: ChatLayout, rest: Stretch): void {
  if (hasBody(layout, rest) || turns.count === 0) addPrompt(turns, rest);
  else addClose(turns, rest);
}

function addPrompt(turns: Turns, prompt: Stretch): void {
  if (prompt.start === prompt.end) return;
  add(turns, { ...begin(turns, "assistant", null), part: "open", ...prompt });
}

function addClose(turns: Turns, close: Stretch): void {
  if (turns.last) add(turns, { ...turns.last, part: "close", ...close });
}

function begin(turns: Turns, role: string, message: number | null): TurnPlace {
  turns.last = { turn: turns.count++, role, message };
  return turns.last;
}

function add(turns: Turns, part: PartStretch): void {
  if (part.start < part.end) turns.parts.push(part);
}

/** The opening of a template's own turn: its markers, a role's name and the line break after it. Example: "<|im_start|>system\nYou are" → system, up to "You". */
function readHeader(
  layout: ChatLayout,
  turn: Stretch,
): { readonly role: string; readonly end: number } {
  let end = turn.start;
  let role = "";
  for (const marker of markersIn(layout, turn)) {
    if (marker.closes && end > turn.start) break;
    const between = layout.text.slice(end, marker.start).trim();
    if (between !== "" && !isRole(between)) break;
    role = between || role;
    end = marker.end;
  }
  const rest = layout.text.slice(end, turn.end);
  const line = /^([A-Za-z_]*)[ \t]*\n+/.exec(rest);
  if (line) {
    role = line[1] || role;
    end += line[0].length;
  }
  return { role: knownRole(role || markerRole(layout, { start: turn.start, end })), end };
}

function isRole(text: string): boolean {
  return /^[A-Za-z_]+$/.test(text);
}

/** The role that a marker itself names. Example: "<|user|>" → user. */
function markerRole(layout: ChatLayout, header: Stretch): string {
  const names = markersIn(layout, header).map((m) => m.text.replace(/[^a-z]/gi, "").toLowerCase());
  return names.find((name) => ["system", "user", "assistant", "tool"].includes(name)) ?? "system";
}

/** Gemma's and Llama's words. */
const KNOWN_ROLES: ReadonlyMap<string, string> = new Map([
  ["model", "assistant"],
  ["ipython", "tool"],
]);

function knownRole(role: string): string {
  return KNOWN_ROLES.get(role) ?? role;
}

function markersIn(layout: ChatLayout, stretch: Stretch): readonly Marker[] {
  return layout.markers.filter((m) => m.start >= stretch.start && m.end <= stretch.end);
}

/** Whether a stretch has anything but white space and closing markers. */
function hasBody(layout: ChatLayout, stretch: Stretch): boolean {
  let at = stretch.start;
  for (const marker of markersIn(layout, stretch)) {
    if (!marker.closes || layout.text.slice(at, marker.start).trim() !== "") return true;
    at = marker.end;
  }
  return layout.text.slice(at, stretch.end).trim() !== "";
}

function pastSpace(layout: ChatLayout, from: number, limit: number): number {
  const rest = layout.text.slice(from, limit);
  return from + rest.length - rest.trimStart().length;
}
