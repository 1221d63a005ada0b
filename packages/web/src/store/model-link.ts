// The store's line to the model's worker: loading with progress, calls with counts, its death and what comes after.

import { tableVocabulary } from "@tokenscope/calls";
import {
  emptyDocument,
  formatMegabytes,
  type ModelIdentity,
  type NodeId,
  type ScoredToken,
  startHistory,
  TEXT_ROLE,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import type { CallOptions, ModelClient } from "../worker/model-client.ts";
import type { CallKind, Calls, LoadedModel, ModelFile } from "../worker/protocol.ts";
import { modelWorkers } from "./model-workers.ts";
import type { Store } from "./state.ts";
import { msPerToken, withTokenTime } from "./token-speed.ts";

export interface ModelLinkOptions {
  readonly startWorker: () => ModelClient;
  /** The model to load; rejects with a sentence where there is none. */
  readonly findModel: () => Promise<ModelFile>;
}

export interface ModelLink {
  /** Loads the state's model in its precision and on its engine, or another way; what goes wrong before the file is known to be good leaves the model that runs as it is. */
  load(way?: Partial<LoadWay>): Promise<void>;
  /** Stops a download; what was fetched is kept for the next try, and a model that runs goes on. */
  stopLoading(): void;
  /** One call to the loaded model; the state's counts follow. */
  ask<K extends CallKind>(
    kind: K,
    request: Calls[K]["request"],
    options?: CallOptions<K>,
  ): Promise<Calls[K]["result"]>;
  /** Counts one more token, and the time it took, towards the speed that the status bar shows after the next call. */
  noteTokenTime(milliseconds: number): void;
  /** How many models or engines became ready so far: what was asked of an earlier one is asked again. */
  readonly loads: number;
}

/** What a load depends on; that of the model that runs comes back where a load fails early. */
type LoadWay = Pick<Store, "precision" | "engine" | "chosen" | "ownFile">;

const PROGRESS_EVERY_MS = 100;
const RATE_AFTER_MS = 500; // a rate of the first moments says nothing

const NOTHING_LOADED = {
  kind: "loading",
  receivedBytes: 0,
  totalBytes: 0,
  secondsLeft: null,
} as const;
const NEW_CONVERSATION =
  "What was on screen is made of another model's tokens, so a new conversation begins.";
const BASE_MODEL =
  "This base model has no chat template: it continues what you write, without roles and markers.";

/** A link between a store and a model that is not loaded yet. */
export function modelLink(store: StoreApi<Store>, options: ModelLinkOptions): ModelLink {
  let running: ReadyModel | undefined; // what the status bar says of it while another one loads
  let way: LoadWay | undefined; // in which it was loaded
  let loading: AbortController | undefined;
  let identity: ModelIdentity | undefined;
  let loads = 0;
  let tokenTimes: readonly number[] = [];

  const fail = (error: unknown): void => store.setState({ model: failedModel(error) });
  const becomeReady = (loaded: LoadedModel): void => {
    const kept = keptScores(identity, loaded.identity);
    identity = loaded.identity;
    tokenTimes = [];
    loads += 1;
    store.setState((state) => readyState(state, loaded, kept));
    way = wayOf(store.getState());
  };
  const workers = modelWorkers({
    startWorker: options.startWorker,
    onDeath: fail,
    onReplaced({ loaded, reason }) {
      becomeReady(loaded);
      store.setState({ problem: reason });
    },
  });
  return {
    get loads() {
      return loads;
    },
    async load(change = {}) {
      loading?.abort(); // the newest choice counts
      loading = new AbortController();
      const { signal } = loading;
      running = readyModel(store.getState()) ?? running;
      store.setState({ ...change, model: NOTHING_LOADED, problem: null, news: null });
      const { precision, engine } = store.getState();
      try {
        const model = await options.findModel();
        signal.throwIfAborted();
        const worker = workers.beginLoad();
        const onPrepare = (): void => workers.takePlace(worker);
        const onEvent = progressInto(store, { signal, onPrepare, startedAt: performance.now() });
        const request = { model, precision, engine };
        const loaded = await worker.call("load", request, { onEvent, signal });
        if (signal.aborted) return;
        workers.takePlace(worker);
        becomeReady(loaded);
        workers.endLoad(true);
        store.setState({ counts: worker.counts });
      } catch (error) {
        if (signal.aborted && signal.reason !== STOPPED) return; // another load has taken its place
        workers.endLoad(false);
        const left = workers.hasModel && running !== undefined ? { running, way } : null;
        store.setState(failedLoad(store.getState().model, { error, left }));
      }
    },
    stopLoading() {
      if (store.getState().model.kind === "loading") loading?.abort(STOPPED);
    },
    async ask(kind, request, callOptions) {
      const asked = workers.client;
      if (asked === undefined) throw new RangeError(`ask: ${kind} before there is a worker`);
      try {
        return await asked.call(kind, request, callOptions);
      } finally {
        store.setState(({ model }) => ({
          counts: asked.counts,
          model: tokenTimes.length === 0 ? model : timedModel(model, tokenTimes),
        }));
      }
    },
    noteTokenTime(milliseconds) {
      tokenTimes = withTokenTime(tokenTimes, milliseconds);
    },
  };
}

const STOPPED = new DOMException("The download was stopped.", "AbortError");

interface FailedLoad {
  readonly error: unknown;
  /** The model that still runs, and how it was loaded; null where there is none. */
  readonly left: { readonly running: ReadyModel; readonly way: LoadWay | undefined } | null;
}

/** The state after a load that failed or was stopped. */
function failedLoad(model: Store["model"], { error, left }: FailedLoad): Partial<Store> {
  const isStopped = error === STOPPED || (error instanceof Error && error.name === "AbortError");
  const failed = isStopped ? stoppedModel(model) : failedModel(error);
  if (left === null) return { model: failed };
  const { running, way } = left;
  const goesOn = `${failed.what} ${running.loaded.label} still runs.`;
  return { ...way, model: running, ...(isStopped ? { news: goesOn } : { problem: goesOn }) };
}

function stoppedModel(model: Store["model"]): Extract<Store["model"], { kind: "failed" }> {
  const { receivedBytes, totalBytes } = model.kind === "loading" ? model : NOTHING_LOADED;
  const far =
    totalBytes === 0
      ? ""
      : ` at ${formatMegabytes(receivedBytes)} of ${formatMegabytes(totalBytes)}`;
  const what = `You stopped the download${far}; the next try goes on from there.`;
  return { kind: "failed", what, details: "" };
}

type ReadyModel = Extract<Store["model"], { kind: "ready" }>;

function readyModel({ model }: Store): ReadyModel | undefined {
  return model.kind === "ready" ? model : undefined;
}

function wayOf({ precision, engine, chosen, ownFile }: Store): LoadWay {
  return { precision, engine, chosen, ownFile };
}

function readyState(state: Store, loaded: LoadedModel, kept: KeptScores): Partial<Store> {
  const { scores, documentSha256, history } = state;
  const { sha256 } = loaded.identity;
  const isForeign = history.present.nodes.length > 0 && ![null, sha256].includes(documentSha256);
  return {
    model: { kind: "ready", loaded, msPerToken: null },
    precision: loaded.identity.precision, // a server's is its own
    vocabulary: tableVocabulary(loaded.vocabulary),
    scores: kept(scores),
    documentSha256: sha256,
    role: roleFor(loaded, state.role),
    ...namedChoice(state.chosen, loaded),
    ...(isForeign ? emptyPage() : {}),
    news: newsOf({ isForeign, isNew: documentSha256 !== sha256 }, loaded),
  };
}

/** A file of the user's own has its name and sha256 once it was read. */
function namedChoice(chosen: Store["chosen"], { label, identity }: LoadedModel): Partial<Store> {
  if (chosen === null || chosen.sha256 !== "") return {};
  return { chosen: { ...chosen, id: identity.id, label, sha256: identity.sha256 } };
}

function roleFor({ hasTemplate }: LoadedModel, role: string): string {
  if (!hasTemplate) return TEXT_ROLE;
  return role === TEXT_ROLE ? "user" : role;
}

/** What is said of a model that the document does not know; null where nothing. */
function newsOf(
  { isForeign, isNew }: { readonly isForeign: boolean; readonly isNew: boolean },
  { hasTemplate }: LoadedModel,
): string | null {
  const sentences = [isForeign && NEW_CONVERSATION, isNew && !hasTemplate && BASE_MODEL];
  return sentences.filter(Boolean).join(" ") || null;
}

/** Another model's token ids would say something else here: they are not shown. */
function emptyPage(): Partial<Store> {
  return {
    history: startHistory(emptyDocument()),
    scores: new Map(),
    recordedTips: new Set(),
    isRecording: false,
    position: 0,
    span: null,
    redraws: new Map(),
    settled: null,
    search: null,
    ending: null,
  };
}

function timedModel(model: Store["model"], tokenTimes: readonly number[]): Store["model"] {
  const speed = msPerToken(tokenTimes);
  const isNews = model.kind === "ready" && model.msPerToken !== speed;
  return isNews ? { ...model, msPerToken: speed } : model;
}

interface ProgressOptions {
  readonly signal: AbortSignal; // aborted where another load took its place
  readonly onPrepare: () => void;
  readonly startedAt: number;
}

function progressInto(
  store: StoreApi<Store>,
  { signal, onPrepare, startedAt }: ProgressOptions,
): (event: Calls["load"]["event"]) => void {
  let shownAt = -Infinity;
  return (event) => {
    if (signal.aborted) return;
    const now = performance.now();
    if (event.kind === "prepare") {
      onPrepare();
      store.setState({ model: { kind: "preparing" } });
      return;
    }
    const { receivedBytes, totalBytes } = event;
    if (now - shownAt < PROGRESS_EVERY_MS) return;
    shownAt = now;
    const elapsed = now - startedAt;
    const secondsLeft =
      elapsed < RATE_AFTER_MS
        ? null
        : ((totalBytes - receivedBytes) / receivedBytes) * (elapsed / 1000);
    store.setState({ model: { kind: "loading", receivedBytes, totalBytes, secondsLeft } });
  };
}

function failedModel(error: unknown): Extract<Store["model"], { kind: "failed" }> {
  const { message, cause, stack } = error instanceof Error ? error : new Error(String(error));
  const details = typeof cause === "string" ? cause : (stack ?? "");
  return { kind: "failed", what: /[.!?]$/.test(message) ? message : `${message}.`, details };
}

type KeptScores = (scores: Store["scores"]) => Store["scores"];

/** What a model that was just loaded leaves of the scores: its own; those of a recording or an earlier visit until they are scored again; none of another precision's or engine's, for no total may mix two. */
function keptScores(before: ModelIdentity | undefined, now: ModelIdentity): KeptScores {
  if (before === undefined) return withoutVectors;
  return isSameModel(before, now) ? (scores) => scores : () => new Map();
}

function isSameModel(a: ModelIdentity, b: ModelIdentity): boolean {
  return a.sha256 === b.sha256 && a.precision === b.precision && a.backend === b.backend;
}

/** A score without its context vector is shown, and scored again: another model, another precision or a recording gave it. */
export function withoutVectors(
  scores: ReadonlyMap<NodeId, ScoredToken>,
): ReadonlyMap<NodeId, ScoredToken> {
  return new Map(
    [...scores].map(([node, scored]) => {
      const prediction = { ...scored.prediction, contextVector: null };
      return [node, { ...scored, prediction }] as const;
    }),
  );
}

/** The sentence of an error that a question or a verb met; null where the notice says it already or the user stopped it. */
export function problemOf(error: unknown, { model }: Pick<Store, "model">): string | null {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return name === "AbortError" || model.kind === "failed" ? null : message;
}
