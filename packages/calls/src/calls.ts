// What a page asks of a model once it is there: each call with its request, its events and its result. Knows no transport.

import type {
  AttentionRow,
  ChatMessage,
  Ending,
  Prediction,
  Reading,
  ReadTokens,
  SamplingSettings,
  ScoredToken,
  SettingsView,
  TextEdit,
  TokenDocument,
  TokenId,
  TokenScore,
} from "@tokenscope/core";

/** The vocabulary as three flat arrays: token i is bytes[offsets[i]] to bytes[offsets[i + 1]]. */
export interface VocabularyTable {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array; // [V + 1]
  readonly special: Uint8Array; // [V], 1 where special
}

/** A row of a search over the whole vocabulary, by rank. */
export interface SearchRow {
  readonly id: TokenId;
  readonly logprobNats: number;
  readonly rank: number;
}

/** A change of the document, which the result is. */
interface DocumentCall<Change> {
  request: { readonly doc: TokenDocument } & Change;
  event: never;
  result: TokenDocument;
}

/** Each request kind with its events and its result. Everything in them is plain data, typed arrays and maps. */
export interface ModelCalls {
  encode: { request: { readonly text: string }; event: never; result: readonly TokenId[] };
  endTurn: DocumentCall<{ readonly message: ChatMessage }>;
  setSystemPrompt: DocumentCall<{ readonly content: string }>;
  /** The same messages under another system prompt, as a branch that waits for its reply. */
  trySystemPrompt: DocumentCall<{ readonly content: string }>;
  /** Defines the conversation's tools; throws UsageError with the place of what is wrong in the text. */
  setTools: DocumentCall<{ readonly text: string }>;
  /** A call of a tool as the assistant's turn. */
  writeToolCall: DocumentCall<{ readonly text: string }>;
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
  /** Another model's text before a place, in this one's tokens and by its own template; no run. Throws UsageError where the template refuses. */
  readAs: { request: Reading; event: never; result: ReadTokens };
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

export type ModelCallKind = keyof ModelCalls;

/** Takes an event of a call. What it returns is awaited: a promise, where the next is not wanted yet. */
export type Emit<K extends ModelCallKind> = (event: ModelCalls[K]["event"]) => unknown;

/** One call's handler: events as they come, each awaited, and the result at the end. */
export type Handler<K extends ModelCallKind> = (
  request: ModelCalls[K]["request"],
  emit: Emit<K>,
  signal: AbortSignal,
) => Promise<ModelCalls[K]["result"]>;

/** Handlers of every call. */
export type SessionHost = { readonly [K in ModelCallKind]: Handler<K> };
