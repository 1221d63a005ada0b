// How a fetch shows itself on stderr: a bar on a terminal, a line now and then elsewhere, and each source that failed.

import { formatMegabytes } from "@tokenscope/core";
import type { FetchProgress } from "@tokenscope/models";
import { type FetchOptions, hubEndpoint, modelFolder } from "@tokenscope/models/node";
import { type World, writeLine } from "./world.ts";

const BAR_CELLS = 24;
const REDRAW_MS = 100; // quicker than the eye, slower than the network
const LINE_MS = 10_000; // in a log, where every line stays

/** Runs a fetch with this machine's cache and reports it; nothing is written where nothing is fetched. */
export async function reportedFetch<T>(
  world: World,
  fetch: (options: FetchOptions) => Promise<T>,
): Promise<T> {
  const { env, signal, stderr } = world;
  const report = fetchReport(world);
  try {
    return await fetch({
      folder: modelFolder(env),
      hubEndpoint: hubEndpoint(env),
      signal,
      onProgress: report.progress,
      onSourceFailed: ({ source, reason }) => {
        report.clear();
        void writeLine(
          stderr,
          `${source} did not give the model (${reason}); trying the next source`,
        );
      },
    });
  } finally {
    report.clear();
  }
}

export interface FetchReport {
  progress(progress: FetchProgress): void;
  clear(): void;
}

/** Progress of one fetch, as often as a person can use it. */
export function fetchReport({ stderr, nowMs }: Pick<World, "stderr" | "nowMs">): FetchReport {
  let start: { readonly source: string; readonly atMs: number; readonly bytes: number } | null =
    null;
  let shownMs = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) void stderr.write("\r\u001b[K");
    isDrawn = false;
  };
  return {
    clear,
    progress(progress) {
      const now = nowMs();
      if (start?.source !== progress.source) {
        start = { source: progress.source, atMs: now, bytes: progress.receivedBytes };
        shownMs = Number.NEGATIVE_INFINITY;
      }
      if (now - shownMs < (stderr.isTerminal ? REDRAW_MS : LINE_MS)) return;
      shownMs = now;
      const text = progressText(progress, {
        bytes: progress.receivedBytes - start.bytes,
        elapsedMs: now - start.atMs,
      });
      if (!stderr.isTerminal) void writeLine(stderr, text);
      else void stderr.write(`\r${text.slice(0, Math.max(20, stderr.columns - 1))}\u001b[K`);
      isDrawn = stderr.isTerminal;
    },
  };
}

/** One line of progress; `since` is what came since this source began, which a resumed download's first bytes are not. */
export function progressText(
  { source, receivedBytes, totalBytes }: FetchProgress,
  since: { readonly bytes: number; readonly elapsedMs: number },
): string {
  const bytesPerMs = since.elapsedMs > 0 ? since.bytes / since.elapsedMs : 0;
  const speed = bytesPerMs > 0 ? [`${formatMegabytes(bytesPerMs * 1000)}/s`] : [];
  if (totalBytes === null) {
    return [`fetching from ${source}`, formatMegabytes(receivedBytes), ...speed].join("  ");
  }
  const filled = Math.min(BAR_CELLS, Math.floor((receivedBytes / totalBytes) * BAR_CELLS));
  const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  const amount = `${formatMegabytes(receivedBytes)} of ${formatMegabytes(totalBytes)}`;
  const left =
    bytesPerMs > 0 ? [`${durationText((totalBytes - receivedBytes) / bytesPerMs)} left`] : [];
  return [bar, amount, ...speed, ...left, `from ${source}`].join("  ");
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
