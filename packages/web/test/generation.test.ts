import { drawAt, nextToken, RAW, type SamplingSettings } from "@tokenscope/core";
import { openToyEngine } from "@tokenscope/core/contracts";
import { expect, test, vi } from "vitest";
import { activeDocumentPath } from "../src/views/path.ts";
import { placeAt, placeViews } from "../src/views/place.ts";
import {
  branchTexts,
  generating,
  idsOf,
  isAllScored,
  openPage,
  type Page,
  runsOf,
  say,
  textOf,
} from "./store-model.ts";
import { nextTask } from "./store-port.ts";

const WARM: SamplingSettings = { temperature: 0.8, topK: 0, topP: 1, minP: 0 };

/** A page whose reply, under these settings, is longer than any of the tests writes. */
async function warmPage(seed = LONG_SEED, contextLength = 400): Promise<Page> {
  const page = await openPage("Hi", { contextLength });
  page.actions.setSettings(WARM);
  page.actions.setSeed(seed);
  await page.quiet();
  return page;
}

const LONG_SEED = 1; // its reply is longer than 200 tokens
const PROMPT_TOKENS = 39;
const replyOf = (page: Page) => idsOf(page.state()).slice(PROMPT_TOKENS);

async function press(page: Page, verb: "step" | "generate" | "acceptDraw"): Promise<void> {
  page.actions[verb]();
  await page.quiet();
}

test("Generate writes up to 100 tokens, and goes on when pressed again", async () => {
  const page = await warmPage();
  await press(page, "generate");
  expect(replyOf(page)).toHaveLength(100);
  expect(page.state().ending).toEqual({ kind: "length", maxTokens: 100 });
  expect(page.state().announcement).toBe("100 tokens written");
  expect(page.state().work).toEqual({ kind: "idle" });
  expect(isAllScored(page.state())).toBe(true);
  const first = replyOf(page);
  await press(page, "generate");
  expect(replyOf(page)).toHaveLength(200);
  expect(replyOf(page).slice(0, 100)).toEqual(first);
});

test("a generation is one step of Undo", async () => {
  const page = await warmPage();
  const { past } = page.state().history;
  await press(page, "generate");
  expect(page.state().history.past).toHaveLength(past.length + 1);
  page.actions.undo();
  expect(replyOf(page)).toEqual([]);
  page.actions.redo();
  expect(replyOf(page)).toHaveLength(100);
});

test("n steps write the tokens of one generation of n", async () => {
  const whole = await warmPage();
  await press(whole, "generate");
  const page = await warmPage();
  for (let i = 0; i < 12; i += 1) {
    expect(await runsOf(page, page.actions.step)).toBe(1);
    expect(page.state().ending).toBeNull(); // a step that wrote its token ended as asked
  }
  expect(replyOf(page)).toEqual(replyOf(whole).slice(0, 12));
});

test("stopping and going on writes the tokens of one generation", async () => {
  const whole = await warmPage();
  await press(whole, "generate");
  const page = await warmPage();
  for (const tokens of [3, 1, 7]) {
    await generating(page, tokens);
    page.actions.stop();
    await page.quiet();
    expect(page.state().ending).toEqual({ kind: "aborted" });
    expect(page.state().problem).toBeNull();
  }
  const reply = replyOf(page);
  expect(reply.length).toBeGreaterThanOrEqual(11);
  expect(reply.length).toBeLessThan(100);
  expect(reply).toEqual(replyOf(whole).slice(0, reply.length));
  expect(page.state().scores.size).toBe(PROMPT_TOKENS + reply.length);
});

test("the speed is time over tokens, though the tokens come in bursts", async () => {
  const page = await warmPage();
  // Eight tokens wait while the page is busy for 280 ms, again and again: 35 ms a token.
  const clock = vi.spyOn(performance, "now");
  clock.mockImplementation(() => Math.floor(page.model.tokensSent() / 8) * 280);
  await press(page, "generate");
  clock.mockRestore();
  const { model } = page.state();
  expect(model.kind === "ready" && model.msPerToken).toBeGreaterThan(30);
  expect(model.kind === "ready" && model.msPerToken).toBeLessThan(40);
});

test("another seed writes another reply", async () => {
  const page = await warmPage();
  const other = await warmPage(LONG_SEED + 1);
  await press(page, "step");
  await press(other, "step");
  await press(page, "step");
  await press(other, "step");
  expect(replyOf(page)).not.toEqual(replyOf(other));
});

test("a generation ends at the end token, closes the turn, and says which token it was", async () => {
  const page = await openPage("Hi");
  page.actions.setSettings({ temperature: 1 });
  await press(page, "generate");
  const reply = replyOf(page);
  expect(page.state().ending).toEqual({ kind: "end-token", id: reply.at(-1) });
  expect(activeDocumentPath(page.state().history.present).turns.at(-1)?.isClosed).toBe(true);
  expect(page.state().position).toBe(PROMPT_TOKENS + reply.length - 1); // nothing comes next
  const { history } = page.state();
  await press(page, "generate"); // a closed turn
  expect(page.state().history).toBe(history);
});

