// Ends a transfer that has fallen silent. Knows no clock but a timer.

/** A signal that aborts when nobody has called `touch` for as long as the last call allowed. */
export interface Watchdog {
  readonly signal: AbortSignal;
  /** Grants this much silence from now. */
  touch(silenceMs: number): void;
  stop(): void;
}

/** Starts watching; `stop` must be called, or the timer keeps the process alive. */
export function startWatchdog(silenceMs: number): Watchdog {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const touch = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error(`no answer in ${ms / 1000} s`)), ms);
  };
  touch(silenceMs);
  return { signal: controller.signal, touch, stop: () => clearTimeout(timer) };
}
