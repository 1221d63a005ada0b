// The versions of the page that this browser keeps: each whole in a cache of its own, so that no two are ever mixed.

import { isHashed } from "./page-requests.ts";

/** One build of the page, as the build script lists it. */
export interface PageBuild {
  readonly version: string;
  /** The script that index.html starts: an index.html without it is of another version. */
  readonly entry: string;
  /** Addresses relative to the page. */
  readonly files: readonly string[];
}

export interface KeptPage {
  /** Fetches every file and the page itself; rejects, and keeps nothing, where one is missing or another version's. */
  keep(build: PageBuild): Promise<void>;
  /** Fetches files that the page can do without; keeps those that come. */
  keepMore(build: PageBuild, files: readonly string[]): Promise<void>;
  /** Drops all versions but this one and the one before, whose open tabs may still ask for their files. */
  dropOld(build: PageBuild): Promise<void>;
  match(url: string): Promise<Response | undefined>;
  put(build: PageBuild, url: string, response: Response): Promise<void>;
}

const PREFIX = "tokenscope-page";

/** The versions kept for the page in this folder; two pages on one host do not meet. */
export function keptPage(caches: CacheStorage, scope: string): KeptPage {
  const prefix = `${PREFIX} ${scope} `;
  const open = ({ version }: PageBuild): Promise<Cache> => caches.open(prefix + version);
  const names = async (): Promise<readonly string[]> =>
    (await caches.keys()).filter((name) => name.startsWith(prefix));
  const match = async (url: string): Promise<Response | undefined> => {
    for (const name of (await names()).toReversed()) {
      const found = await caches.match(url, { cacheName: name, ignoreVary: true });
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const fetched = async (file: string): Promise<Response> => {
    const url = scope + file;
    const response = isHashed(file)
      ? ((await match(url)) ?? (await fetch(url, { cache: "force-cache" }))) // the page has just loaded most of them
      : await fetch(url, { cache: "no-cache" });
    if (response.ok) return response;
    throw new Error(`${url}: the host answered ${response.status}`);
  };
  const keepFile = async (build: PageBuild, file: string): Promise<void> =>
    (await open(build)).put(scope + file, await fetched(file));

  return {
    match,
    put: async (build, url, response) => (await open(build)).put(url, response),
    async keep(build) {
      try {
        await Promise.all(build.files.map((file) => keepFile(build, file)));
        const page = await fetch(scope, { cache: "no-cache" });
        const isWhole = page.ok && (await page.clone().text()).includes(build.entry);
        if (!isWhole) throw new Error(`${scope}: the page is of another version`);
        await (await open(build)).put(scope, page);
      } catch (error) {
        await caches.delete(prefix + build.version);
        throw error;
      }
    },
    async keepMore(build, files) {
      await Promise.allSettled(files.map((file) => keepFile(build, file)));
    },
    async dropOld({ version }) {
      const others = (await names()).filter((name) => name !== prefix + version);
      await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
    },
  };
}
