// The verbs on the document: each makes a new version, and Undo brings back the one before.

import {
  branchAt,
  type ChatMessage,
  chooseAt,
  newConversation,
  type Origin,
  openDocument,
  redo,
  replyStart,
  settle,
  TOOL_CALL,
  type TokenDocument,
  type TokenId,
  tokenAt,
  UsageError,
  undo,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { type Recording, tipsOf } from "../recording/recording.ts";
import {
  canWrite,
  contextFull,
  cutPosition,
  GENERATE_TOKENS,
  rolesOf,
  tooLong,
} from "../views/composer.ts";
import { drawView } from "../views/draw.ts";
import { activeDocumentPath, lastPosition, systemPrompt } from "../views/path.ts";
import { placeAt, placeViews } from "../views/place.ts";
import { commit } from "./commit.ts";
import { placeToken } from "./edits.ts";
import type { Generation } from "./generation.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import { isRecorded } from "./moves.ts";
import type { Actions, Store } from "./state.ts";

type DocumentActions = Pick<
  Actions,
  | "startNew"
  | "openRecording"
  | "endTurn"
  | "editSystemPrompt"
  | "choose"
  | "acceptDraw"
  | "step"
  | "generate"
  | "stop"
  | "cut"
  | "startOver"
  | "undo"
  | "redo"
>;

/** What the verbs work with. */
export interface Desk {
  readonly store: StoreApi<Store>;
  readonly link: ModelLink;
  readonly writing: Generation;
  readonly loadRecording: () => Promise<Recording>;
}

/** The verbs over a store, a model and the recorded example. */
export function documentActions(desk: Desk): DocumentActions {
  const { store, writing } = desk;
  let isEnding = false; // one End turn at a time
  return {
    startNew: () => startNew(store),
    openRecording: () => void orProblem(store, openRecording(desk)),
    endTurn() {
      if (isEnding || !canWrite(store.getState())) return;
      isEnding = true;
      void orProblem(store, endTurn(desk)).finally(() => {
        isEnding = false;
      });
    },
    editSystemPrompt: () =>
      store.setState(({ history, vocabulary }) => ({
        role: "system",
        message: systemPrompt(activeDocumentPath(history.present), vocabulary),
      })),
    choose: (id, origin) => write(store, id, origin),
    acceptDraw: () => acceptDraw(store),
    step: () => void writing.write(1),
    generate: () => void writing.write(GENERATE_TOKENS),
    stop: writing.stop,
    cut: () => cut(store),
    startOver: () => startOver(store),
    undo: () => travel(store, undo, "Undone"),
    redo: () => travel(store, redo, "Redone"),
  };
}

/** What a conversation of its own begins with: no draw was drawn again. */
const AFRESH = { redraws: new Map<number, number>() };

async function orProblem(store: StoreApi<Store>, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    store.setState({ problem: problemOf(error, store.getState()) });
  }
}

function startNew(store: StoreApi<Store>): void {
  const { work } = store.getState();
  const history = settle(store.getState().history);
  const { present } = history;
  const isNew = present.branches.length === 1 && activeDocumentPath(present).ids.length === 0;
  if (work.kind === "generating" || isNew) return;
  store.setState({ history }); // as it is kept, and as Undo brings it back
  commit(store, newConversation(present), { ...AFRESH, announcement: "New conversation" });
}

async function openRecording({ store, loadRecording }: Desk): Promise<void> {
  const recording = await loadRecording();
  const { scores, vocabulary, recordedTips, documentSha256, work } = store.getState();
  if (work.kind === "generating") return; // the branch that grows must stay
  if (![null, recording.identity.sha256].includes(documentSha256)) {
    throw new UsageError("The recorded example is made of another model's tokens.");
  }
  const history = settle(store.getState().history);
  store.setState({ history });
  const opened = openDocument(history.present, recording.history.present);
  const offset = history.present.nodes.length;
  const shifted = [...recording.scores].map(
    ([id, scored]) => [(id + offset) as typeof id, scored] as const,
  );
  commit(store, opened, {
    ...AFRESH,
    isRecording: true,
    recordedTips: new Set([...recordedTips, ...tipsOf(opened)]),
    scores: new Map([...scores, ...shifted]),
    vocabulary: vocabulary.size === 0 ? recording.vocabulary : vocabulary,
    position: recording.openAt,
  });
}

