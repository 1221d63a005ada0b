import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openLabUrl } from "../src/components/lab/use-lab-file.ts";
import { openPage } from "./store-model.ts";

const LAB = JSON.stringify({
  tokenscopeLab: 1,
  title: "Bits",
  parts: [{ title: "One", task: "", questions: ["Why?"] }],
});

/** The browser's part: where the page is, and what a server answers. */
beforeEach(() => {
  vi.stubGlobal("document", { baseURI: "https://host.example/tokenscope/" });
  vi.stubGlobal("location", { origin: "https://host.example" });
  vi.stubGlobal("fetch", async (url: URL) => {
    if (url.origin !== "https://host.example") throw new TypeError("Failed to fetch");
    return url.pathname === "/tokenscope/labs/bits.json"
      ? new Response(LAB)
      : new Response("", { status: 404 });
  });
});
afterEach(() => void vi.unstubAllGlobals());

async function opened(address: string) {
  const page = await openPage();
  const store = { getState: page.state, setState: vi.fn() };
  await openLabUrl(store, address);
  return { state: page.state(), problem: store.setState.mock.calls[0]?.[0]?.problem };
}

test("an address is read relative to the page, and kept for the card", async () => {
  const { state, problem } = await opened("labs/bits.json");
  expect(problem).toBeUndefined();
  expect(state).toMatchObject({ isLabOpen: true, lab: { guide: { title: "Bits" } } });
  expect(state.lab.guideUrl).toBe("https://host.example/tokenscope/labs/bits.json");
});

test("a file that is not there is named with what the server said, and the guide stays", async () => {
  const { state, problem } = await opened("labs/none.json");
  expect(problem).toBe(
    "There is no lab file at https://host.example/tokenscope/labs/none.json: the server said 404.",
  );
  expect(state.lab.guide).toBeNull();
});

test("a file on another host is refused with what to do", async () => {
  const { problem } = await opened("https://other.example/bits.json");
  expect(problem).toMatch(/cannot be reached; .*open it from this machine\.$/);
});

test("without a network a lab that is open already stays, and nothing is said", async () => {
  const page = await openPage();
  const store = { getState: page.state, setState: vi.fn() };
  await openLabUrl(store, "labs/bits.json");
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  await openLabUrl(store, "labs/bits.json");
  expect(store.setState).not.toHaveBeenCalled();
  expect(page.state().lab.guide?.title).toBe("Bits");
});
