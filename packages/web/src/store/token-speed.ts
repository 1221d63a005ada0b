// How fast tokens come: the time between the last ones over their number. It knows no clock.

const WINDOW_TOKENS = 32; // over fewer the figure would never stand still
const WINDOW_MS = 1000; // a busy page takes tokens in bursts, and a window inside one burst would say 0
const KEPT_TIMES = 1000; // a burst of more is none

/** The times with one more at the end; so many are kept as the figure may need. */
export function withTokenTime(times: readonly number[], milliseconds: number): readonly number[] {
  return [...times, milliseconds].slice(-KEPT_TIMES);
}

/**
 * Milliseconds per token over at least the last 32 tokens and the last second, as far as there are so many; null where no time has passed.
 * Example: 140, 0, 0, 0 again and again, four tokens to a burst -> 35.
 */
export function msPerToken(times: readonly number[]): number | null {
  let elapsedMs = 0;
  let tokens = 0;
  for (const milliseconds of times.toReversed()) {
    if (tokens >= WINDOW_TOKENS && elapsedMs >= WINDOW_MS) break;
    elapsedMs += milliseconds;
    tokens += 1;
  }
  return elapsedMs === 0 ? null : elapsedMs / tokens;
}
