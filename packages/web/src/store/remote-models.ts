// Models on another server, which the page's own server asks for it: the page itself connects to no other.

import type { RemoteModels, RemotePlace, RemotePlaceRequest } from "@tokenscope/calls";

/** A model that may stand beside the page's own. */
export interface RemoteModel {
  readonly kind: "remote";
  readonly id: string;
  readonly host: string; // of the other server
  readonly address: string; // of the page's server, below which it is asked
}

/** What the page's server may ask; a problem in a sentence where the other one does not answer. */
export interface RemoteShelf {
  readonly models: readonly RemoteModel[];
  readonly problem: string | null;
}

/** The models below this address of the page's server. */
export async function remoteModels(address: string): Promise<RemoteShelf> {
  try {
    const { host, models } = await answerOf<RemoteModels>(fetch(new URL("models", address)));
    const model = (id: string): RemoteModel => ({ kind: "remote", id, host, address });
    return { models: models.map(model), problem: null };
  } catch (error) {
    return { models: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What the model says at a place; rejects with the server's sentence, or an AbortError. */
export function askRemotePlace(
  { address, id }: RemoteModel,
  place: Omit<RemotePlaceRequest, "model">,
  signal: AbortSignal,
): Promise<RemotePlace> {
  return answerOf<RemotePlace>(
    fetch(new URL("place", address), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...place, model: id }),
      signal,
    }),
  );
}

async function answerOf<T>(asked: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await asked;
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new Error("This page's server does not answer; start it again, then ask again.", {
      cause: error,
    });
  }
  if (response.ok) return (await response.json()) as T;
  const said = (await response.json().catch(() => null)) as ErrorAnswer | null; // a proxy says something else
  throw new Error(
    said?.error?.message ?? `This page's server answered ${response.status}; ask again.`,
  );
}

interface ErrorAnswer {
  readonly error?: { readonly message?: string };
}
