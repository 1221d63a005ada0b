// The lab guide as data: its parts and questions, with places for the model's markers. An instructor's file has the same shape.

import type { SamplingSettings } from "@tokenscope/core";
import type { TurnMarkers } from "./lab-markers.ts";

export interface LabQuestion {
  readonly key: string; // what answers are kept under
  readonly text: string;
  /** Where on the page to look; empty for none. */
  readonly hint: string;
}

export interface LabPart {
  readonly title: string;
  readonly task: string;
  readonly questions: readonly LabQuestion[];
}

/** What a lab begins with: a prompt for the composer, and how to draw. */
export interface LabStart {
  readonly system: string;
  readonly user: string;
  readonly seed: number | null;
  readonly settings: SamplingSettings | null;
}

export interface LabGuide {
  readonly title: string;
  readonly parts: readonly LabPart[];
  readonly start: LabStart | null;
}

/** A stretch of a guide's text; a marker is drawn as tokens are. */
export interface GuideText {
  readonly text: string;
  readonly isMarker: boolean;
}

/** How many of a guide's or a part's questions have a written answer. */
export interface Progress {
  readonly answered: number;
  readonly of: number;
}

interface WrittenAnswer {
  readonly text: string;
}

/** The title under which a guide's answers are kept; null is the built-in guide. */
export function sheetTitle(guide: LabGuide | null): string {
  return guide?.title ?? "";
}

/** How far answers have come with these questions. */
export function progressOf(
  questions: readonly LabQuestion[],
  sheet: Readonly<Record<string, WrittenAnswer>>,
): Progress {
  const answered = questions.filter(({ key }) => (sheet[key]?.text ?? "").trim() !== "");
  return { answered: answered.length, of: questions.length };
}

/** Where a guide's text names a marker. Example: "{userEnds}". */
const PLACE = /\{(markers|userOpens|userEnds|replyOpens)\}/g;
const UNKNOWN_MARKER = "its marker";

/** A guide's text with the markers of the model in it; `markers` is null where none is known yet. */
export function guideText(text: string, markers: TurnMarkers | null): readonly GuideText[] {
  const parts: GuideText[] = [];
  let at = 0;
  for (const match of text.matchAll(PLACE)) {
    parts.push(plainText(text.slice(at, match.index)), ...filled(match[1] ?? "", markers));
    at = match.index + match[0].length;
  }
  return [...parts, plainText(text.slice(at))].filter((part) => part.text !== "");
}

/** A guide's text as one string, for a file. */
export function guideString(text: string, markers: TurnMarkers | null): string {
  return guideText(text, markers)
    .map((part) => part.text)
    .join("");
}

function filled(name: string, markers: TurnMarkers | null): readonly GuideText[] {
  if (name === "markers") return markerSentence(markers);
  const marker = markers === null ? "" : (markers[name as keyof TurnMarkers] ?? "");
  return [marker === "" ? plainText(UNKNOWN_MARKER) : { text: marker, isMarker: true }];
}

/** Example: "This model opens your turn with <|im_start|>user, ends it with <|im_end|> and opens its own with <|im_start|>assistant." */
function markerSentence(markers: TurnMarkers | null): readonly GuideText[] {
  if (markers === null) return [plainText("The model’s markers are named here once it is loaded.")];
  const verbs: readonly (readonly [string, string])[] = [
    ["opens your turn with ", markers.userOpens],
    ["ends it with ", markers.userEnds],
    ["opens its own with ", markers.replyOpens],
  ];
  const said = verbs.filter(([, marker]) => marker !== "");
  if (said.length === 0) return [plainText("This model’s template writes no markers.")];
  const parts = said.flatMap(([verb, marker], i): GuideText[] => {
    const joint = i === 0 ? "" : i === said.length - 1 ? " and " : ", ";
    return [plainText(joint + verb), { text: marker, isMarker: true }];
  });
  return [plainText("This model "), ...parts, plainText(".")];
}

function plainText(text: string): GuideText {
  return { text, isMarker: false };
}
