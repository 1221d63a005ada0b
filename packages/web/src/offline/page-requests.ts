// What the service worker does with a request: which are the page's own, and which it leaves to the network. Knows no cache.

/** The part of a Request that decides. */
export interface AskedFor {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

/** Where the page lies and what lies beside it. */
export interface PagePlace {
  readonly scope: string; // the folder's address, with its last slash
  readonly files: readonly string[]; // relative to the scope
}

/**
 * The page itself: the network's newest, else the kept one. A hashed file: the kept one, for its name says its content.
 * A plain file: as the page. Null: not ours, the network answers alone; so it is for models, which the page keeps itself.
 */
export type RequestKind = "page" | "hashed" | "plain" | null;

/** The list of the models that the page's host has; there need not be one. */
const MODEL_LIST = "models.json";

/** Sorts a request. */
export function requestKind(
  { method, mode, url }: AskedFor,
  { scope, files }: PagePlace,
): RequestKind {
  if (method !== "GET" || !url.startsWith(scope)) return null;
  const path = url.slice(scope.length).replace(/[?#].*$/, "");
  if (mode === "navigate") return ["", "index.html"].includes(path) ? "page" : null;
  if (isHashed(path)) return "hashed";
  return path === MODEL_LIST || files.includes(path) ? "plain" : null;
}

/** True where a file's name carries its content's hash, as all that Vite builds do. */
export function isHashed(path: string): boolean {
  return path.startsWith("assets/");
}

const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** The answer with the headers that threads need, where its host sent none; an answer that a script may not read stays as it is. */
export function isolated(response: Response): Response {
  if (response.type === "opaqueredirect" || response.type === "error") return response;
  if (response.headers.has("cross-origin-embedder-policy")) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText, body } = response;
  return new Response(body, { status, statusText, headers });
}
