// The lab guide's part of the state: which guide, the answers with what is attached to them, and the loaded model's markers.
// All but the markers is plain data: it is kept over a reload and travels in files.

import { emptyDocument, type History, openBranch, record } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import {
  type Attachment,
  attachmentAt,
  attachmentLabel,
  branchHolding,
  isSamePlace,
  placeOf,
} from "../views/lab-attachment.ts";
import { type LabGuide, type LabQuestion, type LabStart, sheetTitle } from "../views/lab-guide.ts";
import { type TurnMarkers, turnMarkers } from "../views/lab-markers.ts";
import { activeDocumentPath, documentPath, systemPrompt } from "../views/path.ts";
import type { ModelLink } from "./model-link.ts";
import { isRecorded } from "./moves.ts";
import type { AppState, Store } from "./state.ts";

/** What was written under one question. */
export interface LabAnswer {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

/** Answers by the question's key, "1.1" unless its file names another. */
export type LabSheet = Readonly<Record<string, LabAnswer>>;

/** What a person did with the guide. */
export interface Lab {
  /** An instructor's guide; null is the built-in one. */
  readonly guide: LabGuide | null;
  /** Where an instructor's guide was fetched from, so that a card can name it; null for a file. */
  readonly guideUrl: string | null;
  /** The open part, from 0; null where all are closed. */
  readonly openPart: number | null;
  readonly author: string;
  /** A sheet for each guide that was answered, by the guide's title: opening another guide loses nothing. */
  readonly sheets: Readonly<Record<string, LabSheet>>;
}

export interface LabState {
  readonly lab: Lab;
  /** The markers of the model that was asked last; null before one was. */
  readonly markers: { readonly sha256: string; readonly markers: TurnMarkers } | null;
}

export interface LabActions {
  readonly openLabPart: (part: number | null) => void;
  readonly setLabAuthor: (author: string) => void;
  /** Opens a guide beside the page; null goes back to the built-in one. */
  readonly openLabGuide: (guide: LabGuide | null, guideUrl?: string) => void;
  /** Puts a guide's beginning into the page: settings, seed, and the message that comes next in the composer. */
  readonly beginLab: (start: LabStart) => void;
  readonly setLabAnswer: (question: string, text: string) => void;
  /** Attaches the span, or without one the position, with its numbers. */
  readonly attachSelection: (question: string) => void;
  readonly detach: (question: string, attachment: Attachment) => void;
  /** Joins the answers that a conversation's file brings with those on the page. */
  readonly takeLab: (lab: unknown) => Promise<void>;
  /** Goes to the branch and place that was attached, and brings the branch back where it is gone. */
  readonly goToAttachment: (attachment: Attachment) => void;
}

export const FIRST_LAB: LabState = {
  lab: { guide: null, guideUrl: null, openPart: 0, author: "", sheets: {} },
  markers: null,
};

const EMPTY_ANSWER: LabAnswer = { text: "", attachments: [] };
const EMPTY_SHEET: LabSheet = {};

/** The sheet of the guide that is open. */
export function sheetOf({ guide, sheets }: Lab): LabSheet {
  return own(sheets, sheetTitle(guide)) ?? EMPTY_SHEET;
}

/** What is written under a question; empty where nothing is. */
export function answerTo(sheet: LabSheet, question: string): LabAnswer {
  return own(sheet, question) ?? EMPTY_ANSWER;
}

/** An entry of a record whose names a file chose: one called "constructor" is not Object's. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** True where something is written under a question. */
export function isAnswered(sheet: LabSheet, question: string): boolean {
  return answerTo(sheet, question).text.trim() !== "";
}

/** How many of these questions have a written answer. */
export function progressOf(
  questions: readonly LabQuestion[],
  sheet: LabSheet,
): { readonly answered: number; readonly of: number } {
  const answered = questions.filter(({ key }) => isAnswered(sheet, key));
  return { answered: answered.length, of: questions.length };
}

/** The lab as a file carries it; null where nothing was written or attached. */
export function labForFile(lab: Lab): Lab | null {
  return Object.keys(lab.sheets).length === 0 ? null : lab;
}

/** The guide's verbs over a store. */
export function labActions(store: StoreApi<Store>): LabActions {
  const change = (part: Partial<Lab>): void =>
    store.setState(({ lab }) => ({ lab: { ...lab, ...part } }));
  return {
    ...answerActions(store),
    openLabPart: (openPart) => change({ openPart }),
    setLabAuthor: (author) => change({ author }),
    openLabGuide(guide, guideUrl) {
      const { lab } = store.getState();
      const isSame = sheetTitle(guide) === sheetTitle(lab.guide); // a reload fetches it again
      change({ guide, guideUrl: guideUrl ?? null, openPart: isSame ? lab.openPart : 0 });
      store.setState({ isLabOpen: true });
    },
    beginLab(start) {
      if (store.getState().isRecording) store.getState().actions.startNew(); // a lab is no answer to the example
      const { actions, history, vocabulary } = store.getState();
      if (start.settings !== null) actions.setSettings(start.settings);
      if (start.seed !== null) actions.setSeed(start.seed);
      const said = systemPrompt(activeDocumentPath(history.present), vocabulary);
      const isSystemNext = start.system !== "" && said !== start.system;
      actions.setRole(isSystemNext ? "system" : "user");
      actions.setMessage(isSystemNext ? start.system : start.user);
    },
    async takeLab(value) {
      try {
        const { joinedLabs, parseLab } = await import("../views/lab-answers.ts");
        const other = parseLab(value);
        store.setState(({ lab }) => ({ lab: joinedLabs(lab, other) }));
      } catch (error) {
        store.setState({ problem: error instanceof Error ? error.message : String(error) });
      }
    },
    goToAttachment: (attachment) => goTo(store, attachment),
  };
}

function answerActions(
  store: StoreApi<Store>,
): Pick<LabActions, "setLabAnswer" | "attachSelection" | "detach"> {
  const answer = (question: string, part: (before: LabAnswer) => Partial<LabAnswer>): void => {
    const { lab } = store.getState();
    const sheet = sheetOf(lab);
    const before = answerTo(sheet, question);
    const after = { ...sheet, [question]: { ...before, ...part(before) } };
    store.setState({
      lab: { ...lab, sheets: { ...lab.sheets, [sheetTitle(lab.guide)]: after } },
    });
  };
  return {
    setLabAnswer: (question, text) => answer(question, () => ({ text })),
    attachSelection(question) {
      const attachment = attachmentAt(store.getState());
      if (attachment === null) return;
      answer(question, ({ attachments }) => {
        const isThere = attachments.some((other) => isSamePlace(other, attachment));
        return { attachments: isThere ? attachments : [...attachments, attachment] };
      });
      store.setState({ announcement: `Attached: ${attachmentLabel(attachment)}` });
    },
    detach(question, attachment) {
      answer(question, ({ attachments }) => ({
        attachments: attachments.filter((other) => other !== attachment),
      }));
      store.setState({ announcement: `Removed: ${attachmentLabel(attachment)}` });
    },
  };
}

function goTo(store: StoreApi<Store>, attachment: Attachment): void {
  const state = store.getState();
  const problem = refusal(state, attachment);
  if (problem !== null) {
    store.setState({ problem });
    return;
  }
  const { actions, history, recordedTips } = state;
  const key = branchHolding(history.present, attachment);
  if (key !== null) actions.switchBranch(key);
  else {
    const whole = broughtBack(history, attachment) ?? history;
    const isRecording = isRecorded(whole.present, recordedTips);
    store.setState({ history: whole, isRecording, ending: null });
  }
  const { position, span } = placeOf(attachment);
  actions.moveTo(position);
  actions.selectSpan(span);
}

/** Why one cannot go to an attachment, in a sentence; null where one can. */
function refusal(
  { documentSha256, history, work }: Pick<AppState, "documentSha256" | "history" | "work">,
  attachment: Attachment,
): string | null {
  if (attachment.sha256 !== documentSha256) return OTHER_MODEL;
  if (branchHolding(history.present, attachment) !== null) return null;
  if (broughtBack(history, attachment) === null) return GONE;
  return work.kind === "generating" ? STILL_WRITING : null;
}

const OTHER_MODEL =
  "This was attached under another model, whose tokens are not on screen; its numbers stay in your answer.";
const STILL_WRITING = "This branch is not on screen: stop the generation, then go to it.";
const GONE =
  "This branch is not on the page any more: look for its conversation under Open. Its numbers stay in your answer.";

/** A history with the attached branch open again, as an earlier version had it; null where none had. */
function broughtBack(history: History, attachment: Attachment): History | null {
  const { present } = history;
  for (const version of [...history.past.toReversed(), ...history.future]) {
    const whole = { ...version, nodes: present.nodes };
    const key = branchHolding(whole, attachment);
    const tip = key === null ? null : (documentPath(whole, key).ids.at(-1) ?? null);
    if (tip !== null) return record(history, openBranch(present, tip));
  }
  return null;
}

/** Asks a model that became ready for its markers, once the guide is open. */
export function followMarkers(store: StoreApi<Store>, link: ModelLink): void {
  let asked = ""; // the model that was asked last
  const follow = (state: AppState): void => {
    const { model, isLabOpen, vocabulary } = state;
    if (model.kind !== "ready" || !isLabOpen) return;
    const { sha256 } = model.loaded.identity;
    if (asked === sha256) return;
    asked = sha256;
    const message = { role: "user", content: "x" };
    link.ask("endTurn", { doc: emptyDocument(), message }).then(
      (doc) => {
        const markers = turnMarkers(activeDocumentPath(doc), vocabulary);
        if (markers !== null) store.setState({ markers: { sha256, markers } });
      },
      () => undefined, // a template that refuses a user's turn has no markers to name
    );
  };
  store.subscribe(follow);
}
