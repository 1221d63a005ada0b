import { afterEach, expect, test, vi } from "vitest";
import { keptPage, type PageBuild } from "../src/offline/page-versions.ts";

const SCOPE = "https://host.example/page/";
const FIRST: PageBuild = {
  version: "1",
  entry: "assets/main-1.js",
  files: ["assets/main-1.js", "assets/same.js", "labs/a.json"],
};
const SECOND: PageBuild = {
  version: "2",
  entry: "assets/main-2.js",
  files: ["assets/main-2.js", "assets/same.js", "labs/a.json"],
};

afterEach(() => void vi.unstubAllGlobals());

/** A CacheStorage over maps, in the order in which its caches were opened. */
function cacheStorage(): CacheStorage {
  const all = new Map<string, Map<string, Response>>();
  const open = async (name: string) => {
    const kept = all.get(name) ?? new Map<string, Response>();
    all.set(name, kept);
    return { put: async (url: string, response: Response) => void kept.set(url, response) };
  };
  const match = async (url: string, { cacheName = "" } = {}) =>
    all.get(cacheName)?.get(url)?.clone();
  const keys = async () => [...all.keys()];
  return { open, match, keys, delete: async (name: string) => all.delete(name) } as never;
}

/** A host with these files; index.html starts `entry`. What it was asked comes back. */
function host(entry: string, missing: readonly string[] = []): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    const path = url.slice(SCOPE.length);
    asked.push(path);
    if (missing.includes(path)) return new Response("", { status: 404 });
    return new Response(path === "" ? `<script src="./${entry}">` : `${path} of ${entry}`);
  });
  return asked;
}

const textOf = async (response: Promise<Response | undefined>) => (await response)?.text();

test("a version is kept whole, page and files", async () => {
  const asked = host(FIRST.entry);
  const kept = keptPage(cacheStorage(), SCOPE);
  await kept.keep(FIRST);
  expect(asked.toSorted()).toEqual(["", ...FIRST.files].toSorted());
  expect(await textOf(kept.match(SCOPE))).toContain(FIRST.entry);
  expect(await kept.match(`${SCOPE}assets/other.js`)).toBeUndefined();
});

test("the next version fetches only what is new by name, and what carries no hash", async () => {
  const caches = cacheStorage();
  const kept = keptPage(caches, SCOPE);
  host(FIRST.entry);
  await kept.keep(FIRST);
  const asked = host(SECOND.entry);
  await kept.keep(SECOND);
  expect(asked.toSorted()).toEqual(["", "assets/main-2.js", "labs/a.json"]);
  expect(await textOf(kept.match(SCOPE))).toContain(SECOND.entry);
  expect(await textOf(kept.match(`${SCOPE}labs/a.json`))).toContain(SECOND.entry);
  expect(await kept.match(`${SCOPE}assets/main-1.js`)).toBeDefined(); // an open tab may still ask for it
});

test.each([
  ["a file is missing", SECOND.entry, ["assets/same.js"]],
  ["the page is of another version", FIRST.entry, []],
])("where %s nothing of a version is kept, and the one before stays", async (_, entry, missing) => {
  const caches = cacheStorage();
  const kept = keptPage(caches, SCOPE);
  host(FIRST.entry);
  await kept.keep({ ...FIRST, files: FIRST.files.filter((file) => file !== "assets/same.js") });
  host(entry, missing);
  await expect(kept.keep(SECOND)).rejects.toThrow(/host answered 404|another version/);
  expect(await caches.keys()).toEqual([`tokenscope-page ${SCOPE} 1`]);
  expect(await textOf(kept.match(SCOPE))).toContain(FIRST.entry);
});

test("of many versions the newest and the one before are kept, and other folders' and the models are left alone", async () => {
  const caches = cacheStorage();
  await caches.open("tokenscope-models");
  await caches.open("tokenscope-page https://host.example/other/ 1");
  const kept = keptPage(caches, SCOPE);
  const third = { ...SECOND, version: "3" };
  for (const build of [FIRST, SECOND, third]) {
    host(build.entry);
    await kept.keep(build);
  }
  await kept.dropOld(third);
  expect(await caches.keys()).toEqual([
    "tokenscope-models",
    "tokenscope-page https://host.example/other/ 1",
    `tokenscope-page ${SCOPE} 2`,
    `tokenscope-page ${SCOPE} 3`,
  ]);
});

test("files that the page can do without are kept as far as they come", async () => {
  const kept = keptPage(cacheStorage(), SCOPE);
  host(FIRST.entry, ["assets/b.wasm"]);
  await kept.keepMore(FIRST, ["assets/a.wasm", "assets/b.wasm"]);
  expect(await kept.match(`${SCOPE}assets/a.wasm`)).toBeDefined();
  expect(await kept.match(`${SCOPE}assets/b.wasm`)).toBeUndefined();
});
