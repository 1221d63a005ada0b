// The verbs on the document: each makes a new version, and Undo brings back the one before.

import {
  activePath,
  branchAt,
  chooseAt,
  newConversation,
  nodesOf,
  type Origin,
  openDocument,
  record,
  redo,
  replyStart,
  switchBranch,
  type TokenDocument,
  type TokenId,
  tokenAt,
  undo,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import type { Recording } from "../recording/recording.ts";
import { branchWords, spanWords } from "../views/announcements.ts";
import { canWrite, contextFull, GENERATE_TOKENS } from "../views/composer.ts";
import { drawView } from "../views/draw.ts";
import { activeDocumentPath, lastPosition, systemPrompt } from "../views/path.ts";
import { placeAt, placeViews } from "../views/place.ts";
import { generation } from "./generation.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { Actions, AppState, Store } from "./state.ts";

type DocumentActions = Pick<
  Actions,
  | "startNew"
  | "openRecording"
  | "moveTo"
  | "moveBy"
  | "selectSpan"
  | "switchBranch"
  | "switchBranchBy"
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

/** The verbs over a store, a model and the recorded example. */
export function documentActions(
  store: StoreApi<Store>,
  link: ModelLink,
  loadRecording: () => Promise<Recording>,
): DocumentActions {
  const writing = generation(store, link);
  let isEnding = false; // one End turn at a time

  /** A new version of the document, with the position at its end unless told. */
  const commit = (next: TokenDocument, more: Partial<AppState> = {}): void => {
    const { history } = store.getState();
    store.setState({
      history: record(history, next),
      position: endOf(next),
      span: null,
      ending: null,
      ...more,
    });
  };

  const write = (id: TokenId, origin: Origin): void => {
    const state = store.getState();
    if (!canWrite(state) || state.model.kind !== "ready") return;
    const { history, position, model } = state;
    const path = activeDocumentPath(history.present);
    if (position === 0) return; // nothing stands before the first token, so nothing was predicted
    if (position >= model.loaded.contextLength) {
      store.setState({ problem: contextFull(model.loaded.contextLength) });
      return;
    }
    const token = tokenAt(path.nodes, position, { id, origin }, model.loaded.endTokenIds);
    const next = chooseAt(history.present, position, token);
    if (next !== history.present) commit(next, { isRecording: false });
    else store.setState({ position: Math.min(position + 1, lastPosition(path)), span: null });
  };

  const endTurn = async (): Promise<void> => {
    const { role, message, isRecording, history } = store.getState();
    const doc = isRecording ? newConversation(history.present) : history.present;
    const request = { doc, message: { role, content: message } };
    const next =
      role === "system" && message !== ""
        ? await link.ask("setSystemPrompt", { doc, content: message })
        : await link.ask("endTurn", request);
    if (store.getState().history.present !== history.present) return; // written meanwhile: nothing is lost, it is asked again
    const isTyped = store.getState().message !== message;
    const composer = isTyped ? {} : { message: "", role: role === "user" ? role : "user" };
    commit(next, { isRecording: false, announcement: "Turn written", ...composer });
  };

  return {
    startNew() {
      const { history, work } = store.getState();
      if (work.kind === "generating") return;
      if (activePath(history.present).length === 0 && history.present.branches.length === 1) return;
      commit(newConversation(history.present), { isRecording: false, announcement: "New conversation" });
    },
    openRecording() {
      void (async () => {
        try {
          const recording = await loadRecording();
          const { history, scores } = store.getState();
          const offset = history.present.nodes.length;
          const shifted = [...recording.scores].map(([id, s]) => [(id + offset) as typeof id, s] as const);
          store.setState({ scores: new Map([...scores, ...shifted]) });
          commit(openDocument(history.present, recording.history.present), {
            isRecording: true,
            position: recording.openAt,
          });
        } catch (error) {
          store.setState({ problem: problemOf(error, store.getState()) });
        }
      })();
    },

    moveTo: (position) => store.setState({ position: clamped(position, store.getState()) }),
    moveBy: (tokens) => {
      const state = store.getState();
      store.setState({ position: clamped(state.position + tokens, state) });
    },
    selectSpan(span) {
      const state = store.getState();
      if (span === null && state.span === null) return;
      store.setState({ span, announcement: span === null ? "" : spanWords({ ...state, span }) });
    },
    switchBranch(key) {
      const state = store.getState();
      const { history } = state;
      if (key === history.present.activeKey) return;
      const present = switchBranch(history.present, key);
      const switched = { ...state, history: { ...history, present } };
      const position = clamped(state.position, switched);
      store.setState({
        history: switched.history,
        position,
        span: null,
        ending: null,
        announcement: branchWords({ ...switched, position }),
      });
    },
    switchBranchBy(lanes) {
      const { actions, history } = store.getState();
      const { branches, activeKey } = history.present;
      const lane = branches.findIndex((branch) => branch.key === activeKey);
      const wanted = branches[(lane + lanes + branches.length) % branches.length];
      if (wanted !== undefined) actions.switchBranch(wanted.key);
    },

    endTurn() {
      if (isEnding || !canWrite(store.getState())) return;
      isEnding = true;
      endTurn()
        .catch((error: unknown) => {
          store.setState({ problem: problemOf(error, store.getState()) });
        })
        .finally(() => {
          isEnding = false;
        });
    },
    editSystemPrompt() {
      const { history, vocabulary } = store.getState();
      store.setState({ role: "system", message: systemPrompt(activeDocumentPath(history.present), vocabulary) });
    },
    choose: write,
    acceptDraw() {
      const state = store.getState();
      const path = activeDocumentPath(state.history.present);
      const views = placeViews(placeAt(path, state.scores, state.position), state, state.vocabulary);
      const drawn = views && drawView(views, state.vocabulary);
      if (drawn?.hitId != null) write(drawn.hitId, "sampled");
    },
    step: () => void writing.write(1),
    generate: () => void writing.write(GENERATE_TOKENS),
    stop: writing.stop,
    cut() {
      const { history, position, work } = store.getState();
      const length = activePath(history.present).length;
      if (work.kind === "generating" || position >= length) return;
      commit(branchAt(history.present, position, []), {
        isRecording: false,
        announcement: `Branch ends before position ${position}`,
      });
    },
    startOver() {
      const { history, work } = store.getState();
      const start = replyStart(nodesOf(history.present, activePath(history.present)));
      if (work.kind === "generating" || start === null) return;
      commit(branchAt(history.present, start, []), {
        isRecording: false,
        announcement: "Started over; the message is kept",
      });
    },
    undo: () => travel(store, undo, "Undone"),
    redo: () => travel(store, redo, "Redone"),
  };
}

function travel(store: StoreApi<Store>, go: typeof undo, announcement: string): void {
  const { history, work } = store.getState();
  const gone = go(history);
  if (work.kind === "generating" || gone === history) return;
  store.setState({
    history: gone,
    position: endOf(gone.present),
    span: null,
    ending: null,
    announcement,
  });
}

function endOf(doc: TokenDocument): number {
  return lastPosition(activeDocumentPath(doc));
}

function clamped(position: number, { history }: AppState): number {
  return Math.max(0, Math.min(position, endOf(history.present)));
}
