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

/** A client of whichever of the two a load asks for: the server's engine where the host has one, unless another engine or a file of the user's own is wanted. Where the server's cannot be had unasked, the browser's takes its place. */
export function pageClient({ startWorker, startServed }: PageClientOptions): ModelClient {
  const deathListeners: Parameters<ModelClient["onDeath"]>[0][] = [];
  const replacedListeners: Parameters<ModelClient["onReplaced"]>[0][] = [];
  let current: { readonly client: ModelClient; readonly isServed: boolean } | undefined;

  const use = async (isServed: boolean): Promise<ModelClient> => {
    if (current?.isServed === isServed) return current.client;
    const client = isServed ? await startServed() : startWorker();
    current?.client.close();
    current = { client, isServed };
    client.onDeath((error) => {
      if (current?.client !== client) return;
      current = undefined;
      for (const listener of deathListeners) listener(error);
    });
    client.onReplaced((replacement) => {
      if (current?.client !== client) return;
      for (const listener of replacedListeners) listener(replacement);
    });
    return client;
  };

  const loadHere = async (request: LoadRequest, options: LoadOptions): Promise<LoadedModel> => {
    const engine = request.engine === "server" ? "auto" : (request.engine ?? "auto");
    const loaded = await (await use(false)).call("load", { ...request, engine }, options);
    return { ...loaded, hasServer: request.model.calls !== undefined };
  };

  const load = async (request: LoadRequest, options: LoadOptions): Promise<LoadedModel> => {
    if (!wantsServer(request)) return loadHere(request, options);
    try {
      return await (await use(true)).call("load", request, options);
    } catch (error) {
      if (request.engine === "server" || options?.signal?.aborted) throw error;
      const loaded = await loadHere(request, options);
      const said = error instanceof Error ? error.message : String(error);
      const reason = `The server's engine could not be had (${said}). ${loaded.engineReason}`;
      return { ...loaded, engineReason: reason };
    }
  };

  return {
    get counts() {
      return current?.client.counts ?? { modelRuns: 0, headRuns: 0 };
    },
    call<K extends CallKind>(
      kind: K,
      request: Calls[K]["request"],
      options?: CallOptions<K>,
    ): Promise<Calls[K]["result"]> {
      if (kind === "load") return load(request as LoadRequest, options as LoadOptions); // K is "load" here
      if (current === undefined)
        throw new RangeError(`${kind} was called before a model was loaded`);
      return current.client.call(kind, request, options as never); // of the same kind
    },
    onDeath: (listener) => void deathListeners.push(listener),
    onReplaced: (listener) => void replacedListeners.push(listener),
    close() {
      current?.client.close();
      current = undefined;
    },
  };
}

function wantsServer({ model, engine = "auto" }: LoadRequest): boolean {
  if (model.calls === undefined || model.file !== undefined) return false;
  return engine === "server" || engine === "auto";
}
