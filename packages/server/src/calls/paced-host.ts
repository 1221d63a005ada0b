// A host that many pages share: what runs long is taken in parts, others are heard between two of them, and a page that has gone gets no further one. Knows no connection.

import type { SessionHost } from "@tokenscope/calls";

const VECTORS_AT_ONCE = 64; // one head run: more than most models have layers

type Pace = <T>(signal: AbortSignal, part: () => Promise<T>) => Promise<T>;

/** The same answers as the host's. Head runs take turns; a call rejects with the reason of its signal. */
export function pacedHost(host: SessionHost): SessionHost {
  const pace = onePartATurn();
  return {
    ...host,
    refusals: async ({ doc, roles }, emit, signal) => {
      const found: (readonly [string, string | null])[] = [];
      for (const role of roles) {
        const part = await pace(signal, () => host.refusals({ doc, roles: [role] }, emit, signal));
        found.push(...Object.entries(part));
      }
      return Object.fromEntries(found);
    },
    scoreAt: async ({ contextVectors, id }, emit, signal) => {
      const scores: Awaited<ReturnType<SessionHost["scoreAt"]>>[number][] = [];
      for (let from = 0; from < contextVectors.length; from += VECTORS_AT_ONCE) {
        const part = { contextVectors: contextVectors.slice(from, from + VECTORS_AT_ONCE), id };
        scores.push(...(await pace(signal, () => host.scoreAt(part, emit, signal))));
      }
      return scores;
    },
    search: (request, emit, signal) => pace(signal, () => host.search(request, emit, signal)),
    settingsView: (request, emit, signal) =>
      pace(signal, () => host.settingsView(request, emit, signal)),
    logits: (request, emit, signal) => pace(signal, () => host.logits(request, emit, signal)),
  };
}

/** One part after the other, with a turn of the event loop before each. */
function onePartATurn(): Pace {
  let last: Promise<unknown> = Promise.resolve();
  return (signal, part) => {
    const result = last.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      return part();
    });
    last = result.catch(() => undefined); // the caller has the failure; the next part goes on
    return result;
  };
}
