// Branches as a person handles them: named, deleted, put side by side, and one message under two system prompts.

import {
  activePath,
  branchOf,
  deleteBranch,
  renameBranch,
  type TokenDocument,
  UsageError,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { branchLabel } from "../views/branch-map.ts";
import { comparedKeys } from "../views/compare.ts";
import { canWrite, GENERATE_TOKENS, tooLong } from "../views/composer.ts";
import { activeDocumentPath, lastPosition, systemPrompt } from "../views/path.ts";
import { commit } from "./commit.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import { isRecorded, onBranch } from "./moves.ts";
import type { Store } from "./state.ts";

/** Keys of two branches side by side. */
export interface ComparedKeys {
  readonly left: number;
  readonly right: number;
}

export interface BranchesState {
  /** The two that were chosen last; null before any was. */
  readonly compared: ComparedKeys | null;
  readonly compareView: "compare" | "recover" | "prompts";
  /** The other system prompt as it is being written. */
  readonly otherPrompt: string;
  /** Key of the branch whose name is being written. */
  readonly renaming: number | null;
  /** What was deleted last, and the document right after it: the word about it stands until something else is done. */
  readonly deletedBranch: { readonly name: string; readonly after: TokenDocument } | null;
}

export interface BranchesActions {
  readonly compare: (keys: ComparedKeys) => void;
  readonly setCompareView: (view: BranchesState["compareView"]) => void;
  /** Opens the drawer in a view, or closes it where it shows that view. */
  readonly toggleCompare: (view: BranchesState["compareView"]) => void;
  /** Begins writing a branch's name; null leaves it. */
  readonly startRenaming: (key: number | null) => void;
  readonly renameBranch: (key: number, name: string) => void;
  readonly deleteBranch: (key: number) => void;
  /** Goes to a position of a branch, and keeps both of the comparison. */
  readonly goTo: (key: number, position: number) => void;
  readonly setOtherPrompt: (text: string) => void;
  /** The conversation's messages under another system prompt, beside the branch shown; with `generate` the replies that are missing are written. */
  readonly tryPrompt: (content: string, generate: boolean) => void;
}

export const FIRST_BRANCHES: BranchesState = {
  compared: null,
  compareView: "compare",
  otherPrompt: "",
  renaming: null,
  deletedBranch: null,
};

/** The verbs over a store; `write` generates at the end of the active branch. */
export function branchesActions(
  store: StoreApi<Store>,
  link: ModelLink,
  write: (maxTokens: number) => Promise<void>,
): BranchesActions {
  return {
    compare: (compared) => store.setState((state) => besideEachOther(state, compared)),
    setCompareView: (compareView) => store.setState({ compareView }),
    toggleCompare: (compareView) =>
      store.setState((state) => {
        const isShown = state.drawer === "compare" && state.compareView === compareView;
        return { compareView, drawer: isShown ? null : "compare" };
      }),
    startRenaming: (renaming) =>
      store.setState(({ work }) => ({ renaming: work.kind === "generating" ? null : renaming })),
    renameBranch: (key, name) => rename(store, key, name),
    deleteBranch: (key) => remove(store, key),
    goTo: (key, position) =>
      store.setState((state) => {
        const moved = { ...state, ...onBranch(state, key) };
        const last = lastPosition(activeDocumentPath(moved.history.present));
        const compared = comparedKeys(state);
        return {
          ...moved,
          span: null,
          ...(compared !== null && { compared }),
          position: Math.max(0, Math.min(position, last)),
        };
      }),
    setOtherPrompt: (otherPrompt) => store.setState({ otherPrompt }),
    tryPrompt: (content, generate) => void tryPrompt({ store, link, write }, content, generate),
  };
}

/** One of the two is always the branch shown: where neither is, the one that was chosen just now becomes it. */
function besideEachOther(state: Store, compared: ComparedKeys): Partial<Store> {
  const { left, right } = compared;
  if ([left, right].includes(state.history.present.activeKey)) return { compared };
  const isLeftNew = comparedKeys(state)?.left !== left;
  return { ...onBranch(state, isLeftNew ? left : right), compared };
}

/** Renaming changes no token, so one stays where one is. */
function rename(store: StoreApi<Store>, key: number, name: string): void {
  const { history, position, span, ending, work } = store.getState();
  store.setState({ renaming: null });
  const next = renameBranch(history.present, key, name);
  if (next === history.present || work.kind === "generating") return;
  const label = name.trim() === "" ? "by its first words" : name.trim();
  commit(store, next, { position, span, ending, announcement: `Branch named ${label}` });
}

function remove(store: StoreApi<Store>, key: number): void {
  const state = store.getState();
  const { history, work, position, recordedTips } = state;
  const { present } = history;
  if (work.kind === "generating" || present.branches.length === 1) {
    const reason =
      work.kind === "generating"
        ? "the model is writing: stop it first"
        : "it is the only branch: begin a new conversation to put it away";
    store.setState({ problem: `The branch was not deleted: ${reason}.` });
    return;
  }
  const name = branchLabel(state, key);
  const next = deleteBranch(present, key);
  commit(store, next, {
    position: Math.min(position, lastPosition(activeDocumentPath(next))),
    isRecording: isRecorded(next, recordedTips),
    deletedBranch: { name, after: next },
    announcement: `Branch ${name} deleted. Undo brings it back.`,
  });
  const { present: after } = store.getState().history;
  store.setState({ deletedBranch: { name, after }, renaming: null });
}

interface PromptDesk {
  readonly store: StoreApi<Store>;
  readonly link: ModelLink;
  readonly write: (maxTokens: number) => Promise<void>;
}

async function tryPrompt(desk: PromptDesk, content: string, generate: boolean): Promise<void> {
  const { store } = desk;
  const before = store.getState();
  if (!canWrite(before)) return;
  try {
    const { activeKey: left } = before.history.present;
    const right = await forkPrompt(desk, content);
    if (right === null) return;
    store.setState({ compared: { left, right }, compareView: "compare", drawer: "compare" });
    if (!generate) return;
    for (const key of [left, right]) if (!(await writeReply(desk, key))) return;
    store.setState({ announcement: "Both replies are there, side by side" });
  } catch (error) {
    store.setState({ problem: problemOf(error, store.getState()) });
  }
}

/** Writes the branch under the other prompt; its key, or null where something else was written meanwhile. */
async function forkPrompt({ store, link }: PromptDesk, content: string): Promise<number | null> {
  const { history, vocabulary } = store.getState();
  const doc = history.present;
  if (content === systemPrompt(activeDocumentPath(doc), vocabulary)) {
    throw new UsageError("This system prompt stands there already: write another one.");
  }
  const next = await link.ask("trySystemPrompt", { doc, content });
  const { model, history: now, work } = store.getState();
  if (now.present !== doc || work.kind === "generating") return null;
  const { length } = activePath(next);
  if (model.kind === "ready" && length > model.loaded.contextLength) {
    throw new UsageError(tooLong(length, model.loaded.contextLength));
  }
  commit(store, next, { announcement: "The same messages under another system prompt" });
  return next.activeKey;
}

/** Writes a branch's reply where there is none yet; false where it was stopped or could not be written. */
async function writeReply({ store, write }: PromptDesk, key: number): Promise<boolean> {
  const state = store.getState();
  if (!state.history.present.branches.some((branch) => branch.key === key)) return false;
  store.setState(onBranch(state, key));
  const { tip } = branchOf(state.history.present, key);
  const last = tip === null ? undefined : state.history.present.nodes[tip];
  if (last?.part !== "open") return true; // the reply that stands is kept
  await write(GENERATE_TOKENS);
  const { ending, work } = store.getState();
  // Stopped before its first token, or failed, a generation has no ending at all.
  return work.kind === "idle" && ending !== null && ending.kind !== "aborted";
}
