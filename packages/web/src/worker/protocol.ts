// The one protocol between the page and the model's worker; nothing else calls postMessage.
//
// Order: the page numbers its calls; the worker answers each with any number of `event`s and then exactly one `done` or `failed`.
// `replaced` belongs to no call: the engine was lost and another took its place; whatever comes after it comes from that one.
// Calls that run the model (load, score, generate, lens, attention, headOff) are worked on one after another; the others are answered in between.
// Cancellation: `abort` names a call; that call still ends with `done` (its ending says aborted) or `failed`.
// Buffers: everything is copied; each side owns what it receives. Documents, records and settings are plain data of core's types.

import type { FailureMessage, ModelCalls, VocabularyTable } from "@tokenscope/calls";
import type { ModelIdentity, Precision, RunCounts, TokenId } from "@tokenscope/core";

/** A model file that the page may load. */
export interface ModelFile {
  readonly id: string;
  readonly label: string;
  readonly url: string; // empty for a file of the user's own
  readonly sha256: string; // empty where nobody has read the file yet
  readonly fileBytes: number;
  /** The user's own file, read where it lies and never uploaded. */
  readonly file?: Blob;
  /** Where a server answers calls for this model itself; absent where none does. */
  readonly calls?: string;
}

/** Which engine is wanted: WebGPU or WebAssembly in this browser, the server's own, or the one that fits. */
export type EngineChoice = "auto" | "wasm" | "webgpu" | "server";

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
  /** Whether a person may choose the server's engine; absent where not. */
  readonly hasServer?: boolean;
  readonly contextLength: number;
  readonly vocabulary: VocabularyTable;
  readonly endTokenIds: readonly TokenId[];
  /** False for a base model: text is written without markers, and there are no roles. */
  readonly hasTemplate: boolean;
  /** Whether its chat template writes definitions of tools. */
  readonly takesTools: boolean;
}

/** Each request kind with its events and its result. */
export interface Calls extends ModelCalls {
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
