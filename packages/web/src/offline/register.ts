// The page's side of its service worker: when it is registered, and the one reload that gives a host without headers its threads.

const ADDRESS = "service-worker.js"; // beside index.html: its folder is what it may answer for
const PATIENCE_MS = 15_000; // the page's files on a slow line; after that one thread is better than none
const RELOADED = "tokenscope-reloaded";

/** What the page's start depends on; the browser's own, but for tests. */
export interface Isolation {
  readonly isIsolated: boolean;
  /** True where a reload would lose nothing. */
  readonly isUntouched: () => boolean;
  /** Resolves once the service worker answers for the page; rejects where there can be none. */
  readonly registered: () => Promise<unknown>;
  readonly reload: () => void;
  readonly memory: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** Resolves when the model may start. On a host without isolation headers that is after the reload which the service worker answers: then it never resolves here. */
export async function isolatePage(isolation: Isolation): Promise<void> {
  const { memory } = isolation;
  try {
    const wasReloaded = memory.getItem(RELOADED) !== null;
    memory.removeItem(RELOADED);
    if (isolation.isIsolated || wasReloaded) return; // a browser that is not isolated now will not be
    await isolation.registered();
    if (!isolation.isUntouched()) return;
    memory.setItem(RELOADED, "1");
  } catch {
    return; // no service worker, or no storage: the page works on one thread, and the status bar says so
  }
  isolation.reload();
  await new Promise(() => {});
}

/** The browser's own part of `isolatePage`. */
export function browserIsolation(isUntouched: () => boolean): Isolation {
  return {
    isIsolated: self.crossOriginIsolated,
    isUntouched,
    registered: () => Promise.race([registerServiceWorker(), tooLate()]),
    reload: () => location.reload(),
    memory: sessionStorage,
  };
}

/** Registers the page's service worker; resolves once it is active, rejects where there can be none. */
export async function registerServiceWorker(): Promise<void> {
  const container: ServiceWorkerContainer | undefined = navigator.serviceWorker; // none outside a secure context
  if (container === undefined) throw new TypeError("this browser has no service workers here");
  await container.register(new URL(ADDRESS, document.baseURI), { updateViaCache: "none" });
  await container.ready;
}

function tooLate(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new DOMException("too late", "TimeoutError")), PATIENCE_MS);
  });
}
