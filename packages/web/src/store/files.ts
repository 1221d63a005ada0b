// Opening and keeping whole conversations: from a link, a file or the list, and one beside the own.

import {
  FormatError,
  type ModelIdentity,
  parseSessionFile,
  prunedDocument,
  type Session,
  type TokenDocument,
  type TokenId,
  type TokenScore,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { parseSessionLink } from "../views/link-code.ts";
import { hasOwnWords, openedState, sessionOf } from "../views/session.ts";
import {
  type ConversationEntry,
  deleteConversations,
  keepConversation,
  readConversation,
  readConversations,
} from "./conversations.ts";
import { hostModels } from "./served-models.ts";
import type { Store } from "./state.ts";

/** A conversation whose model is not the one that is loaded: it is shown once that is there. */
interface AwaitingSession {
  readonly id: string;
  readonly session: Session;
}

/** Another conversation, to be looked at beside the own; `name` says where it came from. */
interface Neighbour {
  readonly name: string;
  readonly session: Session;
  /** The page's own score of both tokens where the two part; empty until it is asked. */
  readonly odds: ReadonlyMap<TokenId, TokenScore>;
}

export interface FilesState {
  /** The model that gave the numbers on screen last; null where none is known. */
  readonly documentModel: ModelIdentity | null;
  /** Under which the conversation on screen is kept; empty until it is. */
  readonly conversationId: string;
  readonly conversations: readonly ConversationEntry[];
  readonly awaiting: AwaitingSession | null;
  readonly neighbour: Neighbour | null;
}

export interface FilesActions {
  /** Opens a conversation; what was on screen is in Undo and in the list. */
  readonly openSession: (session: Session, id?: string) => void;
  /** Opens the text of a file, or a link; what is neither becomes the problem. */
  readonly openText: (text: string) => Promise<void>;
  /** Opens a file that was dropped on the page; what holds no conversation becomes the problem. */
  readonly openDropped: (file: File) => Promise<void>;
  readonly listConversations: () => Promise<void>;
  readonly openConversation: (id: string) => Promise<void>;
  readonly deleteConversations: (ids: readonly string[]) => Promise<void>;
  /** Leaves a conversation that waits for its model in the list. */
  readonly dismissAwaiting: () => void;
  /** Puts a link or a file's text beside the own conversation. */
  readonly compareText: (text: string, name: string) => Promise<void>;
  readonly compareConversation: (entry: ConversationEntry) => Promise<void>;
  readonly dismissNeighbour: () => void;
}

export const FIRST_FILES: FilesState = {
  documentModel: null,
  conversationId: "",
  conversations: [],
  awaiting: null,
  neighbour: null,
};

const NO_ODDS: Neighbour["odds"] = new Map();
const MOST_BYTES = 200_000_000; // no conversation is longer, and a browser may not read more as one text
const GONE = "This conversation is not in this browser any more.";
const STILL_WRITING = "The model is still writing: press Stop, then open the conversation.";

/** The verbs over a store. */
export function filesActions(store: StoreApi<Store>): FilesActions {
  const orProblem = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      store.setState({ problem: sentence(error) });
    }
  };
  const openSession = (session: Session, id = newId()): void => open(store, { session, id });
  const openParsed = async (session: Session): Promise<void> => {
    await preferModelOf(store, session);
    openSession(session);
    if (session.lab !== null) await store.getState().actions.takeLab(session.lab);
  };
  return {
    openSession,
    openText: (text) => orProblem(async () => openParsed(await parseSession(text))),
    openDropped: (file) =>
      orProblem(async () => {
        const text = file.size <= MOST_BYTES ? await file.text() : "";
        if (text.trimStart().startsWith("{")) return openParsed(parseSessionFile(text));
        throw new FormatError(
          `There is no conversation in ${file.name}: drop a file that Tokenscope saved, or a GGUF file.`,
        );
      }),
    async listConversations() {
      store.setState({ conversations: await readConversations() });
    },
    openConversation: (id) =>
      orProblem(async () => {
        const session = await readConversation(id);
        if (session === null) throw new FormatError(GONE);
        openSession(session, id);
      }),
    deleteConversations: (ids) =>
      orProblem(async () => {
        await deleteConversations(ids);
        store.setState({ conversations: await readConversations() });
      }),
    dismissAwaiting: () => store.setState({ awaiting: null }),
    compareText: (text, name) =>
      orProblem(async () => {
        store.setState({ neighbour: { name, session: await parseSession(text), odds: NO_ODDS } });
      }),
    compareConversation: ({ id, title }) =>
      orProblem(async () => {
        const session = await readConversation(id);
        if (session === null) throw new FormatError(GONE);
        store.setState({ neighbour: { name: title, session, odds: NO_ODDS } });
      }),
    dismissNeighbour: () => store.setState({ neighbour: null }),
  };
}

