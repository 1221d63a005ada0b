// The page's one state and the actions that change it. Views are pure functions of it; what can be derived is not stored.

import type { SearchRow } from "@tokenscope/calls";
import type {
  Ending,
  History,
  NodeId,
  Precision,
  RunCounts,
  SamplingSettings,
  ScoredToken,
  SettingsView,
  TokenId,
  Vocabulary,
} from "@tokenscope/core";
import type { EngineChoice, LoadedModel } from "../worker/protocol.ts";
import type { BranchesActions, BranchesState } from "./branches.ts";
import type { ColoringActions, ColoringState } from "./coloring.ts";
import type { DeeperActions, DeeperPart } from "./deeper.ts";
import type { EditActions, EditState } from "./edits.ts";
import type { FilesActions, FilesState } from "./files.ts";
import type { LabActions, LabState } from "./lab.ts";
import type { LayoutActions, LayoutState } from "./layout.ts";
import type { ModelsActions, ModelsState } from "./models.ts";
import type { PinsActions, PinsState } from "./pins.ts";
import type { SurpriseActions, SurpriseState } from "./surprise.ts";
import type { ToolsActions } from "./tools.ts";

export type ModelState =
  | { readonly kind: "waiting" }
  | {
      readonly kind: "loading";
      readonly receivedBytes: number;
      readonly totalBytes: number;
      readonly secondsLeft: number | null;
    }
  | { readonly kind: "preparing" }
  | { readonly kind: "ready"; readonly loaded: LoadedModel; readonly msPerToken: number | null }
  | { readonly kind: "failed"; readonly what: string; readonly details: string };

/** Positions from `from` to `to`, both in. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

type WorkState =
  | { readonly kind: "idle" }
  | { readonly kind: "scoring"; readonly done: number; readonly of: number }
  | { readonly kind: "generating"; readonly written: number; readonly of: number };

/** A search's answer for one position; `needsModel` where only the kept candidates could be searched. */
export interface SearchResult {
  readonly query: string;
  readonly node: NodeId;
  readonly rows: readonly SearchRow[];
  readonly matches: number;
  readonly needsModel: boolean;
}

/** The shown position under the settings in force (raw: temperature 1, no filters), with its draw; null parts while the head runs or where only the model could tell. */
export interface SettledPosition {
  readonly node: NodeId;
  readonly settings: SamplingSettings;
  readonly draw: number;
  readonly view: SettingsView;
  readonly hitId: TokenId | null;
}

/** The page's state: the parts here, and those of the slices, each of which has a file beside this one. */
export interface AppState
  extends ModelsState,
    PinsState,
    SurpriseState,
    FilesState,
    ColoringState,
    LayoutState,
    DeeperPart,
    EditState,
    BranchesState,
    LabState {
  readonly model: ModelState;
  readonly precision: Precision;
  readonly engine: EngineChoice;
  /** True while a branch of the recorded example is on screen as it was recorded, with nothing of the user's own on it. */
  readonly isRecording: boolean;
  /** Ends of the recorded branches. */
  readonly recordedTips: ReadonlySet<NodeId>;
  /** The model whose token ids the document holds; null while it holds none. */
  readonly documentSha256: string | null;
  readonly history: History;
  /** Each node's score, and the prediction after it. A node that is missing is not scored yet. */
  readonly scores: ReadonlyMap<NodeId, ScoredToken>;
  /** The recording's own few tokens until the model's are there. */
  readonly vocabulary: Vocabulary;
  /** 0 to the path's length; the length itself is "next, not written". */
  readonly position: number;
  readonly span: Span | null;
  readonly view: "raw" | "after";
  readonly settings: SamplingSettings;
  readonly seed: number;
  /** How often the draw at a position was drawn again. */
  readonly redraws: ReadonlyMap<number, number>;
  readonly query: string;
  readonly search: SearchResult | null;
  readonly settled: SettledPosition | null;
  readonly role: string;
  readonly message: string;
  /** Tokens of the message as typed so far; null before the model is there. */
  readonly messageTokens: number | null;
  readonly refusals: Readonly<Record<string, string | null>>;
  readonly work: WorkState;
  /** Why the last generation ended; null once anything else was done. */
  readonly ending: Ending | null;
  /** One sentence about the last thing that went wrong; null when dismissed. */
  readonly problem: string | null;
  /** What the live region says. */
  readonly announcement: string;
  readonly counts: RunCounts;
  readonly theme: "system" | "light" | "dark";
}

/** Everything a person can do. Actions never throw: what goes wrong becomes `problem`, and nothing is lost. */
export interface Actions
  extends ModelsActions,
    PinsActions,
    SurpriseActions,
    FilesActions,
    ColoringActions,
    LayoutActions,
    DeeperActions,
    EditActions,
    BranchesActions,
    ToolsActions,
    LabActions {
  readonly start: () => void;
  readonly retry: () => void;
  /** Stops a download that is under way. */
  readonly stopLoading: () => void;
  readonly switchPrecision: (precision: Precision) => void;
  readonly switchEngine: (engine: EngineChoice) => void;
  readonly openRecording: () => void;
  /** An empty document; the one on screen stays in Undo. */
  readonly startNew: () => void;

  readonly moveTo: (position: number) => void;
  readonly moveBy: (tokens: number) => void;
  readonly selectSpan: (span: Span | null) => void;
  readonly switchBranch: (key: number) => void;
  readonly switchBranchBy: (lanes: number) => void;

  readonly setMessage: (message: string) => void;
  readonly endTurn: () => void;
  /** Loads the system prompt into the composer; End turn then writes it as a branch. */
  readonly editSystemPrompt: () => void;
  /** Writes a token at the position: appends at the end, branches earlier. */
  readonly choose: (id: TokenId, origin: "chosen" | "forced") => void;
  readonly step: () => void;
  readonly generate: () => void;
  readonly stop: () => void;
  /** A branch that ends before the position. */
  readonly cut: () => void;
  /** A branch that ends before the reply; the message stays. */
  readonly startOver: () => void;
  readonly undo: () => void;
  readonly redo: () => void;

  readonly setView: (view: "raw" | "after") => void;
  readonly setSettings: (settings: Partial<SamplingSettings>) => void;
  readonly setSeed: (seed: number) => void;
  readonly drawAgain: () => void;
  /** Appends or branches with the token that the draw hits. */
  readonly acceptDraw: () => void;
  readonly setQuery: (query: string) => void;

  readonly dismissProblem: () => void;
  readonly setTheme: (theme: AppState["theme"]) => void;
}

export type Store = AppState & { readonly actions: Actions };
