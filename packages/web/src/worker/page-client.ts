// Where the page's model runs: in a worker of this browser, or on the server that the page comes from. Decided at each load.

import type { CallOptions, ModelClient } from "./model-client.ts";
import type { CallKind, Calls, LoadedModel } from "./protocol.ts";

export interface PageClientOptions {
  readonly startWorker: () => ModelClient;
  /** Its code is fetched only where a host computes for its pages. */
  readonly startServed: () => Promise<ModelClient>;
}

type LoadRequest = Calls["load"]["request"];
type LoadOptions = CallOptions<"load"> | undefined;

interface Load {
  readonly request: LoadRequest;
  readonly options: LoadOptions;
  /** Throws an AbortError where it was stopped, another one was asked for, or the client was closed. */
  readonly check: () => void;
}

/** A client of whichever of the two a load asks for: the server's engine where the host has one, unless another engine or a file of the user's own is wanted. Where the server's cannot be had unasked, the browser's takes its place. The newest load counts; an earlier one, and any of a closed client, ends with an AbortError. */
export function pageClient(options: PageClientOptions): ModelClient {
  const places = new Places(options);
  let loads = 0;
  return {
    get counts() {
      return places.current?.client.counts ?? { modelRuns: 0, headRuns: 0 };
    },
    call<K extends CallKind>(
      kind: K,
      request: Calls[K]["request"],
      callOptions?: CallOptions<K>,
    ): Promise<Calls[K]["result"]> {
      if (kind !== "load") {
        if (places.current === undefined)
          throw new RangeError(`${kind} was called before a model was loaded`);
        return places.current.client.call(kind, request, callOptions as never); // of the same kind
      }
      loads += 1;
      const number = loads;
      const { signal } = callOptions ?? {};
      const check = (): void => {
        signal?.throwIfAborted();
        if (places.isClosed || number !== loads)
          throw new DOMException("The load was left.", "AbortError");
      };
      const load = { request: request as LoadRequest, options: callOptions as LoadOptions, check }; // K is "load" here
      return loadEither(places, load);
    },
    onDeath: (listener) => void places.deathListeners.push(listener),
    onReplaced: (listener) => void places.replacedListeners.push(listener),
    close: () => places.close(),
  };
}

async function loadEither(places: Places, load: Load): Promise<LoadedModel> {
  const { request, check } = load;
  if (!wantsServer(request)) return loadHere(places, load);
  try {
    return await places.load(true, load);
  } catch (error) {
    if (request.engine === "server") throw error;
    check();
    const loaded = await loadHere(places, load);
    const said = error instanceof Error ? error.message : String(error);
    const reason = `The server's engine could not be had (${said}). ${loaded.engineReason}`;
    return { ...loaded, engineReason: reason };
  }
}

async function loadHere(places: Places, load: Load): Promise<LoadedModel> {
  const { request } = load;
  const engine = request.engine === "server" ? "auto" : (request.engine ?? "auto");
  const loaded = await places.load(false, { ...load, request: { ...request, engine } });
  return { ...loaded, hasServer: request.model.calls !== undefined };
}

interface Place {
  readonly client: ModelClient;
  readonly isServed: boolean;
}

/** The engine whose model answers, and the one of the other kind that loads the next. */
class Places {
  readonly deathListeners: Parameters<ModelClient["onDeath"]>[0][] = [];
  readonly replacedListeners: Parameters<ModelClient["onReplaced"]>[0][] = [];
  current: Place | undefined;
  isClosed = false;
  readonly #options: PageClientOptions;
  #next: Place | undefined; // one whose load failed stays: it still has what it fetched

  constructor(options: PageClientOptions) {
    this.#options = options;
  }

  /** Loads there; the one before answers until that has succeeded. */
  async load(isServed: boolean, { request, options, check }: Load): Promise<LoadedModel> {
    check();
    const place = await this.#placeOf(isServed, check);
    check();
    const loaded = await place.client.call("load", request, options);
    check();
    if (place === this.current) return loaded;
    this.current?.client.close();
    this.current = place;
    this.#next = undefined;
    return loaded;
  }

  close(): void {
    this.isClosed = true;
    for (const place of [this.current, this.#next]) place?.client.close();
    this.current = undefined;
    this.#next = undefined;
  }

  async #placeOf(isServed: boolean, check: Load["check"]): Promise<Place> {
    if (this.#next?.isServed !== isServed) {
      this.#next?.client.close();
      this.#next = undefined;
    }
    if (this.current?.isServed === isServed) return this.current;
    if (this.#next !== undefined) return this.#next;
    const { startServed, startWorker } = this.#options;
    const client = isServed ? await startServed() : startWorker();
    try {
      check();
    } catch (error) {
      client.close(); // nobody else knows of it
      throw error;
    }
    const place = { client, isServed };
    this.#next = place;
    this.#listenTo(place);
    return place;
  }

  #listenTo(place: Place): void {
    place.client.onDeath((error) => {
      const isLast = place === (this.current ?? this.#next);
      if (this.current === place) this.current = undefined;
      if (this.#next === place) this.#next = undefined;
      if (!isLast) return; // its load says why
      for (const listener of this.deathListeners) listener(error);
    });
    place.client.onReplaced((replacement) => {
      if (this.current !== place) return;
      for (const listener of this.replacedListeners) listener(replacement);
    });
  }
}

function wantsServer({ model, engine = "auto" }: LoadRequest): boolean {
  if (model.calls === undefined || model.file !== undefined) return false;
  return engine === "server" || engine === "auto";
}
