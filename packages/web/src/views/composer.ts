// What the composer says: roles, hints, why a generation ended, and which buttons work.

import {
  formatCount,
  type PieceSegment,
  pieceGlyphs,
  TEXT_ROLE,
  TOOL_CALL,
} from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import { type DocumentPath, isOpen, replyTurn } from "./path.ts";
import { countOf } from "./strip.ts";

/** The most tokens that one press of Generate response writes. */
export const GENERATE_TOKENS = 100;

interface RoleOption {
  readonly role: string;
  /** Why the template refuses it next; null where it takes it. */
  readonly refusal: string | null;
}

export interface ComposerView {
  readonly roles: readonly RoleOption[];
  /** Why the role in the box is refused; null where it is not. */
  readonly refusal: string | null;
  readonly count: string;
  readonly isGenerating: boolean;
  readonly hint: readonly PieceSegment[];
  /** Null where a button works, else why it does not. */
  readonly blocked: {
    readonly endTurn: string | null;
    readonly write: string | null; // Generate response, Step
    readonly startOver: string | null;
    readonly cut: string | null;
    readonly undo: string | null;
    readonly redo: string | null;
  };
}

const CHAT_ROLES = ["user", "system", "assistant", TOOL_CALL, "tool"] as const;
const NO_ROLES = [TEXT_ROLE];

/** The roles that a message can be written in: a base model knows none. */
export function rolesOf({ model }: Pick<AppState, "model">): readonly string[] {
  return model.kind === "ready" && !model.loaded.hasTemplate ? NO_ROLES : CHAT_ROLES;
}

const WORTH_SAYING = 24; // tokens
const NEEDS_MODEL = "these need the model";
const TURN_CLOSED = "the turn is closed: write the next message, or start over";
const EDITS_PROMPT = "End turn writes this system prompt as a branch; Esc leaves it";

export type ComposerInputs = Pick<
  AppState,
  | "role"
  | "refusals"
  | "messageTokens"
  | "work"
  | "model"
  | "ending"
  | "settings"
  | "history"
  | "position"
  | "vocabulary"
>;

/** True where a token can be written now: the model is there and writes nothing itself. */
export function canWrite({ model, work }: Pick<AppState, "model" | "work">): boolean {
  return model.kind === "ready" && work.kind !== "generating";
}

/** True while the model writes a reply; a single step is over before a button could change. */
function isReplying(work: AppState["work"]): boolean {
  return work.kind === "generating" && work.of > 1;
}

/** Where Delete cuts: before the position, at "next" before the last token of the message; null where nothing stands there. */
export function cutPosition(path: DocumentPath, position: number): number | null {
  if (position < path.nodes.length) return position;
  return path.nodes.at(-1)?.part === "content" ? path.nodes.length - 1 : null;
}

/** The composer for a state. */
export function composerView(inputs: ComposerInputs, path: DocumentPath): ComposerView {
  const { work, model, refusals, role, history } = inputs;
  const busy = isReplying(work) ? "the model is writing" : null;
  const full = fullWords(inputs, path);
  const noModel = model.kind === "ready" ? null : NEEDS_MODEL;
  const nothing = path.nodes.length === 0 ? "nothing is written yet" : null;
  return {
    roles: rolesOf(inputs).map((name) => ({ role: name, refusal: refusals[name] ?? null })),
    refusal: refusals[role] ?? null,
    count: inputs.messageTokens === null ? "" : countOf(inputs.messageTokens, "token"),
    isGenerating: isReplying(work),
    hint: hintOf(inputs, path, { progress: progressWords(work), full, noModel }),
    blocked: {
      endTurn: noModel ?? busy ?? refusals[role] ?? full,
      write: noModel ?? busy ?? nothing ?? full ?? (isOpen(path) ? null : TURN_CLOSED),
      startOver: busy ?? (replyTurn(path) === undefined ? "there is no reply yet" : null),
      cut: busy ?? (cutPosition(path, inputs.position) === null ? "nothing stands here" : null),
      undo: busy ?? (history.past.length === 0 ? "nothing to undo" : null),
      redo: busy ?? (history.future.length === 0 ? "nothing to redo" : null),
    },
  };
}

interface Reasons {
  readonly progress: string | null;
  readonly full: string | null;
  readonly noModel: string | null;
}

function hintOf(
  inputs: ComposerInputs,
  path: DocumentPath,
  { progress, full, noModel }: Reasons,
): readonly PieceSegment[] {
  const refusal = inputs.refusals[inputs.role] ?? null;
  const ending = endingWords(inputs, path);
  if (progress !== null) return words(progress);
  if (noModel !== null) return words(noModel);
  if (full !== null) return words(full);
  if (refusal !== null) return words(refusal);
  if (ending !== null) return ending;
  if (inputs.role === "system" && path.nodes.length > 0) return words(EDITS_PROMPT);
  if (path.nodes.length > 0 && !isOpen(path)) return words(TURN_CLOSED);
  const step = inputs.settings.temperature === 0 ? "adds the most likely one" : "draws one";
  return words(`up to ${GENERATE_TOKENS} tokens; Step ${step}`);
}

/** Why the last generation ended. Example: "Ended by <|im_end|>; the reply has 24 tokens." */
function endingWords(
  { ending, vocabulary }: Pick<ComposerInputs, "ending" | "vocabulary">,
  path: DocumentPath,
): readonly PieceSegment[] | null {
  if (ending === null) return null;
  const reply = replyTurn(path);
  const length = reply === undefined ? 0 : reply.end - reply.contentStart;
  const written = `the reply has ${countOf(length, "token")}.`;
  switch (ending.kind) {
    case "end-token":
      return [
        ...words("Ended by "),
        ...pieceGlyphs(vocabulary.bytes(ending.id)),
        ...words(`; ${written}`),
      ];
    case "length":
      return words(`Paused after ${countOf(ending.maxTokens, "token")}; Generate goes on.`);
    case "context-full":
      return words(contextFull(ending.contextLength));
    case "aborted":
      return words(`Stopped by you; ${written}`);
    default:
      return ending satisfies never;
  }
}

function fullWords({ model }: ComposerInputs, path: DocumentPath): string | null {
  if (model.kind !== "ready" || path.nodes.length < model.loaded.contextLength) return null;
  return contextFull(model.loaded.contextLength);
}

/** What is said of a message that would not fit; nothing of it is written. */
export function tooLong(tokens: number, contextLength: number): string {
  return `The conversation would have ${countOf(tokens, "token")} and the model's context holds ${formatCount(contextLength)}. Shorten the message by ${countOf(tokens - contextLength, "token")}, or start a new conversation.`;
}

/** What is said where no token fits any more. */
export function contextFull(contextLength: number): string {
  const limit = formatCount(contextLength);
  return `${limit} of ${limit} tokens. Delete or start a new conversation.`;
}

function progressWords(work: AppState["work"]): string | null {
  switch (work.kind) {
    case "idle":
      return null;
    case "scoring": // a few tokens are done before anyone could read it
      return work.of < WORTH_SAYING
        ? null
        : `scoring ${formatCount(work.done)} of ${countOf(work.of, "token")}`;
    case "generating":
      if (work.of === 1) return null;
      return `${formatCount(work.written)} of at most ${countOf(work.of, "token")} written`;
    default:
      return work satisfies never;
  }
}

function words(text: string): readonly PieceSegment[] {
  return [{ text, isGlyph: false }];
}
