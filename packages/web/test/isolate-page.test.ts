import { expect, test, vi } from "vitest";
import { type Isolation, isolatePage } from "../src/offline/register.ts";

/** A browser with a service worker, on a host without headers. */
function isolation(changes: Partial<Isolation> = {}, kept = new Map<string, string>()) {
  const memory = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const reload = vi.fn();
  const registered = vi.fn(async () => {});
  const base = { isIsolated: false, isUntouched: () => true, registered, reload, memory };
  return { ...base, ...changes };
}

const STARTED = "started";

/** "started" where the model may start; "waits" where a reload is under way. */
async function outcome(browser: Isolation): Promise<string> {
  const soon = new Promise<string>((resolve) => setTimeout(resolve, 0, "waits"));
  return Promise.race([isolatePage(browser).then(() => STARTED), soon]);
}

test("a host with headers starts the model at once, and nothing is registered for it", async () => {
  const browser = isolation({ isIsolated: true });
  expect(await outcome(browser)).toBe(STARTED);
  expect(browser.registered).not.toHaveBeenCalled();
});

test("a host without headers has its page reloaded once, before any model", async () => {
  const kept = new Map<string, string>();
  const first = isolation({}, kept);
  expect(await outcome(first)).toBe("waits");
  expect(first.reload).toHaveBeenCalledOnce();
  const second = isolation({ isIsolated: true }, kept);
  expect(await outcome(second)).toBe(STARTED);
  expect(second.reload).not.toHaveBeenCalled();
});

test("a browser that is not isolated after the reload starts on one thread, and is not reloaded again", async () => {
  const kept = new Map<string, string>();
  await outcome(isolation({}, kept));
  const second = isolation({}, kept);
  expect(await outcome(second)).toBe(STARTED);
  expect(second.reload).not.toHaveBeenCalled();
});

test("what was written meanwhile is not reloaded away", async () => {
  const browser = isolation({ isUntouched: () => false });
  expect(await outcome(browser)).toBe(STARTED);
  expect(browser.reload).not.toHaveBeenCalled();
});

test("without service workers, or without storage, the model starts on one thread", async () => {
  const registered = () => Promise.reject(new TypeError("none"));
  expect(await outcome(isolation({ registered }))).toBe(STARTED);
  const getItem = () => {
    throw new DOMException("denied", "SecurityError");
  };
  const { memory } = isolation();
  const browser = isolation({ memory: { ...memory, getItem } });
  expect(await outcome(browser)).toBe(STARTED);
  expect(browser.reload).not.toHaveBeenCalled();
});
