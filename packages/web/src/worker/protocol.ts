// The one protocol between the page and the model's worker; nothing else calls postMessage.
//
// Order: the page numbers its calls; the worker answers each with any number of `event`s and then exactly one `done` or `failed`.
// `replaced` belongs to no call: the engine was lost and another took its place; whatever comes after it comes from that one.
// Calls that run the model (load, score, generate) are worked on one after another; the others are answered in between.
// Cancellation: `abort` names a call; that call still ends with `done` (its ending says aborted) or `failed`.
// Buffers: everything is copied; each side owns what it receives. Documents, records and settings are plain data of core's types.

import type {
  ChatMessage,
  Ending,
  ModelIdentity,
  Precision,
  RunCounts,
  SamplingSettings,
  ScoredToken,
  SettingsView,
  TokenDocument,
  TokenId,
} from "@tokenscope/core";

/** A model file that the page may load. `file` is the user's own, never uploaded. */
export interface ModelFile {
  readonly id: string;
  readonly label: string;
  readonly url: string;
  readonly sha256: string;
  readonly fileBytes: number;
}

/** Which engine is wanted: WebGPU, WebAssembly, or the one that fits this browser. */
export type EngineChoice = "auto" | "wasm" | "webgpu";

/** The vocabulary as three flat arrays: token i is bytes[offsets[i]] to bytes[offsets[i + 1]]. */
export interface VocabularyTable {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array; // [V + 1]
  readonly special: Uint8Array; // [V], 1 where special
}

/** What the page must know of a model that is ready. */
export interface LoadedModel {
  readonly identity: ModelIdentity;
  readonly label: string;
  readonly fileBytes: number;
  readonly threads: number;
  /** Why this engine, and what slows it down here: a sentence or more. */
  readonly engineReason: string;
  /** Whether a person may choose WebGPU here. */
  readonly hasGpu: boolean;
  readonly contextLength: number;
  readonly vocabulary: VocabularyTable;
  readonly endTokenIds: readonly TokenId[];
}

/** A row of a search over the whole vocabulary, by rank. */
export interface SearchRow {
  readonly id: TokenId;
  readonly logprobNats: number;
  readonly rank: number;
}

/** Each request kind with its events and its result. */
export interface Calls {
  load: {
    request: {
      readonly model: ModelFile;
      readonly precision: Precision;
      readonly engine?: EngineChoice; // auto unless told
    };
    event:
      | { readonly kind: "download"; readonly receivedBytes: number; readonly totalBytes: number }
      | { readonly kind: "prepare" };
    result: LoadedModel;
  };
  encode: { request: { readonly text: string }; event: never; result: readonly TokenId[] };
  endTurn: {
    request: { readonly doc: TokenDocument; readonly message: ChatMessage };
    event: never;
    result: TokenDocument;
  };
  setSystemPrompt: {
    request: { readonly doc: TokenDocument; readonly content: string };
    event: never;
    result: TokenDocument;
  };
  /** Why each role would be refused next; null where it is taken. */
  refusals: {
    request: { readonly doc: TokenDocument; readonly roles: readonly string[] };
    event: never;
    result: Readonly<Record<string, string | null>>;
  };
  /** Scores the ids from position `from` on; what the worker's sequence already holds is not run again. */
  score: {
    request: { readonly ids: readonly TokenId[]; readonly from: number };
    event: { readonly from: number; readonly tokens: readonly ScoredToken[] };
    result: null;
  };
  /** Writes up to maxTokens after the ids; one event a token. `redraws` counts by position how often a draw was drawn again. */
  generate: {
    request: {
      readonly ids: readonly TokenId[];
      readonly settings: SamplingSettings;
      readonly seed: number;
      readonly redraws: ReadonlyMap<number, number>;
      readonly maxTokens: number;
    };
    event: {
      readonly token: ScoredToken;
      readonly origin: "greedy" | "sampled";
      readonly draw: number | null;
    };
    result: Ending;
  };
  /** Tokens whose text contains the query (leading space optional), or whose id it is, by rank; one head run, no model run. */
  search: {
    request: {
      readonly contextVector: Float32Array;
      readonly query: string;
      readonly limit: number;
    };
    event: never;
    result: { readonly rows: readonly SearchRow[]; readonly matches: number };
  };
  /** One position after settings with its draw; one head run at most. */
  settingsView: {
    request: {
      readonly contextVector: Float32Array;
      readonly settings: SamplingSettings;
      readonly draw: number;
      readonly top: number;
      readonly pinned: readonly TokenId[]; // rows wanted beside the top ones
    };
    event: never;
    result: { readonly view: SettingsView; readonly hitId: TokenId };
  };
}

export type CallKind = keyof Calls;

export type ToWorker =
  | {
      [K in CallKind]: {
        readonly kind: K;
        readonly call: number;
        readonly request: Calls[K]["request"];
      };
    }[CallKind]
  | { readonly kind: "abort"; readonly call: number };

/** An error as it crosses the border; `name` is that of core's class. */
export interface FailureMessage {
  readonly name: string;
  readonly message: string;
  readonly details: string;
}

/** Another engine in place of a lost one: the same model in the same precision, and a sentence for the page. */
export interface Replacement {
  readonly loaded: LoadedModel;
  readonly reason: string;
}

export type FromWorker =
  | { readonly kind: "event"; readonly call: number; readonly event: unknown }
  | {
      readonly kind: "done";
      readonly call: number;
      readonly result: unknown;
      readonly counts: RunCounts;
    }
  | { readonly kind: "failed"; readonly call: number; readonly failure: FailureMessage }
  | ({ readonly kind: "replaced" } & Replacement);
