// The state as a session, and a session as the state: what a link, a file and the list of conversations hold.

import {
  decodeTokens,
  type ModelIdentity,
  type NodeId,
  openDocument,
  piecesOf,
  prunedDocument,
  record,
  type ScoredToken,
  type Session,
  sessionVocabulary,
  settle,
  startHistory,
  switchBranch,
  type TokenId,
  turnsOf,
  type Vocabulary,
} from "@tokenscope/core";
import { writtenWith } from "../recording/recorded-with.ts";
import type { AppState } from "../store/state.ts";
import { activeDocumentPath, documentPath, type Scores } from "./path.ts";

/** What a session is made of. */
export type SessionInputs = Pick<
  AppState,
  | "model"
  | "documentModel"
  | "history"
  | "scores"
  | "vocabulary"
  | "position"
  | "span"
  | "view"
  | "settings"
  | "seed"
  | "redraws"
  | "pins"
  | "documentSha256"
  | "isRecording"
>;

/** The model behind the numbers on screen: the one that is loaded, else the one that gave them before; null where none is known. */
export function modelBehind({
  model,
  documentModel,
}: Pick<AppState, "model" | "documentModel">): ModelIdentity | null {
  return model.kind === "ready" ? model.loaded.identity : documentModel;
}

/** The conversation on screen with its scores; null while there is none, or its model is not known. */
export function sessionOf(state: SessionInputs): Session | null {
  const model = modelBehind(state);
  const { vocabulary } = state;
  const { document, kept } = prunedDocument(state.history.present);
  if (model === null || vocabulary.size === 0 || document.nodes.length === 0) return null;
  const { position, span, view, redraws } = state;
  const { settings, seed } = writtenWith(state);
  const length = activeDocumentPath(document).ids.length;
  return {
    model,
    vocabularySize: vocabulary.size,
    pieces: piecesOf(document, vocabulary),
    document,
    scores: keptScores(state.scores, kept),
    position: Math.min(position, length),
    span: span !== null && span.to < length ? span : null,
    view,
    settings,
    seed,
    redraws,
    pins: state.pins.modelSha256 === state.documentSha256 ? state.pins.ids : [],
    lab: null,
  };
}

/** Without context vectors: they are the larger part, and the model gives them again. */
function keptScores(scores: Scores, kept: readonly NodeId[]): Scores {
  const entries = kept.flatMap((old, i): (readonly [NodeId, ScoredToken])[] => {
    const scored = scores.get(old);
    if (scored === undefined) return [];
    const { id, score, prediction } = scored;
    return [[i as NodeId, { id, score, prediction: { ...prediction, contextVector: null } }]];
  });
  return new Map(entries);
}

/** The same session with the bytes of every candidate in its scores, so that a file reads without its model. */
export function withCandidatePieces(session: Session, vocabulary: Vocabulary): Session {
  const pieces = new Map(session.pieces);
  for (const { prediction } of session.scores.values()) {
    for (const value of prediction.topIds) {
      const id = value as TokenId;
      if (pieces.has(id)) continue;
      pieces.set(id, { bytes: vocabulary.bytes(id), isSpecial: vocabulary.isSpecial(id) });
    }
  }
  return { ...session, pieces };
}

/** The state that shows a session: beside the document on screen, which Undo brings back, where both are of one model; else in its place. */
export function openedState(
  session: Session,
  state: Pick<
    AppState,
    "history" | "scores" | "vocabulary" | "documentSha256" | "model" | "recordedTips"
  >,
): Partial<AppState> {
  const { document, model, position, span, view, settings, seed, redraws } = session;
  const isSameModel = [null, model.sha256].includes(state.documentSha256);
  const history = settle(state.history);
  const before = isSameModel && hasOwnWords({ ...state, history }) ? history : null;
  const offset = before?.present.nodes.length ?? 0;
  const opened = before === null ? document : openedBeside(before.present, document);
  const scores = Array.from(session.scores, ([node, scored]) => {
    return [(node + offset) as NodeId, scored] as const;
  });
  return {
    history: before === null ? startHistory(opened) : record(before, opened),
    scores: new Map([...(before === null ? [] : state.scores), ...scores]),
    vocabulary: vocabularyFor(session, state, isSameModel),
    documentSha256: model.sha256,
    documentModel: model,
    recordedTips: before === null ? new Set() : state.recordedTips,
    isRecording: false,
    position,
    span,
    view,
    settings,
    seed,
    redraws,
    ...(session.pins.length > 0 ? { pins: { modelSha256: model.sha256, ids: session.pins } } : {}),
    query: "",
    search: null,
    settled: null,
    ending: null,
  };
}

/** True where something stands on a branch that was not recorded. */
export function hasOwnWords({
  history,
  recordedTips,
}: Pick<AppState, "history" | "recordedTips">): boolean {
  return history.present.branches.some(({ tip }) => tip !== null && !recordedTips.has(tip));
}

function openedBeside(
  present: AppState["history"]["present"],
  document: Session["document"],
): AppState["history"]["present"] {
  const opened = openDocument(present, document);
  const active = document.branches.findIndex(({ key }) => key === document.activeKey);
  return switchBranch(opened, opened.activeKey + active);
}

/** The loaded model's where it is the session's; before that, the session's own words over what is known. */
function vocabularyFor(
  session: Session,
  { vocabulary, model }: Pick<AppState, "vocabulary" | "model">,
  isSameModel: boolean,
): Vocabulary {
  if (model.kind === "ready" && isSameModel) return vocabulary;
  const own = sessionVocabulary(session);
  if (!isSameModel || vocabulary.size !== own.size) return own;
  return {
    size: own.size,
    bytes: (id) => (session.pieces.has(id) ? own : vocabulary).bytes(id),
    isSpecial: (id) => (session.pieces.has(id) ? own : vocabulary).isSpecial(id),
  };
}

const TITLE_CHARACTERS = 60;

/** A conversation's first own words: of the first user turn, else of the first turn with content. */
export function sessionTitle(session: Session): string {
  const { nodes } = documentPath(session.document);
  const turns = turnsOf(nodes).filter((turn) => turn.contentStart < turn.contentEnd);
  const turn =
    turns.find(({ role }) => role === "user") ??
    turns.find(({ role }) => role !== "system") ??
    turns[0];
  if (turn === undefined) return "Markers alone";
  const vocabulary = sessionVocabulary(session);
  const content = nodes.slice(turn.contentStart, turn.contentEnd);
  const text = decodeTokens(content.map(({ id }) => vocabulary.bytes(id)));
  const line = text.replaceAll(/\s+/g, " ").trim();
  const characters = Array.from(line);
  if (characters.length === 0) return "Spaces alone";
  return characters.length <= TITLE_CHARACTERS
    ? line
    : `${characters.slice(0, TITLE_CHARACTERS - 1).join("")}…`;
}

/** A model in words. Example: "smollm2-135m-instruct-q4_1, exact, wasm". */
export function modelWords({ precision, backend, ...file }: ModelIdentity): string {
  return `${fileWords(file)}, ${precision}, ${backend}`;
}

/** A model's file: its id, and its quantization where the id does not say it. */
export function fileWords({
  id,
  quantization,
}: Pick<ModelIdentity, "id" | "quantization">): string {
  const isSaid = id.toLowerCase().includes(quantization.toLowerCase());
  return isSaid ? id : `${id} ${quantization}`;
}
