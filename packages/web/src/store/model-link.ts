// The store's line to the model's worker: loading with progress, calls with counts, its death and what comes after.

import {
  emptyDocument,
  type ModelIdentity,
  type NodeId,
  type ScoredToken,
  startHistory,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import type { CallOptions, ModelClient } from "../worker/model-client.ts";
import type { CallKind, Calls, LoadedModel, ModelFile } from "../worker/protocol.ts";
import { tableVocabulary } from "../worker/vocabulary-table.ts";
import type { Store } from "./state.ts";

export interface ModelLinkOptions {
  readonly startWorker: () => ModelClient;
  /** The model to load; rejects with a sentence where there is none. */
  readonly findModel: () => Promise<ModelFile>;
}

export interface ModelLink {
  /** Loads the model in the state's precision and on its engine, in a new worker if the last one died. */
  load(): Promise<void>;
  /** One call to the loaded model; the state's counts follow. */
  ask<K extends CallKind>(
    kind: K,
    request: Calls[K]["request"],
    options?: CallOptions<K>,
  ): Promise<Calls[K]["result"]>;
  /** Counts one more single-token run towards the median that the status bar shows after the next call. */
  noteTokenTime(milliseconds: number): void;
  /** How many models or engines became ready so far: what was asked of an earlier one is asked again. */
  readonly loads: number;
}

const PROGRESS_EVERY_MS = 100;
const SPEED_TOKENS = 32; // the status bar shows the median of the last 32
const RATE_AFTER_MS = 500; // a rate of the first moments says nothing

/** A link between a store and a model that is not loaded yet. */
export function modelLink(store: StoreApi<Store>, options: ModelLinkOptions): ModelLink {
  let client: ModelClient | undefined;
  let identity: ModelIdentity | undefined;
  let hasPrepared = false; // a worker that held a model never gives its memory back
  let loads = 0;
  let tokenTimes: number[] = [];

  const open = (): ModelClient => {
    const opened = options.startWorker();
    opened.onDeath((error) => {
      if (client !== opened) return;
      client = undefined;
      fail(error);
    });
    opened.onReplaced(({ loaded, reason }) => {
      if (client !== opened) return;
      becomeReady(loaded);
      store.setState({ problem: reason });
    });
    return opened;
  };
  const fail = (error: unknown): void => store.setState({ model: failedModel(error) });
  const becomeReady = (loaded: LoadedModel): void => {
    const kept = keptScores(identity, loaded.identity);
    identity = loaded.identity;
    tokenTimes = [];
    loads += 1;
    store.setState((state) => readyState(state, loaded, kept));
  };

  return {
    get loads() {
      return loads;
    },
    async load() {
      const { precision, engine } = store.getState();
      store.setState({
        model: { kind: "loading", receivedBytes: 0, totalBytes: 0, secondsLeft: null },
        problem: null,
      });
      try {
        const file = await options.findModel();
        if (hasPrepared) client?.close();
        if (hasPrepared || client === undefined) client = open();
        hasPrepared = false;
        const showProgress = progressInto(store, performance.now());
        const onEvent = (event: Calls["load"]["event"]): void => {
          hasPrepared ||= event.kind === "prepare";
          showProgress(event);
        };
        const request = { model: file, precision, engine };
        becomeReady(await client.call("load", request, { onEvent }));
        store.setState({ counts: client.counts });
      } catch (error) {
        if (store.getState().model.kind !== "failed") fail(error);
      }
    },
    async ask(kind, request, callOptions) {
      const asked = client;
      if (asked === undefined) throw new RangeError(`ask: ${kind} before there is a worker`);
      try {
        return await asked.call(kind, request, callOptions);
      } finally {
        const { model } = store.getState();
        const isTimed = model.kind === "ready" && tokenTimes.length > 0;
        store.setState({
          counts: asked.counts,
          ...(isTimed ? { model: { ...model, msPerToken: median(tokenTimes) } } : {}),
        });
      }
    },
    noteTokenTime(milliseconds) {
      tokenTimes = [...tokenTimes, milliseconds].slice(-SPEED_TOKENS);
    },
  };
}

function readyState(state: Store, loaded: LoadedModel, kept: KeptScores): Partial<Store> {
  const { scores, documentSha256, history } = state;
  const { sha256 } = loaded.identity;
  const isForeign = history.present.nodes.length > 0 && ![null, sha256].includes(documentSha256);
  return {
    model: { kind: "ready", loaded, msPerToken: null },
    vocabulary: tableVocabulary(loaded.vocabulary),
    scores: kept(scores),
    documentSha256: sha256,
    ...(isForeign ? emptyPage() : {}),
  };
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
    problem: "What was on screen is made of another model's tokens, so a new conversation begins.",
  };
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function progressInto(
  store: StoreApi<Store>,
  startedAt: number,
): (event: Calls["load"]["event"]) => void {
  let shownAt = -Infinity;
  return (event) => {
    const now = performance.now();
    if (event.kind === "prepare") {
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

function failedModel(error: unknown): Store["model"] {
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
