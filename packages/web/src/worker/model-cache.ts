// The models that this browser keeps, by their sha256: the worker reads them, the page lists and deletes them. Knows no network.

const CACHE = "tokenscope-models";
const LABEL = "x-tokenscope-label";
const SHA256 = /[0-9a-f]{64}$/;

/** A model file in the browser's cache; it was verified before it came there. */
export interface KeptModel {
  readonly sha256: string;
  readonly label: string; // empty where it was kept without one
  readonly fileBytes: number;
}

/** What a file is kept under and as. */
export interface KeptAs {
  readonly sha256: string;
  readonly label: string;
}

/** The file with this sha256 as it was kept; null where there is none. */
export async function keptBlob(sha256: string): Promise<Blob | null> {
  const kept = await (await openCache())?.match(keyOf(sha256));
  return (await kept?.blob()) ?? null;
}

/** Keeps a verified file; false where the browser has no room or keeps nothing. */
export async function keepBlob({ sha256, label }: KeptAs, file: Blob): Promise<boolean> {
  const headers = { [LABEL]: encodeURIComponent(label) };
  try {
    const cache = await openCache();
    await cache?.put(keyOf(sha256), new Response(file, { headers }));
    return cache !== undefined;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return false;
  }
}

/** Every kept model. */
export async function keptModels(): Promise<readonly KeptModel[]> {
  const cache = await openCache();
  const requests = (await cache?.keys()) ?? [];
  const models = await Promise.all(
    requests.map(async ({ url }) => {
      const [sha256] = SHA256.exec(url) ?? [];
      const kept = sha256 === undefined ? undefined : await cache?.match(keyOf(sha256));
      if (sha256 === undefined || kept === undefined) return [];
      const label = decodeURIComponent(kept.headers.get(LABEL) ?? "");
      return [{ sha256, label, fileBytes: (await kept.blob()).size }];
    }),
  );
  return models.flat();
}

/** Deletes a kept model; the engine that runs it goes on until it is closed. */
export async function deleteKept(sha256: string): Promise<void> {
  await (await openCache())?.delete(keyOf(sha256));
}

async function openCache(): Promise<Cache | undefined> {
  if (typeof caches === "undefined") return undefined; // there is none outside a secure context
  return caches.open(CACHE).catch(() => undefined); // a browser that keeps nothing refuses it
}

function keyOf(sha256: string): string {
  return `/${CACHE}/${sha256}`;
}
