// The page's calls to a server's own engine. A call outlives the server: it waits until one answers again and asks for the rest.

import { identityMark, type ModelCallKind, type ModelDescription } from "@tokenscope/calls";
import { type RunCounts, UsageError } from "@tokenscope/core";
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
    close() {
      closed.abort();
      line.endSilence(); // nobody waits for it any more
    },
  };
}

interface Asked<K extends ModelCallKind> {
  readonly kind: K;
  readonly request: Calls[K]["request"];
  readonly onEvent: (event: Calls[K]["event"]) => void;
}

interface Described extends Pick<LoadedModel, "identity" | "endTokenIds"> {
  readonly file: ModelFile;
}

/** The line to a server, with what was loaded there last. */
class ServedLine {
  readonly replacedListeners: ((replacement: Replacement) => void)[] = [];
  counts: RunCounts = { modelRuns: 0, headRuns: 0 };
  readonly #options: ServedClientOptions;
  #loaded: Described | undefined;
  #isSilent = false; // the line's, not a call's: whoever is answered ends it

  constructor(options: ServedClientOptions) {
    this.#options = options;
  }

  async load(file: ModelFile, signal: AbortSignal): Promise<LoadedModel> {
    const model = await this.#describe(file, signal);
    this.#loaded = describedBy(file, model);
    return model;
  }

  /** Takes the notice of a silence away. */
  endSilence(): void {
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#options.onSilence(false);
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
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        const result = await this.#answerAnew({ ...asked, request, onEvent }, signal);
        return wholeResult(asked.kind, asked.request, result);
      } catch (error) {
        if (signal.aborted || !(error instanceof SilentServer)) throw error;
        const { endTokenIds = [] } = this.#loaded ?? {};
        const ended = endOfRest(asked.kind, { left: request, last, endTokenIds });
        if (ended !== null) return wholeResult(asked.kind, asked.request, ended);
        this.#isSilent = true;
        onSilence(true);
        await wait(waitMs, signal);
      }
    }
  }

  /** The model's description; any answer, a refusal too, ends a silence. */
  async #describe(file: ModelFile, signal: AbortSignal): Promise<LoadedModel> {
    try {
      const described = await fetchModel(file, this.#options.fetch, signal);
      this.endSilence();
      return loadedModel(file, described);
    } catch (error) {
      if (!signal.aborted && !(error instanceof SilentServer)) this.endSilence();
      throw error;
    }
  }

  /** After a silence, or a refusal, the server may compute another way: the page hears of it before it gets numbers of two. */
  async #greetAgain(signal: AbortSignal): Promise<void> {
    if (this.#loaded === undefined) return;
    const { file } = this.#loaded;
    const loaded = await this.#describe(file, signal);
    const known = this.#loaded; // another call may have greeted it meanwhile, and another model been loaded
    if (known.file !== file) return;
    this.#loaded = describedBy(file, loaded);
    if (identityMark(known.identity) === identityMark(loaded.identity)) return;
    for (const listener of this.replacedListeners) listener({ loaded, reason: RESTARTED });
  }

  /** One answer, asked for once more where the server refuses since it computes another way. */
  async #answerAnew<K extends ModelCallKind>(asked: Asked<K>, signal: AbortSignal) {
    if (this.#isSilent) await this.#greetAgain(signal);
    const before = this.#loaded;
    try {
      return await this.#answerOnce(asked, signal);
    } catch (error) {
      if (signal.aborted || !isOfAnother(error) || before === undefined) throw error;
      await this.#greetAgain(signal);
      const { identity } = this.#loaded ?? before;
      if (identityMark(identity) === identityMark(before.identity)) throw error;
      return await this.#answerOnce(asked, signal);
    }
  }

  async #answerOnce<K extends ModelCallKind>(
    { kind, request, onEvent }: Asked<K>,
    signal: AbortSignal,
  ): Promise<Calls[K]["result"]> {
    if (this.#loaded === undefined)
      throw new RangeError(`${kind} was called before a model was loaded`);
    const { file, identity } = this.#loaded;
    let done: { readonly result: Calls[K]["result"] } | undefined; // what follows it is the stream's end
    for await (const message of messagesOf(
      { file, identity, kind, request },
      this.#options.fetch,
      signal,
    )) {
      this.endSilence();
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

/** The server computes another way than it did when it was asked: it was started anew and nobody noticed. */
function isOfAnother(error: unknown): boolean {
  return error instanceof UsageError && error.httpStatus === 409;
}

function describedBy(file: ModelFile, { identity, endTokenIds }: LoadedModel): Described {
  return { file, identity, endTokenIds };
}

function loadedModel({ label, fileBytes }: ModelFile, described: ModelDescription): LoadedModel {
  const where = { engineReason: REASON, hasGpu: false, hasServer: true };
  return { ...described, label, fileBytes, ...where };
}
