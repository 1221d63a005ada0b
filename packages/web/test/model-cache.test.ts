import { afterEach, expect, test, vi } from "vitest";
import { deleteKept, keepBlob, keptBlob, keptModels } from "../src/worker/model-cache.ts";

const FIRST = { sha256: "1".repeat(64), label: "Größer, 7B" };
const SECOND = { sha256: "2".repeat(64), label: "" };

afterEach(() => void vi.unstubAllGlobals());

/** A Cache API over a map; `failure` is what a put meets. */
function cacheStorage(failure?: Error): void {
  const kept = new Map<string, Response>();
  const cache = {
    match: async (key: string) => kept.get(key)?.clone(),
    put: async (key: string, response: Response) => {
      if (failure !== undefined) throw failure;
      kept.set(key, response);
    },
    delete: async (key: string) => kept.delete(key),
    keys: async () => [...kept.keys()].map((key) => ({ url: `https://host.example${key}` })),
  };
  vi.stubGlobal("caches", { open: async () => cache });
}

test("kept models are listed with their names and sizes, and deleted one by one", async () => {
  cacheStorage();
  expect(await keepBlob(FIRST, new Blob(["12345"]))).toBe(true);
  expect(await keepBlob(SECOND, new Blob(["1"]))).toBe(true);
  expect(await keptModels()).toEqual([
    { ...FIRST, fileBytes: 5 },
    { ...SECOND, fileBytes: 1 },
  ]);
  expect(await (await keptBlob(FIRST.sha256))?.text()).toBe("12345");
  await deleteKept(FIRST.sha256);
  expect(await keptModels()).toEqual([{ ...SECOND, fileBytes: 1 }]);
  expect(await keptBlob(FIRST.sha256)).toBeNull();
});

test("where there is no room nothing is kept, and that is told", async () => {
  cacheStorage(new DOMException("no room", "QuotaExceededError"));
  expect(await keepBlob(FIRST, new Blob(["1"]))).toBe(false);
  expect(await keptModels()).toEqual([]);
});

test("a browser without a cache keeps nothing and has nothing", async () => {
  vi.stubGlobal("caches", undefined);
  expect(await keepBlob(FIRST, new Blob(["1"]))).toBe(false);
  expect(await keptModels()).toEqual([]);
  expect(await keptBlob(FIRST.sha256)).toBeNull();
  await deleteKept(FIRST.sha256);
});
