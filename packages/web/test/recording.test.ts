import { decodeTokens, FormatError, type TokenId } from "@tokenscope/core";
import { expect, test } from "vitest";
import file from "../src/recording/dragon.json" with { type: "json" };
import { RECORDED_WITH, writtenWith } from "../src/recording/recorded-with.ts";
import {
  loadRecording,
  parseRecording,
  type RecordingFile,
  recordingOpening,
} from "../src/recording/recording.ts";
import { cliCommands } from "../src/views/cli-command.ts";
import { neighbourView } from "../src/views/neighbour.ts";
import { panelView } from "../src/views/panel.ts";
import { activeDocumentPath, documentPath, replyTurn } from "../src/views/path.ts";
import { sessionOf } from "../src/views/session.ts";
import {
  branchTexts,
  closedPage,
  generating,
  isAllScored,
  openPage,
  runsOf,
  say,
  textOf,
} from "./store-model.ts";

const dragon = file as unknown as RecordingFile;
const recording = parseRecording(dragon);
const doc = recording.history.present;
const paths = doc.branches.map(({ key }) => documentPath(doc, key));

test("the committed example is a conversation whose reply ends in the model's stop token", () => {
  const path = activeDocumentPath(doc);
  const roles = path.turns.map((turn) => turn.role);
  expect(roles).toEqual(["system", "user", "assistant"]);
  const last = path.nodes.at(-1);
  expect(last).toMatchObject({ part: "close", role: "assistant" });
  expect(last?.origin).not.toBe("template"); // the model wrote it
  expect(decodeTokens([recording.vocabulary.bytes(last?.id as TokenId)])).toBe("<|im_end|>");
  const text = decodeTokens(path.nodes.map((node) => recording.vocabulary.bytes(node.id)));
  expect(text).toMatch(/dragon/);
});

test("every token of the example but the first has its own score and a place in the tree", () => {
  for (const path of paths) {
    for (const [position, id] of path.ids.entries()) {
      const scored = recording.scores.get(id);
      expect(scored?.id).toBe(doc.nodes[id]?.id);
      expect(doc.nodes[id]?.position).toBe(position);
      if (position === 0) expect(scored?.score).toBeNull();
      else expect(scored?.score?.logprobNats).toBeLessThanOrEqual(0);
    }
  }
  expect(recording.scores.size).toBe(doc.nodes.length);
});

test("the listed probabilities of every prediction are sorted and add up to at most 1", () => {
  for (const { prediction } of recording.scores.values()) {
    const logprobs = Array.from(prediction.topLogprobsNats);
    expect(logprobs.length).toBe(prediction.topIds.length);
    expect(logprobs.length).toBeGreaterThan(0);
    expect(logprobs).toEqual(logprobs.toSorted((a, b) => b - a));
    const listed = logprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0);
    expect(listed).toBeLessThanOrEqual(1 + 50 * 0.0005); // each logprob is rounded by up to half a millinat
    expect(prediction.contextVector).toBeNull();
  }
});

test("a token that is listed where it came has the listed logprob and rank", () => {
  let listed = 0;
  for (const { ids, nodes } of paths) {
    for (const [position, node] of nodes.entries()) {
      const before = recording.scores.get(ids[position - 1] ?? (-1 as never))?.prediction;
      const score = recording.scores.get(ids[position] ?? (-1 as never))?.score;
      const index = before?.topIds.indexOf(node.id) ?? -1;
      if (index === -1 || !before || !score) continue;
      listed += 1;
      expect(before.topLogprobsNats[index]).toBeCloseTo(score.logprobNats, 2);
      expect(score.rank).toBeLessThanOrEqual(index + 1);
    }
  }
  expect(listed).toBeGreaterThan(20);
});

test("the example opens inside the reply, on a token and not on a marker", () => {
  const reply = replyTurn(activeDocumentPath(doc));
  expect(recording.openAt).toBeGreaterThanOrEqual(reply?.contentStart ?? Infinity);
  expect(recording.openAt).toBeLessThan(reply?.contentEnd ?? 0);
  expect(recordingOpening(recording)).toMatchObject({
    isRecording: true,
    position: recording.openAt,
  });
});

