// `serve` in this process, on a free port, with a page of one line.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Output, World } from "../src/world.ts";
import { type Run, run } from "./test-world.ts";

/** A folder with a page. */
export const pageDir = mkdtempSync(join(tmpdir(), "tokenscope-page-"));
writeFileSync(join(pageDir, "index.html"), "<!doctype html><title>page</title>");

interface Served {
  readonly url: string;
  readonly opened: readonly string[];
  stop(): Promise<Run>;
}

interface ServeTestOptions {
  readonly world?: Partial<World>;
  readonly lines?: string[]; // what it prints
}

/** Starts `serve` and waits until it says where it is. */
export async function serve(
  args: readonly string[],
  { world = {}, lines = [] }: ServeTestOptions = {},
): Promise<Served> {
  const controller = new AbortController();
  const opened: string[] = [];
  let ended: Promise<Run> | undefined;
  const said = await new Promise<string>((resolve, reject) => {
    const stdout: Output = {
      isTerminal: false,
      columns: 80,
      write: async (text) => {
        lines.push(text);
        resolve(text);
      },
    };
    const openPage = (url: string): void => {
      opened.push(url);
    };
    const { signal } = controller;
    ended = run(args, { world: { pageDir, signal, stdout, openPage, ...world } });
    ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return {
    url: /http:\S+/.exec(said)?.[0] ?? "",
    opened,
    stop: async () => {
      controller.abort();
      return (await ended) as Run;
    },
  };
}
