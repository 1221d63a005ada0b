import { createHash } from "node:crypto";
import { EngineError } from "@tokenscope/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadModelFile } from "../src/worker/model-file.ts";
import type { ModelFile } from "../src/worker/protocol.ts";

const FILE = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251);
const MODEL: ModelFile = {
  id: "small",
  label: "Small",
  url: "https://models.example/small.gguf",
  sha256: createHash("sha256").update(FILE).digest("hex"),
  fileBytes: FILE.length,
};

/** How a host answers the n-th request, given where the range begins. */
type Answer = (from: number) => Response;

interface Asked {
  readonly url: string;
  readonly range: string | null;
}

/** Puts a host in place of the network; what it was asked comes back. */
function host(...answers: readonly Answer[]): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    init.signal?.throwIfAborted();
    const range = new Headers(init.headers).get("range");
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ url, range });
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer(Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0));
  });
  return asked;
}

/** A body in pieces of 100 bytes, which breaks after so many bytes. */
function body(bytes: Uint8Array, breaksAfter = Infinity): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= breaksAfter) return controller.error(new TypeError("network error"));
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + 100));
      at += 100;
    },
  });
}

const whole: Answer = () => new Response(body(FILE));
const rest: Answer = (from) =>
  new Response(body(FILE.slice(from)), { status: from > 0 ? 206 : 200 });
const broken: Answer = (from) =>
  new Response(body(FILE.slice(from), 300), { status: from > 0 ? 206 : 200 });
const offline: Answer = () => {
  throw new TypeError("fetch failed");
};

/** A Cache API over a map; `failure` is what a put meets. */
function cacheStorage(failure?: Error) {
  const kept = new Map<string, Uint8Array>();
  const cache = {
    match: async (key: string) => {
      const bytes = kept.get(key);
      return bytes === undefined ? undefined : new Response(bytes.slice());
    },
    put: async (key: string, response: Response) => {
      if (failure !== undefined) throw failure;
      kept.set(key, new Uint8Array(await response.arrayBuffer()));
    },
    delete: async (key: string) => kept.delete(key),
  };
  vi.stubGlobal("caches", { open: async () => cache });
  return kept;
}

let progress: number[] = [];
beforeEach(() => {
  progress = [];
});
afterEach(() => void vi.unstubAllGlobals());

/** The file as it comes: opened, whole. */
async function load(
  model = MODEL,
  signal = new AbortController().signal,
): Promise<Uint8Array<ArrayBuffer>> {
  const onProgress = (bytes: number): void => void progress.push(bytes);
  const file = await loadModelFile(model, { onProgress, signal });
  expect(file).toBeInstanceOf(Blob);
  return new Uint8Array(await file.arrayBuffer());
}

async function failureOf(loading: Promise<unknown>): Promise<Error> {
  const error = await loading.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EngineError);
  return error as Error;
}

test("a file is fetched once, with progress, and comes from the cache from then on", async () => {
  const kept = cacheStorage();
  const asked = host(whole);
  expect(await load()).toEqual(FILE);
  expect(progress).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  expect(asked).toEqual([{ url: MODEL.url, range: null }]);
  expect([...kept.keys()]).toEqual([`/tokenscope-models/${MODEL.sha256}`]);
  expect(await load()).toEqual(FILE);
  expect(asked).toHaveLength(1);
});