test("every piece that the page shows is in the file: its text is nowhere a bare id", () => {
  const shown = new Set(doc.nodes.map((node) => node.id));
  for (const { prediction } of recording.scores.values()) {
    for (const id of prediction.topIds) shown.add(id as TokenId);
  }
  const missing = [...shown].filter((id) => dragon.pieces[String(id)] === undefined);
  expect(missing).toEqual([]);
});

test("loading the example gives what parsing the file gives", async () => {
  const loaded = await loadRecording();
  expect(loaded.scores).toEqual(recording.scores);
  expect(loaded.history).toEqual(recording.history);
});

const [first, second] = dragon.nodes;
if (first === undefined || second === undefined) throw new Error("the example has no nodes");

test.each<[string, Partial<RecordingFile>]>([
  ["no branch", { tips: [] }],
  ["a branch that ends at no token", { tips: [dragon.nodes.length] }],
  [
    "a token whose parent comes after it",
    { nodes: [{ ...first, node: { ...first.node, parent: 7 } }], tips: [0] },
  ],
  [
    "a token at a position that is not one more than its parent's",
    { nodes: [first, { ...second, node: { ...second.node, position: 5 } }], tips: [1] },
  ],
  [
    "a prediction with fewer logprobs than candidates",
    { nodes: [{ ...first, topMillinats: [] }], tips: [0] },
  ],
  ["a position to open at that is not on the branch", { openAt: dragon.nodes.length + 1 }],
])("a file with %s is refused as damaged", (_, damage) => {
  expect(() => parseRecording({ ...dragon, ...damage })).toThrow(FormatError);
});

test("the example is there before any model, without work for one", async () => {
  const page = closedPage({ loadRecording: async () => recording });
  page.actions.openRecording();
  await page.quiet();
  const state = page.state();
  expect(state).toMatchObject({ isRecording: true, position: recording.openAt, problem: null });
  expect(state.history.present.nodes).toEqual(doc.nodes);
  expect(state.scores).toEqual(recording.scores);
  expect(state.vocabulary).toBe(recording.vocabulary);
  expect(page.model.workers()).toBe(0);
});

/** A recording of the toy, as the script would make it: a page's own conversation without its vectors. */
async function toyRecording() {
  const page = await openPage("Hi");
  page.actions.step();
  await page.quiet();
  const { history, scores, vocabulary } = page.state();
  const bare = [...scores].map(([id, scored]) => {
    const prediction = { ...scored.prediction, contextVector: null };
    return [id, { ...scored, prediction }] as const;
  });
  const { present } = history;
  const identity = recording.identity;
  const openAt = 39;
  return {
    text: textOf(page.state()),
    made: {
      identity,
      history: { past: [], present, future: [] },
      scores: new Map(bare),
      vocabulary,
      openAt,
    },
  };
}

test("an example opened beside a conversation takes its own nodes and scores along", async () => {
  const { made, text } = await toyRecording();
  const page = await openPage("Another message", { loadRecording: async () => made });
  const own = textOf(page.state());
  page.actions.openRecording();
  await page.until((state) => state.isRecording);
  const path = activeDocumentPath(page.state().history.present);
  const recorded = activeDocumentPath(made.history.present);
  expect(path.ids.map((id) => page.state().scores.get(id)?.score)).toEqual(
    recorded.ids.map((id) => made.scores.get(id)?.score),
  );
  expect(textOf(page.state())).toBe(text);
  expect(page.state().position).toBe(39);
  await page.quiet();
  expect(isAllScored(page.state())).toBe(true);
  page.actions.undo();
  await page.quiet();
  expect(textOf(page.state())).toBe(own);
});

test("a message after the example goes on with it, and Undo gives the example back as it was", async () => {
  const { made, text } = await toyRecording();
  const page = await openPage("", { loadRecording: async () => made });
  page.actions.openRecording();
  await page.quiet();
  const { branches } = page.state().history.present;
  await say(page, "Mine");
  expect(page.state().isRecording).toBe(false);
  expect(branchTexts(page.state())).toHaveLength(branches.length);
  expect(textOf(page.state()).startsWith(text)).toBe(true);
  expect(textOf(page.state())).toContain("user\nMine<|im_end|>");
  expect(isAllScored(page.state())).toBe(true);
  page.actions.undo();
  expect(textOf(page.state())).toBe(text);
  expect(page.state().history.present.branches).toEqual(branches);
  expect(page.state().isRecording).toBe(true);
});

