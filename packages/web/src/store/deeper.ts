// Look deeper: what the drawer is set to, what was found inside the runs behind the tokens, and the second engine beside the page's own.

import type { RemotePlace } from "@tokenscope/calls";
import type {
  AttentionRow,
  CrossCandidates,
  Divergence,
  ListedCandidates,
  Prediction,
  Reading,
  ReadTokens,
  ScoredToken,
  TokenId,
  TokenScore,
  Vocabulary,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import type { LoadedModel, ModelFile } from "../worker/protocol.ts";
import type { RemoteModel, RemoteShelf } from "./remote-models.ts";
import { hostRemote } from "./served-models.ts";
import type { Store } from "./state.ts";

/** The four parts of the drawer, one at a time. */
export type DeeperView = "lens" | "attention" | "logit" | "engines";

/** A layer and a head of it; null is the mean over all. */
export interface HeadChoice {
  readonly layer: number | null;
  readonly head: number | null;
}

/** All heads' attention of one position, layer by layer: rows[layer * heads + head]. */
export interface Attention {
  readonly heads: number; // H
  readonly rows: readonly AttentionRow[]; // [N * H]
}

/** A prediction without one head, and the token that came under it. */
export interface HeadOff {
  readonly prediction: Prediction;
  readonly score: TokenScore | null;
}

/** What has been found out at one scored token: about its own run, and the prediction after it. Null or missing: not asked yet. */
export interface Finding {
  readonly lens: readonly Prediction[] | null; // [N]
  /** A token's score after each layer. */
  readonly layerScores: ReadonlyMap<TokenId, readonly TokenScore[]>;
  readonly attention: Attention | null;
  /** By headKey. */
  readonly headsOff: ReadonlyMap<string, HeadOff>;
  readonly tokenVectors: ReadonlyMap<TokenId, Float32Array>;
  readonly divergence: Divergence | null;
  readonly crossing: Crossing | null;
  readonly remote: RemoteFound | null;
}

/** The text around a place; another one has another token that comes next. */
type AroundPlace = Pick<Reading, "before" | "after">;

/** The next token here as a model on another server has it, or a sentence why it has not. */
export interface RemoteFound {
  readonly of: AroundPlace;
  readonly model: RemoteModel;
  readonly found:
    | { readonly place: RemotePlace; readonly both: ListedCandidates }
    | { readonly failure: string };
}

/** The next token here as another model has it, which reads the same text in its own tokens. */
export interface Crossing {
  readonly of: AroundPlace;
  readonly read: ReadTokens;
  readonly both: CrossCandidates;
  /** Its score of the token that comes next in its own reading; null where none does. */
  readonly next: TokenScore | null;
}

/** What was found of this very reading, or null: the text behind a place may have changed since. */
export function crossingOf(finding: Finding | undefined, reading: Reading | null): Crossing | null {
  return ofReading((finding ?? NO_FINDING).crossing, reading);
}

/** Likewise, of this model. */
export function remoteFoundOf(
  finding: Finding | undefined,
  reading: Reading | null,
  model: RemoteModel,
): RemoteFound | null {
  const { remote } = finding ?? NO_FINDING;
  const isSame = remote?.model.id === model.id && remote.model.host === model.host;
  return isSame ? ofReading(remote, reading) : null;
}

function ofReading<Found extends { readonly of: AroundPlace }>(
  found: Found | null,
  reading: Reading | null,
): Found | null {
  if (found === null || reading === null) return null;
  const { before, after } = found.of;
  return before === reading.before && after === reading.after ? found : null;
}

/** Nothing has been asked. */
export const NO_FINDING: Finding = {
  lens: null,
  layerScores: new Map(),
  attention: null,
  headsOff: new Map(),
  tokenVectors: new Map(),
  divergence: null,
  crossing: null,
  remote: null,
};

/** What stands beside the page's engine: the same model in the other precision, another model, or one on another server. */
export type SecondChoice = "precision" | ModelFile | RemoteModel;

/** True for a model on another server. */
export function isRemote(choice: SecondChoice): choice is RemoteModel {
  return choice !== "precision" && "kind" in choice;
}

/** The second engine: there only while somebody asked for it and the drawer is open. */
export type SecondEngine =
  | { readonly kind: "closed" }
  | { readonly kind: "loading"; readonly receivedBytes: number; readonly totalBytes: number }
  | { readonly kind: "preparing" }
  | {
      readonly kind: "ready";
      readonly loaded: LoadedModel;
      readonly vocabulary: Vocabulary;
      readonly isOtherModel: boolean;
    }
  | { readonly kind: "remote"; readonly model: RemoteModel }
  | { readonly kind: "failed"; readonly what: string };

export interface DeeperSettings extends HeadChoice {
  readonly view: DeeperView;
  /** Whose attention: the token's own, or that of the one before it, which predicts it. */
  readonly attentionOf: "token" | "before";
  /** Whether the prediction is shown without the chosen head. */
  readonly isHeadOff: boolean;
  /** The layer of the lens that is pointed at. */
  readonly lensLayer: number | null;
  /** Whose logit is taken apart, and beside which; null is the token that came, and its strongest rival. */
  readonly logitToken: TokenId | null;
  readonly rivalToken: TokenId | null;
  readonly termsOf: "token" | "rival" | "difference";
}

export interface DeeperState extends DeeperSettings {
  /** By the token's score, so that what another model or precision gave is never shown; the newest last. */
  readonly findings: ReadonlyMap<ScoredToken, Finding>;
  readonly logitCap: number | null;
  readonly second: SecondEngine;
  readonly secondChoice: SecondChoice;
  /** What another server has, as the page's host last heard; null where it asks none, or has not been asked. */
  readonly remoteShelf: RemoteShelf | null;
  /** The second engine's score of each token of the page's own. */
  readonly secondScores: ReadonlyMap<ScoredToken, ScoredToken>;
}

/** The slice's one field. */
export interface DeeperPart {
  readonly deeper: DeeperState;
}

export interface DeeperActions {
  /** Opens the drawer at one of its parts. */
  readonly lookDeeper: (view: DeeperView) => void;
  readonly setDeeper: (settings: Partial<DeeperSettings>) => void;
  /** Loads what was chosen to stand beside the page's engine; what it costs is said before. */
  readonly openSecond: () => void;
  readonly closeSecond: () => void;
  /** Asks the page's host what another server has; that one may be slow, or away. */
  readonly readRemoteShelf: () => Promise<void>;
  /** Asks a model on another server once more where it failed. */
  readonly askRemoteAgain: () => void;
  /** Chooses what it is; another one than before is not loaded until it is asked for. */
  readonly chooseSecond: (choice: SecondChoice) => void;
}

export const FIRST_DEEPER: DeeperPart = {
  deeper: {
    view: "lens",
    attentionOf: "token",
    layer: null,
    head: null,
    isHeadOff: false,
    lensLayer: null,
    logitToken: null,
    rivalToken: null,
    termsOf: "token",
    findings: new Map(),
    logitCap: null,
    second: { kind: "closed" },
    secondChoice: "precision",
    remoteShelf: null,
    secondScores: new Map(),
  },
};

/** The verbs of the drawer; `second` is told when its engine is wanted. */
export function deeperActions(
  store: StoreApi<Store>,
  second: { readonly open: () => void; readonly close: () => void },
): DeeperActions {
  const set = (change: Partial<DeeperState>): void =>
    store.setState(({ deeper }) => ({ deeper: { ...deeper, ...change } }));
  return {
    lookDeeper(view) {
      set({ view });
      store.getState().actions.openDrawer("deeper");
    },
    setDeeper: set,
    openSecond: () => second.open(),
    closeSecond: () => second.close(),
    async readRemoteShelf() {
      set({ remoteShelf: await hostRemote() });
    },
    askRemoteAgain() {
      const { findings } = store.getState().deeper;
      set({
        findings: new Map(Array.from(findings, ([at, found]) => [at, withoutFailure(found)])),
      });
    },
    chooseSecond(secondChoice) {
      second.close();
      set({ secondChoice });
    },
  };
}

function withoutFailure(finding: Finding): Finding {
  const { remote } = finding;
  return remote !== null && "failure" in remote.found ? { ...finding, remote: null } : finding;
}

const KEPT_FINDINGS = 24; // attention of 2,000 positions is 2 MB in SmolLM2: the newest are enough to go back and forth

/** The findings with one changed; the oldest go. */
export function withFinding(
  { findings }: Pick<DeeperState, "findings">,
  at: ScoredToken,
  change: (finding: Finding) => Finding,
): DeeperState["findings"] {
  const next = new Map(findings);
  const before = next.get(at) ?? NO_FINDING;
  next.delete(at);
  next.set(at, change(before));
  const [oldest] = next.keys();
  if (next.size > KEPT_FINDINGS && oldest !== undefined) next.delete(oldest);
  return next;
}

/** What a prediction without a head is kept under. */
export function headKey(layer: number, head: number, id: TokenId | null): string {
  return `${layer}.${head}.${id ?? "next"}`;
}
