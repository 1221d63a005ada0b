// A pause that a signal ends. Knows nothing of what is waited for.

/** Resolves after so many milliseconds; rejects with the signal's reason when that is aborted, now or before. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop); // one signal outlives many pauses
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
