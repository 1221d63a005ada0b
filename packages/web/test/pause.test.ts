import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pause } from "../src/worker/pause.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a pause ends by itself and leaves nothing at its signal", async () => {
  const { signal } = new AbortController();
  const [add, remove] = [
    vi.spyOn(signal, "addEventListener"),
    vi.spyOn(signal, "removeEventListener"),
  ];
  const paused = pause(500, signal);
  await vi.advanceTimersByTimeAsync(500);
  await paused;
  expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
    add.mock.calls.map(([, listener]) => listener),
  );
});

test("a signal ends a pause, also one that was aborted before, and no timer is left", async () => {
  const stop = new AbortController();
  const paused = pause(500, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(paused).rejects.toThrow("stopped");
  await expect(pause(500, stop.signal)).rejects.toThrow("stopped");
  expect(vi.getTimerCount()).toBe(0);
});