test("every token of a generation is scored as a pass over the whole text scores it", async () => {
  const page = await warmPage();
  await press(page, "generate");
  const ids = idsOf(page.state());
  const sequence = openToyEngine({ contextLength: 400 }).openSequence();
  for await (const _chunk of sequence.append(ids));
  const path = activeDocumentPath(page.state().history.present);
  const scores = path.ids.map((id) => page.state().scores.get(id));
  expect(scores).toEqual(sequence.tokens);
});

test("who stands at next moves along with the reply", async () => {
  const page = await warmPage();
  await press(page, "generate");
  expect(page.state().position).toBe(PROMPT_TOKENS + 100);
});

test("who looks at an earlier token meanwhile stays there", async () => {
  const page = await warmPage();
  await generating(page, 3);
  page.actions.moveTo(5);
  await page.quiet();
  expect(page.state().position).toBe(5);
  expect(replyOf(page)).toHaveLength(100);
});

test("who looks at another branch meanwhile stays there, and the reply goes where it began", async () => {
  const page = await warmPage();
  await press(page, "step");
  page.actions.startOver();
  await page.quiet();
  const key = page.state().history.present.activeKey;
  await generating(page, 3);
  page.actions.switchBranch(0);
  await page.quiet();
  expect(replyOf(page)).toHaveLength(1);
  expect(page.state().history.present.activeKey).toBe(0);
  page.actions.switchBranch(key);
  expect(replyOf(page)).toHaveLength(100);
});

test("nothing but moves and Stop works while the model writes", async () => {
  const page = await warmPage();
  const before = page.state().history.present.branches.length;
  await generating(page, 3);
  const { actions } = page;
  for (const verb of [actions.cut, actions.startOver, actions.startNew, actions.undo]) verb();
  actions.choose(idsOf(page.state())[3]!, "chosen");
  actions.setMessage("Hi");
  actions.endTurn();
  actions.switchPrecision("compact");
  actions.generate();
  await page.quiet();
  expect(replyOf(page)).toHaveLength(100);
  expect(page.state().history.present.branches).toHaveLength(before);
  expect(page.state()).toMatchObject({ precision: "exact", message: "Hi", problem: null });
});

test("a generation ends where the context is full, and another one does not begin", async () => {
  const page = await warmPage(LONG_SEED, PROMPT_TOKENS + 5);
  await press(page, "generate");
  expect(replyOf(page)).toHaveLength(5);
  expect(page.state().ending).toEqual({ kind: "context-full", contextLength: 44 });
  await press(page, "generate");
  expect(replyOf(page)).toHaveLength(5);
  expect(page.state().problem).toBeNull();
});

test("greedy generation is the most likely token at every place", async () => {
  const page = await openPage("Hi");
  await press(page, "generate");
  const path = activeDocumentPath(page.state().history.present);
  const ranks = path.ids.slice(PROMPT_TOKENS).map((id) => page.state().scores.get(id)?.score?.rank);
  expect(ranks.length).toBeGreaterThan(0);
  expect(ranks.every((rank) => rank === 1)).toBe(true);
  expect(path.nodes.at(-1)?.origin).toBe("greedy");
});

test("a second message after a reply is answered over the tokens that stand", async () => {
  const page = await warmPage();
  await press(page, "step");
  await press(page, "step");
  const before = idsOf(page.state());
  await say(page, "And?");
  expect(idsOf(page.state()).slice(0, before.length)).toEqual(before);
  expect(textOf(page.state()).endsWith("<|im_start|>assistant\n")).toBe(true);
  await press(page, "step");
  expect(page.state().problem).toBeNull();
  expect(isAllScored(page.state())).toBe(true);
});

/** What core's nextToken draws at the position shown, over all logits of the toy. */
async function drawn(page: Page, settings: SamplingSettings) {
  const { history, scores, position, seed, redraws } = page.state();
  const place = placeAt(activeDocumentPath(history.present), scores, position);
  const redraw = redraws.get(position) ?? 0;
  const { prediction } = place;
  if (prediction === null) throw new Error(`nothing is predicted at ${position}`);
  const bare = { ...prediction, topIds: new Int32Array(), topLogprobsNats: new Float32Array() };
  return nextToken({
    engine: openToyEngine(),
    prediction: settings.topK > 0 ? prediction : bare,
    settings,
    seed,
    position,
    redraw,
  });
}

const SETTINGS: readonly [string, SamplingSettings][] = [
  ["temperature 0.7, which the kept candidates do not determine,", { ...RAW, temperature: 0.7 }],
  ["temperature 3, whose draws often fall beyond the listed,", { ...RAW, temperature: 3 }],
  ["temperature 1.6 with top-p", { ...RAW, temperature: 1.6, topP: 0.9 }],
  ["temperature 0.7 with top-k 20", { ...RAW, temperature: 0.7, topK: 20 }],
];