/** A session in a link or in a file's text, whichever it is; throws FormatError. */
async function parseSession(text: string): Promise<Session> {
  return /^\s*\{/.test(text) ? parseSessionFile(text) : parseSessionLink(text);
}

/** Before any model is loaded: the one that a conversation was made with, where the page's own host has it. */
async function preferModelOf(store: StoreApi<Store>, { model }: Session): Promise<void> {
  if (store.getState().model.kind !== "waiting") return;
  const models = await hostModels();
  const own = models.find(({ file }) => file.sha256 === model.sha256);
  if (own !== undefined && own !== models[0]) store.setState({ chosen: own.file });
}

function sentence(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const start = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

function open(store: StoreApi<Store>, opening: AwaitingSession): void {
  const state = store.getState();
  const { session, id } = opening;
  if (state.work.kind === "generating") {
    store.setState({ problem: STILL_WRITING });
    return;
  }
  if (isOnScreen(session, state)) {
    store.setState({ dialog: null, announcement: "This conversation is on screen already" });
    return;
  }
  void keepConversation(id, session, Date.now()).then(
    () => store.getState().actions.listConversations(),
    () => undefined, // followSaving says that nothing is kept
  );
  const loaded = state.model.kind === "ready" ? state.model.loaded.identity : null;
  if (loaded !== null && loaded.sha256 !== session.model.sha256) {
    store.setState({ awaiting: opening, dialog: "open" });
    return;
  }
  const isLoaded = loaded !== null && loaded.precision !== session.model.precision;
  store.setState({
    ...openedState(session, state),
    ...(isUnstarted(state) ? { precision: session.model.precision } : {}),
    conversationId: id,
    awaiting: loaded === null ? opening : null, // another model may come instead
    dialog: null,
    problem: isLoaded ? otherPrecision(session.model, loaded) : null,
    announcement: "Conversation opened",
  });
}

function isOnScreen({ document, model }: Session, { history, documentSha256 }: Store): boolean {
  const { document: own } = prunedDocument(history.present);
  return documentSha256 === model.sha256 && JSON.stringify(document) === JSON.stringify(own);
}

/** True where the next load may be in any precision. */
function isUnstarted({ model }: Store): boolean {
  return model.kind === "waiting" || model.kind === "failed";
}

function otherPrecision(theirs: ModelIdentity, ours: ModelIdentity): string {
  return `This conversation's numbers were made in ${theirs.precision}, and the page computes in ${ours.precision}: switch in the status bar to see the same.`;
}

const KEEP_AFTER_MS = 5_000; // the tab's own page is kept at once; the list may lag a little

/** Keeps the conversation on screen in the list from now on, puts the one before it there when another takes its place, and opens what waits for its model once that is ready. */
export function followFiles(store: StoreApi<Store>): void {
  const ids = new Map<number, string>(); // by the branches' keys, as long as the node table goes on
  let seen = store.getState();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let kept = seen.conversationId === "" ? null : seen.history.present; // as it was opened

  const keep = (state: Store): void => {
    clearTimeout(timer);
    timer = undefined;
    const { present } = state.history;
    if (present === kept || !hasOwnWords(state) || state.conversationId === "") return;
    const session = sessionOf(state);
    if (session === null) return;
    kept = present;
    void keepConversation(state.conversationId, session, Date.now()).then(
      () => store.getState().actions.listConversations(),
      () => {
        kept = null; // tried again with the next change
      },
    );
  };
  const follow = (state: Store): void => {
    const before = seen;
    seen = state;
    if (state.history.present !== before.history.present) onDocument(before, state);
    if (state.model !== before.model) onModel(store, store.getState());
  };
  const onDocument = (before: Store, state: Store): void => {
    const { present } = state.history;
    const isOther = !isSameConversation(before.history.present, present);
    if (isOther) keep(before);
    const isSameTable = continuesTable(before.history.present, present);
    if (!isSameTable) ids.clear();
    for (const { key } of isSameTable ? before.history.present.branches : []) {
      if (before.conversationId !== "" && !ids.has(key)) ids.set(key, before.conversationId);
    }
    const isNamed = state.conversationId !== before.conversationId;
    if (isOther && isNamed) kept = present;
    const known = present.branches.map(({ key }) => ids.get(key)).find((id) => id !== undefined);
    const isUnnamed = !isNamed && (isOther || state.conversationId === "");
    if (isUnnamed) store.setState({ conversationId: (isOther ? known : undefined) ?? newId() });
    timer ??= setTimeout(() => keep(store.getState()), KEEP_AFTER_MS);
  };
  if (seen.conversationId === "" && hasOwnWords(seen)) store.setState({ conversationId: newId() });
  onModel(store, store.getState());
  seen = store.getState();
  store.subscribe(follow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") keep(store.getState());
  });
}

/** A model became ready: its identity stands beside the document, and what waits for it opens. */
function onModel(store: StoreApi<Store>, { model, awaiting, documentModel }: Store): void {
  if (model.kind !== "ready") return;
  const { identity } = model.loaded;
  if (documentModel !== identity) store.setState({ documentModel: identity });
  if (awaiting === null) return;
  const { history } = store.getState();
  const isForeign = identity.sha256 !== awaiting.session.model.sha256;
  if (isForeign) store.setState({ dialog: "open", problem: null });
  else if (history.present.nodes.length > 0 && store.getState().conversationId === awaiting.id) {
    store.setState({ awaiting: null }); // it is on screen already
  } else store.getState().actions.openSession(awaiting.session, awaiting.id);
}

function continuesTable(before: TokenDocument, after: TokenDocument): boolean {
  return before.nodes.length === 0 || before.nodes[0] === after.nodes[0];
}

/** A new conversation and an opened one share no branch with what was there; whatever is written or undone does. */
function isSameConversation(before: TokenDocument, after: TokenDocument): boolean {
  if (!continuesTable(before, after)) return false;
  const keys = new Set(before.branches.map(({ key }) => key));
  return after.branches.some(({ key }) => keys.has(key));
}

/** A name that no other conversation has. */
export function newId(): string {
  return Math.random().toString(36).slice(2);
}
