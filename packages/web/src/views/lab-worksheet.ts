// The worksheet: the guide's questions with a person's answers and evidence, ready to be written as a file.

import { answerTo, type LabSheet, sheetOf } from "../store/lab.ts";
import type { AppState } from "../store/state.ts";
import { conditionsText } from "./copy-text.ts";
import type { Attachment } from "./lab-attachment.ts";
import { guideString } from "./lab-guide.ts";
import { knownMarkers } from "./lab-markers.ts";
import { BUILT_IN } from "./lab-parts.ts";
import { settingsText } from "./sampling.ts";

export interface WorksheetQuestion {
  readonly number: string; // "2.3"
  readonly text: string;
  readonly answer: string;
  readonly attachments: readonly Attachment[];
}

interface WorksheetPart {
  readonly title: string;
  readonly task: string;
  readonly questions: readonly WorksheetQuestion[];
}

/** What both files say. `facts` are label and value. */
export interface Worksheet {
  readonly title: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly parts: readonly WorksheetPart[];
}

export type WorksheetInputs = Pick<
  AppState,
  "lab" | "markers" | "model" | "history" | "vocabulary" | "isRecording" | "settings" | "seed"
>;

/** The worksheet of a state on a day. */
export function worksheet(state: WorksheetInputs, date: string): Worksheet {
  const { lab, seed, settings } = state;
  const guide = lab.guide ?? BUILT_IN;
  const sheet = sheetOf(lab);
  const markers = knownMarkers(state);
  return {
    title: guide.title,
    facts: [
      ["Name", lab.author],
      ["Date", date],
      ["Numbers", conditionsText({ ...state, view: "raw" })],
      ["Settings", `${settingsText(settings)}; seed ${seed}`],
    ],
    parts: guide.parts.map((part, i) => ({
      title: `${i + 1}. ${part.title}`,
      task: guideString(part.task, markers),
      questions: part.questions.map(({ key, text }, j) => ({
        number: `${i + 1}.${j + 1}`,
        text: guideString(text, markers),
        ...written(sheet, key),
      })),
    })),
  };
}

function written(sheet: LabSheet, key: string): Pick<WorksheetQuestion, "answer" | "attachments"> {
  const { text, attachments } = answerTo(sheet, key);
  return { answer: text.trim(), attachments };
}
