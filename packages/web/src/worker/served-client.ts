// The page's calls to a server's own engine. A call outlives the server: it waits until one answers again and asks for the rest.

import type { ModelCallKind, ModelDescription } from "@tokenscope/calls";
import type { RunCounts } from "@tokenscope/core";
import { errorOf } from "./failure.ts";
import type { CallOptions, ModelClient } from "./model-client.ts";
import type { CallKind, Calls, LoadedModel, ModelFile, Replacement } from "./protocol.ts";
import { endOfRest, restOfCall, wholeResult } from "./rest-of-call.ts";
import { fetchModel, messagesOf, SilentServer } from "./served-http.ts";

/** What a client needs of its surroundings. */
export interface ServedClientOptions {
  readonly fetch: typeof fetch;
  /** Resolves after so many milliseconds; rejects with the signal's reason when aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Tells that the server does not answer, and that it does again. */
  readonly onSilence: (isSilent: boolean) => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const RESTARTED =
  "The server was started anew and computes another way, so the conversation is scored again.";
const REASON =
  "On the server that this page comes from: nothing to download, and its processor instead of yours. What you write is sent there.";

/** A client of the server that the loaded model's file names. */
export function servedClient(options: ServedClientOptions): ModelClient {
  const closed = new AbortController();
  const line = new ServedLine(options);
  return {
    get counts() {
      return line.counts;
    },
    async call<K extends CallKind>(
      kind: K,
      request: Calls[K]["request"],
      { onEvent, signal = new AbortController().signal }: CallOptions<K> = {},
    ): Promise<Calls[K]["result"]> {
      const either = AbortSignal.any([signal, closed.signal]);
      if (kind === "load") return line.load((request as Calls["load"]["request"]).model, either);
      const answered = { kind, request, onEvent: onEvent ?? (() => undefined) };
      try {
        return await line.answer(answered as unknown as Asked<ModelCallKind>, either); // every kind but load
      } catch (error) {
        if (kind === "generate" && signal.aborted) return { kind: "aborted" };
        throw either.aborted ? new DOMException("The call was stopped.", "AbortError") : error;
      }
    },
    onDeath: () => undefined, // what stops it is silence, and that passes
    onReplaced: (listener) => void line.replacedListeners.push(listener),
    close: () => closed.abort(),
  };
}

interface Asked<K extends ModelCallKind> {
  readonly kind: K;
  readonly request: Calls[K]["request"];
  readonly onEvent: (event: Calls[K]["event"]) => void;
}

/** The line to a server, with what was loaded there last. */
class ServedLine {
  readonly replacedListeners: ((replacement: Replacement) => void)[] = [];
  counts: RunCounts = { modelRuns: 0, headRuns: 0 };
  readonly #options: ServedClientOptions;
  #loaded:
    | (Pick<LoadedModel, "identity" | "endTokenIds"> & { readonly file: ModelFile })
    | undefined;

  constructor(options: ServedClientOptions) {
    this.#options = options;
  }

  async load(file: ModelFile, signal: AbortSignal): Promise<LoadedModel> {
    const model = loadedModel(file, await fetchModel(file, this.#options.fetch, signal));
    this.#loaded = { file, identity: model.identity, endTokenIds: model.endTokenIds };
    return model;
  }

  /** The call's result, however often the server goes away meanwhile. */
  async answer<K extends ModelCallKind>(asked: Asked<K>, signal: AbortSignal) {
    const { onSilence, wait } = this.#options;
    const rest = restOfCall(asked.kind);
    let { request } = asked;
    let last: Calls[K]["event"] | undefined;
    const onEvent = (event: Calls[K]["event"]): void => {
      request = rest(request, event);
      last = event;
      asked.onEvent(event);
    };
    let isSilent = false;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        if (isSilent) await this.#greetAgain(signal);
        if (isSilent) onSilence(false);
        isSilent = false;
        const { endTokenIds = [] } = this.#loaded ?? {};
        const ended = endOfRest(asked.kind, { left: request, last, endTokenIds });
        const result = ended ?? (await this.#answerOnce({ ...asked, request, onEvent }, signal));
        return wholeResult(asked.kind, asked.request, result);
      } catch (error) {
        if (signal.aborted || !(error instanceof SilentServer)) throw error;
        isSilent = true;
        onSilence(true);
        await wait(waitMs, signal);
      }
    }
  }

  /** After a silence the server may compute another way: the page hears of it before it gets numbers of two. */
  async #greetAgain(signal: AbortSignal): Promise<void> {
    if (this.#loaded === undefined) return;
    const { file, identity } = this.#loaded;
    const loaded = await this.load(file, signal);
    if (JSON.stringify(loaded.identity) === JSON.stringify(identity)) return;
    for (const listener of this.replacedListeners) listener({ loaded, reason: RESTARTED });
  }

  async #answerOnce<K extends ModelCallKind>(
    { kind, request, onEvent }: Asked<K>,
    signal: AbortSignal,
  ): Promise<Calls[K]["result"]> {
    if (this.#loaded === undefined)
      throw new RangeError(`${kind} was called before a model was loaded`);
    const { file } = this.#loaded;
    let done: { readonly result: Calls[K]["result"] } | undefined; // what follows it is the stream's end
    for await (const message of messagesOf({ file, kind, request }, this.#options.fetch, signal)) {
      if (message.kind === "event") onEvent(message.event as Calls[K]["event"]);
      if (message.kind === "failed") throw errorOf(message.failure);
      if (message.kind !== "done") continue;
      this.counts = message.counts;
      done = { result: message.result as Calls[K]["result"] };
    }
    if (done !== undefined) return done.result;
    throw new SilentServer("the server went away in the middle of an answer");
  }
}

function loadedModel({ label, fileBytes }: ModelFile, described: ModelDescription): LoadedModel {
  const where = { engineReason: REASON, hasGpu: false, hasServer: true };
  return { ...described, label, fileBytes, ...where };
}
