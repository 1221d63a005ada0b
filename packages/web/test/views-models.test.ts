import { emptyDocument, startHistory } from "@tokenscope/core";
import { DEFAULT_MODEL_ID, hubUrl, modelEntry } from "@tokenscope/models";
import { expect, test } from "vitest";
import type { ModelShelf } from "../src/store/models.ts";
import { type ModelsInputs, modelsView } from "../src/views/models.ts";
import { conversation } from "./views-document.ts";

const smol = modelEntry(DEFAULT_MODEL_ID);
const gemma = modelEntry("gemma-3-270m-q4_k_m");
const OWN = "2".repeat(64);
const NOTHING: ModelShelf = { hosted: [], kept: [], storage: null };
const keptOwn = { sha256: OWN, label: "mine", fileBytes: 1_500_000 };
const keptGemma = { sha256: gemma.sha256, label: "", fileBytes: gemma.fileBytes };

const running = (sha256: string, label: string) =>
  ({ kind: "ready", msPerToken: null, loaded: { identity: { sha256 }, label } }) as never;

function view(changes: Partial<ModelsInputs> = {}) {
  return modelsView({
    shelf: NOTHING,
    offered: null,
    chosen: null,
    ownFile: null,
    model: { kind: "waiting" },
    work: { kind: "idle" },
    history: startHistory(emptyDocument()),
    isRecording: false,
    ...changes,
  });
}

test("without a host's list the table's models come from the hub, with their licence and size", () => {
  const { rows } = view();
  expect(rows.map(({ label, facts }) => [label, facts])).toEqual([
    ["SmolLM2-135M-Instruct", "98.4 MB, Q4_1, Apache-2.0, from huggingface.co"],
    ["Gemma 3 270M (base)", "253.1 MB, Q4_K_M, Gemma Terms of Use, from huggingface.co"],
  ]);
  const [hub] = smol.sources;
  expect(rows[0]?.model.url).toBe(hub?.kind === "hub" ? hubUrl(hub) : "");
});

test("a model on the page's host comes from there, first and once", () => {
  const url = "https://host.example/models/gemma.gguf";
  const { id, label, sha256, fileBytes } = gemma;
  const hosted = [{ file: { id, label, sha256, fileBytes, url }, licence: gemma.licence }];
  const { rows } = view({ shelf: { ...NOTHING, hosted } });
  expect(rows.map((row) => row.label)).toEqual([gemma.label, smol.label]);
  expect(rows[0]?.model.url).toBe(url);
  expect(rows[0]?.facts).toMatch(/from this page's host$/);
});

test("terms are asked for until the file is here", () => {
  expect(view().rows[1]?.terms).toBe(gemma.terms);
  const { rows } = view({ shelf: { ...NOTHING, kept: [keptGemma] } });
  expect(rows[1]).toMatchObject({ isKept: true, terms: null });
});

test("a kept file of one's own is found again without an address, one without a name by its sha256", () => {
  const nameless = { ...keptOwn, sha256: "3".repeat(64), label: "" };
  const { rows } = view({ shelf: { ...NOTHING, kept: [keptOwn, nameless] } });
  expect(rows.slice(2)).toMatchObject([
    {
      label: "mine",
      facts: "1.5 MB, your own file",
      model: { url: "", sha256: OWN },
      isKept: true,
    },
    { label: "sha256 333333333333" },
  ]);
});

test("the model that runs is marked, and one's own that a reload loses says so until it is kept", () => {
  const chosen = { id: "mine", label: "mine", url: "", sha256: OWN, fileBytes: 1_500_000 };
  const ownFile = new Blob([]);
  const inputs = { chosen, ownFile, model: running(OWN, "mine") };
  expect(view(inputs).rows.at(-1)).toMatchObject({ isCurrent: true, isPassing: true });
  const kept = view({ ...inputs, shelf: { ...NOTHING, kept: [keptOwn] } });
  expect(kept.rows).toHaveLength(3);
  expect(kept.rows.at(-1)).toMatchObject({ isCurrent: true, isPassing: false, isKept: true });
  expect(kept.rows.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
});

test("what another model does to the conversation is said before, and what happens to it", () => {
  expect(view().warning).toBeNull();
  const history = startHistory(conversation());
  const model = running(smol.sha256, smol.label);
  expect(view({ history, model }).warning).toBe(
    "Another model begins a new conversation: the one on screen is made of SmolLM2-135M-Instruct's tokens, which mean nothing to others. It is kept in the list under Open.",
  );
  expect(view({ history, model, isRecording: true }).warning).not.toMatch(/Open/);
});

test("while the model writes no other is chosen", () => {
  expect(view().blocked).toBeNull();
  expect(view({ work: { kind: "generating", written: 1, of: 9 } }).blocked).toBe(
    "the model is writing",
  );
});

test("what is kept is counted, the page's own part is the rest", () => {
  expect(view().storage).toBe("Kept in this browser: 0 models, 0.0 MB.");
  const storage = {
    usedBytes: 255_613_024,
    quotaBytes: 60_400_000_000,
    conversationBytes: null,
  };
  expect(view({ shelf: { ...NOTHING, kept: [keptGemma], storage } }).storage).toBe(
    "Kept in this browser: 1 model, 253.1 MB; the page and its conversations, 2.5 MB. The browser allows 60 GB.",
  );
  const detailed = { ...storage, conversationBytes: 400_000 };
  expect(view({ shelf: { ...NOTHING, kept: [keptGemma], storage: detailed } }).storage).toMatch(
    /; conversations, 0\.4 MB; the page itself, 2\.1 MB\./,
  );
});