test.each(SETTINGS)("under %s the view is whole and its draw is core's", async (_, settings) => {
  const page = await openPage("Hi");
  page.actions.setSettings(settings);
  for (const redraw of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    await page.quiet();
    const { history, scores, position, seed } = page.state();
    const place = placeAt(activeDocumentPath(history.present), scores, position);
    const views = placeViews(place, page.state(), page.state().vocabulary);
    const rows = views?.inForce?.rows ?? [];
    const listed = rows.reduce((sum, row) => sum + row.afterProbability, 0);
    expect(listed + (views?.inForce?.restAfterProbability ?? 0)).toBeCloseTo(1, 6);
    expect(views?.draw).toBe(drawAt({ seed, position, redraw }));
    const next = await drawn(page, settings);
    page.actions.acceptDraw();
    await page.quiet();
    expect(replyOf(page)).toEqual([next.id]);
    page.actions.undo();
    page.actions.drawAgain();
  }
});

test("Accept writes the token of the draw, and Step after it writes what it would have written", async () => {
  const page = await warmPage();
  await press(page, "step");
  await press(page, "step");
  const accepted = await warmPage();
  await press(accepted, "acceptDraw");
  await press(accepted, "step");
  expect(replyOf(accepted)).toEqual(replyOf(page));
  const path = activeDocumentPath(accepted.state().history.present);
  expect(path.nodes.at(-2)?.origin).toBe("sampled");
});

test("a draw drawn again is the one that Step uses there", async () => {
  const page = await warmPage();
  page.actions.drawAgain();
  page.actions.drawAgain();
  await page.quiet();
  const next = await drawn(page, WARM);
  await press(page, "step");
  expect(replyOf(page)).toEqual([next.id]);
});

test("an accepted draw earlier is a branch, and the raw view draws from the model's own distribution", async () => {
  const page = await warmPage();
  await press(page, "step");
  await press(page, "step");
  page.actions.setView("raw");
  page.actions.moveTo(PROMPT_TOKENS);
  const [before] = replyOf(page);
  do {
    page.actions.drawAgain();
    await page.quiet();
  } while ((await drawn(page, RAW)).id === before); // the same token again would only be walked past
  const { id } = await drawn(page, RAW);
  await press(page, "acceptDraw");
  expect(replyOf(page)).toEqual([id]);
  expect(branchTexts(page.state())).toHaveLength(2);
});

test("Step after Step and Generate give the same tokens, whichever draws were drawn again", async () => {
  const settings = { ...RAW, temperature: 1.5 };
  const pages = [await openPage("Hi"), await openPage("Hi")] as const;
  for (const page of pages) {
    page.actions.setSettings(settings);
    const start = page.state().position;
    for (const _ of [1, 2, 3, 4, 5, 6]) await press(page, "step");
    page.actions.moveTo(start + 3);
    page.actions.drawAgain();
    page.actions.moveTo(start);
    page.actions.cut();
    await page.quiet();
  }
  for (const _ of [1, 2, 3, 4, 5, 6]) await press(pages[0], "step");
  await press(pages[1], "generate");
  const stepped = idsOf(pages[0].state());
  expect(idsOf(pages[1].state()).slice(0, stepped.length)).toEqual(stepped);
});

test("a new seed and a new conversation begin without draws drawn again", async () => {
  const page = await openPage("Hi");
  page.actions.drawAgain();
  expect(page.state().redraws.size).toBe(1);
  page.actions.setSeed(5);
  expect(page.state().redraws.size).toBe(0);
  page.actions.drawAgain();
  page.actions.startNew();
  expect(page.state().redraws.size).toBe(0);
});

test("steps pressed faster than the model writes are all written", async () => {
  const page = await openPage("Hi");
  const { position } = page.state();
  for (const _ of [1, 2, 3, 4, 5]) page.actions.step();
  await page.quiet();
  expect(page.state().position).toBe(position + 5);
  expect(page.state().history.past.length).toBeGreaterThanOrEqual(5); // each its own step of Undo
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
  "steps pressed while the prompt is still being scored write each token once (%i tasks apart)",
  async (tasks) => {
    const waited = await openPage("Hi");
    for (const _ of [1, 2, 3]) await press(waited, "step");
    const page = await openPage();
    page.actions.setMessage("Hi");
    page.actions.endTurn();
    await page.until(({ work }) => work.kind === "scoring");
    for (const _ of [1, 2, 3]) {
      page.actions.step();
      expect(page.state().work.kind).toBe("generating");
      for (let i = 0; i < tasks; i += 1) await nextTask();
    }
    await page.quiet();
    expect(idsOf(page.state())).toEqual(idsOf(waited.state()));
    const scores = ({ state }: Page) => {
      const { history, scores: all } = state();
      return activeDocumentPath(history.present).ids.map((id) => all.get(id));
    };
    expect(scores(page)).toEqual(scores(waited));
  },
);

test("a prompt that is still being scored does not take the word from the reply that is written", async () => {
  const page = await openPage();
  page.actions.setMessage("Hi");
  page.actions.endTurn();
  await page.until(({ work }) => work.kind === "scoring");
  page.actions.generate();
  const kinds = new Set<string>();
  const leave = page.store.subscribe(({ work }) => kinds.add(work.kind));
  await page.until(({ ending }) => ending !== null);
  leave();
  kinds.delete("idle"); // comes with the ending
  expect([...kinds]).toEqual(["generating"]);
});