/** Writes the message after what stands; the recorded example goes on like any other conversation. */
async function endTurn({ store, link }: Desk): Promise<void> {
  const { role, message, history } = store.getState();
  const next = await withMessage(link, history.present, { role, content: message });
  const now = store.getState();
  // Something else is written meanwhile: the message is still there.
  if (now.history.present !== history.present || now.work.kind === "generating") return;
  const { model } = now;
  const { length } = activeDocumentPath(next).ids;
  if (model.kind === "ready" && length > model.loaded.contextLength) {
    throw new UsageError(tooLong(length, model.loaded.contextLength));
  }
  // What was typed or chosen meanwhile is the next message's.
  const nextRole = now.role === role ? (rolesOf(now)[0] ?? role) : now.role;
  const composer = now.message === message ? { message: "", role: nextRole } : {};
  commit(store, next, { ...composer, announcement: "Turn written" });
}

function withMessage(
  link: ModelLink,
  doc: TokenDocument,
  message: ChatMessage,
): Promise<TokenDocument> {
  const { role, content } = message;
  if (role === TOOL_CALL) return link.ask("writeToolCall", { doc, text: content });
  const isPrompt = role === "system" && (content !== "" || doc.nodes.length > 0); // an empty one is one too
  return isPrompt
    ? link.ask("setSystemPrompt", { doc, content })
    : link.ask("endTurn", { doc, message });
}

/** Writes a token at the position, or where an edit asked for it; where that token stands already, it is only walked past. */
function write(store: StoreApi<Store>, id: TokenId, origin: Origin): void {
  if (placeToken(store, { id, origin })) return;
  const state = store.getState();
  const { history, position, model } = state;
  if (!canWrite(state) || model.kind !== "ready") return;
  if (position === 0) return; // nothing stands before the first token, so nothing was predicted
  const { contextLength, endTokenIds } = model.loaded;
  if (position >= contextLength) {
    store.setState({ problem: contextFull(contextLength) });
    return;
  }
  const path = activeDocumentPath(history.present);
  const token = tokenAt(path.nodes, position, { id, origin }, endTokenIds);
  const next = chooseAt(history.present, position, token);
  if (next !== history.present) commit(store, next);
  else store.setState({ position: Math.min(position + 1, lastPosition(path)), span: null });
}

function acceptDraw(store: StoreApi<Store>): void {
  const state = store.getState();
  const place = placeAt(activeDocumentPath(state.history.present), state.scores, state.position);
  const views = placeViews(place, state, state.vocabulary);
  const hitId = views === null ? null : (drawView(views, state.vocabulary)?.hitId ?? null);
  if (hitId !== null) write(store, hitId, "sampled");
}

function cut(store: StoreApi<Store>): void {
  const { history, position, work } = store.getState();
  const at = cutPosition(activeDocumentPath(history.present), position);
  if (work.kind === "generating" || at === null) return;
  commit(store, branchAt(history.present, at, []), {
    announcement: `Branch ends before position ${at}`,
  });
}

function startOver(store: StoreApi<Store>): void {
  const { history, work } = store.getState();
  const start = replyStart(activeDocumentPath(history.present).nodes);
  if (work.kind === "generating" || start === null) return;
  commit(store, branchAt(history.present, start, []), {
    ...AFRESH,
    announcement: "Started over; the message is kept",
  });
}

function travel(store: StoreApi<Store>, go: typeof undo, announcement: string): void {
  const { history, work, recordedTips } = store.getState();
  const gone = go(history);
  if (work.kind === "generating" || gone === history) return;
  const position = lastPosition(activeDocumentPath(gone.present));
  const isRecording = isRecorded(gone.present, recordedTips);
  const moved = { history: gone, position, isRecording, announcement };
  store.setState({ ...moved, span: null, ending: null });
}
