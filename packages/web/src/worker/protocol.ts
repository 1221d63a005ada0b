// The one protocol between the page and the model's worker; nothing else calls postMessage.
//
// Order: the page numbers its calls; the worker answers each with any number of `event`s and then exactly one `done` or `failed`.
// `replaced` belongs to no call: the engine was lost and another took its place; whatever comes after it comes from that one.
// Calls that run the model (load, score, generate, lens, attention, headOff) are worked on one after another; the others are answered in between.
// Cancellation: `abort` names a call; that call still ends with `done` (its ending says aborted) or `failed`.
// Buffers: everything is copied; each side owns what it receives. Documents, records and settings are plain data of core's types.

import type {
  AttentionRow,
  ChatMessage,
  Ending,
  ModelIdentity,
  Precision,
  Prediction,
  RunCounts,
  SamplingSettings,
  ScoredToken,
  SettingsView,
  TextEdit,
  TokenDocument,
  TokenId,
  TokenScore,
} from "@tokenscope/core";

/** A model file that the page may load. */
export interface ModelFile {
  readonly id: string;
  readonly label: string;
  readonly url: string; // empty for a file of the user's own
  readonly sha256: string; // empty where nobody has read the file yet
  readonly fileBytes: number;
  /** The user's own file, read where it lies and never uploaded. */
  readonly file?: Blob;
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
  /** What the weights take in memory on the kernel, in each precision. */
  readonly weightBytes: Readonly<Record<Precision, number>>;
  readonly threads: number;
  /** Why this engine, and what slows it down here: a sentence or more. */
  readonly engineReason: string;
  /** Whether a person may choose WebGPU here. */
  readonly hasGpu: boolean;
  readonly contextLength: number;
  readonly vocabulary: VocabularyTable;
  readonly endTokenIds: readonly TokenId[];
  /** False for a base model: text is written without markers, and there are no roles. */
  readonly hasTemplate: boolean;
  /** Whether its chat template writes definitions of tools. */
  readonly takesTools: boolean;
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
  /** The same messages under another system prompt, as a branch that waits for its reply. */
  trySystemPrompt: {
    request: { readonly doc: TokenDocument; readonly content: string };
    event: never;
    result: TokenDocument;
  };
  /** Defines the conversation's tools; throws UsageError with the place of what is wrong in the text. */
  setTools: {
    request: { readonly doc: TokenDocument; readonly text: string };
    event: never;
    result: TokenDocument;
  };
  /** A call of a tool as the assistant's turn. */
  writeToolCall: {
    request: { readonly doc: TokenDocument; readonly text: string };
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
  /** The prediction after the ids as each layer alone would make it, [N]: the logit lens. One model run where the sequence holds all but the last id, as for attention and headOff. */
  lens: {
    request: { readonly ids: readonly TokenId[] };
    event: never;
    result: readonly Prediction[];
  };
  /** Where the last of the ids looks: all H heads of all N layers, layer by layer. */
  attention: {
    request: { readonly ids: readonly TokenId[] };
    event: never;
    result: { readonly heads: number; readonly rows: readonly AttentionRow[] };
  };
  /** The prediction after the ids, and the score of a token under it, with a head switched off at the last id alone. */
  headOff: {
    request: {
      readonly ids: readonly TokenId[];
      readonly layer: number;
      readonly head: number;
      readonly id: TokenId | null;
    };
    event: never;
    result: { readonly prediction: Prediction; readonly score: TokenScore | null };
  };
  /** Scores of one id at each of these context vectors; head runs, no model run. */
  scoreAt: {
    request: { readonly contextVectors: readonly Float32Array[]; readonly id: TokenId };
    event: never;
    result: readonly TokenScore[];
  };
  /** A token's row [C] of the head, and the model's cap on logits; no run. */
  tokenVector: {
    request: { readonly id: TokenId };
    event: never;
    result: { readonly vector: Float32Array; readonly logitCap: number | null };
  };
  /** All V logits after a context vector; one head run, no model run. */
  logits: {
    request: { readonly contextVector: Float32Array };
    event: never;
    result: Float32Array;
  };
  /** What must be written so that these tokens say the edited text (core's textEdit); no run. Fails with a sentence where the text cannot be written. */
  textEdit: {
    request: { readonly ids: readonly TokenId[]; readonly text: string };
    event: never;
    result: TextEdit;
  };
  /** Tokens by their text or id, as search finds them, where there is no context to rank them by; by id, no run. */
  find: {
    request: { readonly query: string; readonly limit: number };
    event: never;
    result: { readonly ids: readonly TokenId[]; readonly matches: number };
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
