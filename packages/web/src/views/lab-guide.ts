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

/** The title under which a guide's answers are kept; null is the built-in guide. */
export function sheetTitle(guide: LabGuide | null): string {
  return guide?.title ?? "";
}

/** Where a guide's text names a marker, or has a sentence about them. Example: "{userEnds}". */
const PLACE = /\{(markers|openers|userOpens|userEnds|replyOpens)\}/g;
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
  if (name === "openers") return openerSentence(markers);
  const marker = markers === null ? "" : (markers[name as keyof TurnMarkers] ?? "");
  return [marker === "" ? plainText(UNKNOWN_MARKER) : { text: marker, isMarker: true }];
}

/** Example: "This model opens your turn with <|im_start|>user, ends it with <|im_end|> and opens its own with <|im_start|>assistant." */
function markerSentence(markers: TurnMarkers | null): readonly GuideText[] {
  if (markers === null) return [plainText("The model’s markers are named here once it is loaded.")];
  const said = listed([
    { words: "opens your turn with ", marker: markers.userOpens },
    { words: "ends it with ", marker: markers.userEnds },
    { words: "opens its own with ", marker: markers.replyOpens },
  ]);
  if (said.length === 0) return [plainText("This model’s template writes no markers.")];
  return [plainText("This model "), ...said, plainText(".")];
}

/** Who speaks, without where a turn ends: that is for the student to find. Example: "In this model they are <|im_start|>user and <|im_start|>assistant." */
function openerSentence(markers: TurnMarkers | null): readonly GuideText[] {
  const said = listed([
    { words: "", marker: markers?.userOpens ?? "" },
    { words: "", marker: markers?.replyOpens ?? "" },
  ]);
  if (said.length === 0) return [plainText("They differ from model to model.")];
  return [plainText("In this model they are "), ...said, plainText(".")];
}

/** The markers that there are, as one list. Example: three -> "a, b and c". */
function listed(
  items: readonly { readonly words: string; readonly marker: string }[],
): readonly GuideText[] {
  const said = items.filter(({ marker }) => marker !== "");
  return said.flatMap(({ words, marker }, i): GuideText[] => {
    const joint = i === 0 ? "" : i === said.length - 1 ? " and " : ", ";
    return [plainText(joint + words), { text: marker, isMarker: true }];
  });
}

function plainText(text: string): GuideText {
  return { text, isMarker: false };
}