test("the lab's beginning over the example puts the example away first", async () => {
  const { made, text } = await toyRecording();
  const page = await openPage("", { loadRecording: async () => made });
  page.actions.openRecording();
  await page.quiet();
  page.actions.beginLab({ system: "", user: "Begin.", seed: null, settings: null });
  page.actions.endTurn();
  await page.quiet();
  expect(textOf(page.state())).toContain("user\nBegin.<|im_end|>");
  expect(textOf(page.state())).not.toContain("Hi");
  page.actions.undo();
  page.actions.undo();
  expect(textOf(page.state())).toBe(text);
});

test("an example that cannot be read becomes one sentence, and the page stays", async () => {
  const loadRecording = () => Promise.reject(new FormatError("the recording is damaged"));
  const page = await openPage("Hi", { loadRecording });
  const { history } = page.state();
  page.actions.openRecording();
  await page.quiet();
  expect(page.state()).toMatchObject({ problem: "the recording is damaged", isRecording: false });
  expect(page.state().history).toBe(history);
});

test("the example does not open into a reply that is being written", async () => {
  const { made } = await toyRecording();
  const page = await openPage("Hi", { loadRecording: async () => made });
  page.actions.setSettings({ temperature: 0.8 });
  await generating(page, 3);
  expect(await runsOf(page, page.actions.openRecording)).toBeGreaterThan(3);
  expect(page.state()).toMatchObject({ isRecording: false, problem: null, work: { kind: "idle" } });
  expect(page.state().ending).toEqual({ kind: "length", maxTokens: 100 });
});

test("Undo knows whether the recorded example or an own conversation is on screen", async () => {
  const { made } = await toyRecording();
  const page = await openPage("Hi", { loadRecording: async () => made });
  page.actions.openRecording();
  await page.until((state) => state.isRecording);
  page.actions.undo();
  expect(page.state().isRecording).toBe(false);
  page.actions.redo();
  expect(page.state().isRecording).toBe(true);
});

/** The page as it opens: the committed example under the page's own settings, which are greedy. */
async function openedExample() {
  const page = closedPage({ opening: recordingOpening(recording) });
  page.actions.openRecording();
  await page.quiet();
  return page;
}

test("what the example says of itself is what it was written with, not the page's settings", async () => {
  const page = await openedExample();
  const state = page.state();
  expect(state.settings.temperature).toBe(0);
  expect(sessionOf(state)).toMatchObject(RECORDED_WITH);
  const commands = cliCommands({
    path: activeDocumentPath(state.history.present),
    model: recording.identity,
    ...writtenWith(state),
    redraws: state.redraws,
  });
  expect(commands.at(-1)?.does).toBe("Writes this reply again: same prompt, settings and seed.");
  page.actions.moveTo(recording.openAt);
  expect(panelView(page.state()).header.origin).toBe("sampled, T 0.7");
});

test("beside a greedy conversation the example differs by its temperature", async () => {
  const page = await openedExample();
  const ours = sessionOf(page.state());
  const [main, other] = doc.branches;
  if (ours === null || main === undefined || other === undefined) throw new Error("no example");
  // The model's own most likely token in place of the drawn one.
  const drawn = activeDocumentPath(doc).nodes[recording.openAt];
  const nodes = doc.nodes.map((node) =>
    node === drawn ? { ...node, id: 0 as TokenId, origin: "greedy" as const } : node,
  );
  const settings = { temperature: 0, topK: 0, topP: 1, minP: 0 };
  const theirs = { ...ours, document: { ...doc, nodes }, settings, seed: 1 };
  const { why, ours: side } = neighbourView(ours, theirs, recording.vocabulary);
  expect(why).toBe("The model wrote both, under another temperature.");
  expect(side.conditions).toContain("T 0.7, top-k 0, top-p 0.9, min-p 0 · seed 3");
});