test("what is given is the cache's file, not a second one, and the array that was verified is let go", async () => {
  cacheStorage();
  host(whole);
  const { subtle } = crypto;
  let verified: WeakRef<object> | undefined;
  const digest = (algorithm: string, bytes: Uint8Array<ArrayBuffer>) => {
    verified = new WeakRef(bytes);
    return subtle.digest(algorithm, bytes);
  };
  vi.stubGlobal("crypto", { subtle: { digest } });
  const { match } = await caches.open("any");
  const read: Blob[] = [];
  const matched = async (key: string) => {
    const kept = await match(key);
    const file = await kept?.blob();
    if (file !== undefined) read.push(file);
    return file === undefined ? undefined : { blob: async () => file };
  };
  const cache = { ...(await caches.open("any")), match: matched };
  vi.stubGlobal("caches", { open: async () => cache });
  const file = await loadModelFile(MODEL, {
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  expect(read).toEqual([file]);
  expect(read[0]).toBe(file);
  await new Promise((resolve) => setTimeout(resolve)); // a WeakRef holds until its task is over
  globalThis.gc?.();
  expect(globalThis.gc).toBeDefined();
  expect(verified).toBeDefined();
  expect(verified?.deref()).toBeUndefined();
});

test("an interrupted download goes on where it stopped", async () => {
  cacheStorage();
  const asked = host(broken, broken, rest);
  expect(await load()).toEqual(FILE);
  expect(asked.map(({ range }) => range)).toEqual([null, "bytes=300-", "bytes=600-"]);
  expect(progress).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
});

test("a host that knows no ranges sends the whole file again, and that is well too", async () => {
  cacheStorage();
  const asked = host(broken, whole);
  expect(await load()).toEqual(FILE);
  expect(asked.map(({ range }) => range)).toEqual([null, "bytes=300-"]);
  expect(progress.slice(3)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
});

test("a download that ends early goes on too", async () => {
  cacheStorage();
  const asked = host(() => new Response(body(FILE.slice(0, 400))), rest);
  expect(await load()).toEqual(FILE);
  expect(asked.map(({ range }) => range)).toEqual([null, "bytes=400-"]);
});

test("after the third interruption one sentence says how far it came", async () => {
  const kept = cacheStorage();
  const model = { ...MODEL, fileBytes: 2_000_000 };
  const big = new Uint8Array(1_200_000);
  const asked = host(() => new Response(big.slice()), offline);
  const error = await failureOf(load(model));
  expect(error.message).toBe("The download stopped at 1.2 of 2.0 MB: the network went away.");
  expect(asked).toHaveLength(3);
  expect(kept.size).toBe(0);
});

test("what came before a download was given up is not fetched again by the next one", async () => {
  cacheStorage();
  host(broken, offline);
  await failureOf(load());
  const asked = host(rest);
  expect(await load()).toEqual(FILE);
  expect(asked.map(({ range }) => range)).toEqual(["bytes=300-"]);
});

test("what came before and was not the file is fetched again whole", async () => {
  cacheStorage();
  host(() => new Response(new Uint8Array(300)), offline);
  await failureOf(load());
  const asked = host(rest, whole);
  expect(await load()).toEqual(FILE);
  expect(asked.map(({ range }) => range)).toEqual(["bytes=300-", null]);
});

test("without a network nothing came, and that is said", async () => {
  cacheStorage();
  host(offline);
  const error = await failureOf(load({ ...MODEL, fileBytes: 98_362_432 }));
  expect(error.message).toBe("The download stopped at 0.0 of 98.4 MB: the network went away.");
});

test.each([404, 403, 500])("a host that answers %i is not asked again", async (status) => {
  cacheStorage();
  const asked = host(() => new Response("no", { status }));
  const error = await failureOf(load());
  expect(error.message).toBe(`The download stopped at 0.0 of 0.0 MB: the host answered ${status}.`);
  expect(asked).toHaveLength(1);
});

test("a file that is longer than it should be is refused", async () => {
  const kept = cacheStorage();
  host(() => new Response(body(new Uint8Array(1100))));
  const error = await failureOf(load());
  expect(error.message).toMatch(/: the file is longer than it should be\.$/);
  expect(kept.size).toBe(0);
});

test("another file of the same length is refused by its sha256, and nothing is kept", async () => {
  const kept = cacheStorage();
  const other = FILE.slice();
  other[999] = (other[999] ?? 0) ^ 1; // one bit
  host(() => new Response(body(other)));
  const error = await failureOf(load());
  const theirs = createHash("sha256").update(other).digest("hex").slice(0, 12);
  const ours = MODEL.sha256.slice(0, 12);
  expect(error.message).toBe(
    `The file that came is not Small: its sha256 begins with ${theirs}, not ${ours}. Nothing was kept; try again.`,
  );
  expect(kept.size).toBe(0);
});

test("without a Cache API the file is fetched each time, and works", async () => {
  vi.stubGlobal("caches", undefined);
  const asked = host(whole);
  expect(await load()).toEqual(FILE);
  expect(await load()).toEqual(FILE);
  expect(asked).toHaveLength(2);
});

test("a cache without room loses nothing but the time of the next visit", async () => {
  const kept = cacheStorage(new DOMException("no room", "QuotaExceededError"));
  host(whole);
  expect(await load()).toEqual(FILE);
  expect(kept.size).toBe(0);
});

test("a cache that cannot be opened is as good as none", async () => {
  const refused = () => Promise.reject(new DOMException("denied", "SecurityError"));
  vi.stubGlobal("caches", { open: refused });
  host(whole);
  expect(await load()).toEqual(FILE);
});

test("a file of the user's own that was not kept is asked for again, and nothing is fetched", async () => {
  const kept = cacheStorage();
  const asked = host(whole);
  const own = { ...MODEL, label: "mine", url: "" };
  const error = await failureOf(load(own));
  expect(error.message).toMatch(/^mine is a file of yours .* choose it again under Models/);
  expect(asked).toEqual([]);
  kept.set(`/tokenscope-models/${own.sha256}`, FILE);
  expect(await load(own)).toEqual(FILE);
});

test("a cached file that was cut short is fetched again", async () => {
  const kept = cacheStorage();
  kept.set(`/tokenscope-models/${MODEL.sha256}`, FILE.slice(0, 400));
  const asked = host(whole);
  expect(await load()).toEqual(FILE);
  expect(asked).toHaveLength(1);
  expect(kept.get(`/tokenscope-models/${MODEL.sha256}`)).toEqual(FILE);
});

test("without crypto.subtle, at a plain http address, a file is verified all the same", async () => {
  cacheStorage();
  host(whole);
  vi.stubGlobal("crypto", {});
  expect(await load()).toEqual(FILE);
  host(() => new Response(body(FILE.map((byte) => byte ^ 1))));
  const error = await failureOf(load({ ...MODEL, sha256: "0".repeat(64) }));
  expect(error.message).toMatch(/^The file that came is not /);
});

test("an aborted download is aborted, not interrupted", async () => {
  cacheStorage();
  const abort = new AbortController();
  const asked = host(() => {
    abort.abort();
    return new Response(body(FILE, 300));
  });
  await expect(load(MODEL, abort.signal)).rejects.toMatchObject({ name: "AbortError" });
  expect(asked).toHaveLength(1);
});
