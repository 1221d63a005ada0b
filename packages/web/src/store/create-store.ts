// The page's store: its first state, its actions, and what follows the state on its own.

import { emptyDocument, GREEDY, startHistory, type Vocabulary } from "@tokenscope/core";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Recording } from "../recording/recording.ts";
import { branchesActions, FIRST_BRANCHES } from "./branches.ts";
import { coloringActions, FIRST_COLORING } from "./coloring.ts";
import { deeperActions, FIRST_DEEPER } from "./deeper.ts";
import { followDeeper } from "./deeper-follower.ts";
import { documentActions } from "./document-actions.ts";
import { editActions, FIRST_EDIT, followEdits } from "./edits.ts";
import { FIRST_FILES, filesActions } from "./files.ts";
import { generation } from "./generation.ts";
import { FIRST_LAB, followMarkers, labActions } from "./lab.ts";
import { FIRST_LAYOUT, layoutActions } from "./layout.ts";
import { type ModelLink, type ModelLinkOptions, modelLink } from "./model-link.ts";
import { chosenModel, FIRST_MODELS, modelsActions } from "./models.ts";
import { moves } from "./moves.ts";
import { followNeighbour } from "./neighbour-follower.ts";
import { FIRST_PINS, followPins, pinsActions } from "./pins.ts";
import { followQuestions } from "./questions.ts";
import { followScores } from "./score-follower.ts";
import { secondLink } from "./second-engine.ts";
import type { Actions, AppState, Store } from "./state.ts";
import { FIRST_SURPRISE, surpriseActions } from "./surprise.ts";
import { toolsActions } from "./tools.ts";

export interface PageStoreOptions extends ModelLinkOptions {
  /** What is on screen first: a saved page or the recorded example. */
  readonly opening?: Partial<AppState>;
  readonly loadRecording: () => Promise<Recording>;
}

const NO_VOCABULARY: Vocabulary = {
  size: 0,
  bytes: () => new Uint8Array(),
  isSpecial: () => false,
};

const FIRST: AppState = {
  model: { kind: "waiting" },
  precision: "exact",
  engine: "auto",
  isRecording: false,
  recordedTips: new Set(),
  documentSha256: null,
  history: startHistory(emptyDocument()),
  scores: new Map(),
  vocabulary: NO_VOCABULARY,
  position: 0,
  span: null,
  view: "raw",
  settings: GREEDY,
  seed: 1,
  redraws: new Map(),
  query: "",
  search: null,
  settled: null,
  role: "user",
  message: "",
  messageTokens: null,
  refusals: {},
  work: { kind: "idle" },
  ending: null,
  problem: null,
  announcement: "",
  counts: { modelRuns: 0, headRuns: 0 },
  theme: "system",
  ...FIRST_LAYOUT,
  ...FIRST_MODELS,
  ...FIRST_FILES,
  ...FIRST_COLORING,
  ...FIRST_PINS,
  ...FIRST_SURPRISE,
  ...FIRST_LAB,
  ...FIRST_DEEPER,
  ...FIRST_EDIT,
  ...FIRST_BRANCHES,
};

/** A store whose model is not started: `start` does that. */
export function createPageStore(options: PageStoreOptions): StoreApi<Store> {
  const store = createStore<Store>()(() => ({
    ...FIRST,
    ...options.opening,
    actions: {} as Actions, // they need the store; the next lines make them
  }));
  const findModel = async () => chosenModel(store.getState()) ?? options.findModel();
  const link = modelLink(store, { ...options, findModel });
  const writing = generation(store, link);
  const second = secondLink(store, { ...options, findModel });
  const actions: Actions = {
    ...modelActions(store, link),
    ...settingActions(store),
    ...layoutActions(store),
    ...modelsActions(store, link),
    ...filesActions(store),
    ...coloringActions(store),
    ...pinsActions(store),
    ...surpriseActions(store),
    ...labActions(store),
    ...deeperActions(store, second),
    ...editActions(store, link),
    ...moves(store),
    ...documentActions({ store, link, writing, loadRecording: options.loadRecording }),
    ...branchesActions(store, link, writing.write),
    ...toolsActions(store, link),
  };
  store.setState({ actions });
  followScores(store, link);
  followEdits(store);
  followPins(store, link);
  followQuestions(store, link);
  followNeighbour(store, link);
  followMarkers(store, link);
  followDeeper(store, { link, second });
  return store;
}

function modelActions(
  store: StoreApi<Store>,
  link: ModelLink,
): Pick<Actions, "start" | "retry" | "stopLoading" | "switchPrecision" | "switchEngine"> {
  let isStarted = false;
  /** Loads the model another way, unless something is under way. */
  const reload = (way: Partial<Pick<Store, "precision" | "engine">>): void => {
    const { work, model } = store.getState();
    const isLoading = model.kind === "loading" || model.kind === "preparing";
    if (work.kind === "generating" || isLoading) return;
    store.setState({ settled: null, search: null });
    void link.load(way);
  };
  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      void link.load();
    },
    retry: () => void link.load(),
    stopLoading: () => link.stopLoading(),
    switchPrecision(precision) {
      if (precision === store.getState().precision) return;
      // The server's precision is the server's to choose: another one is to be had in this browser.
      reload(isServed(store.getState()) ? { precision, engine: "wasm" } : { precision });
    },
    switchEngine(engine) {
      const { model } = store.getState();
      const running = model.kind === "ready" ? model.loaded.identity.backend : null;
      if (engine === "server" ? isServed(store.getState()) : engine === running) return;
      reload({ engine }); // one that was lost, or did not load, may be tried again
    },
  };
}

function isServed({ model }: Store): boolean {
  return model.kind === "ready" && model.loaded.identity.backend === "node-cpu";
}

type SettingActions = Pick<
  Actions,
  | "setMessage"
  | "setView"
  | "setSettings"
  | "setSeed"
  | "drawAgain"
  | "setQuery"
  | "dismissProblem"
  | "setTheme"
>;

function settingActions(store: StoreApi<Store>): SettingActions {
  return {
    setMessage: (message) => store.setState({ message, messageTokens: null }),
    setView: (view) => store.setState({ view }),
    setSettings: (settings) =>
      store.setState((state) => ({ settings: { ...state.settings, ...settings }, view: "after" })),
    setSeed: (seed) => store.setState({ seed, redraws: new Map() }),
    drawAgain: () =>
      store.setState(({ redraws, position }) => ({
        redraws: new Map(redraws).set(position, (redraws.get(position) ?? 0) + 1),
      })),
    setQuery: (query) => store.setState({ query }),
    dismissProblem: () => store.setState({ problem: null }),
    setTheme: (theme) => store.setState({ theme }),
  };
}
