import { type TokenId, tokenId } from "@tokenscope/core";
import { expect, test } from "vitest";
import { branchMap } from "../src/views/branch-map.ts";
import { comparedKeys, compareView, pointedWords } from "../src/views/compare.ts";
import { recoveryView } from "../src/views/recovery.ts";
import {
  branchTexts,
  closedPage,
  generating,
  isAllScored,
  openPage,
  type Page,
  textOf,
} from "./store-model.ts";

const SYSTEM = "<|im_start|>system\nBe kind.<|im_end|>\n";
const PROMPT = `${SYSTEM}<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n`;
const PROMPT_TOKENS = 39;
const byte = (character: string): TokenId => tokenId(character.charCodeAt(0));

async function write(page: Page, text: string): Promise<void> {
  for (const character of text) {
    page.actions.choose(byte(character), "chosen");
    await page.quiet();
  }
}

/** A page with the replies "Yes" and, from the same prompt, "Yo": the second is active, with key 1. */
async function twoReplies(): Promise<Page> {
  const page = await openPage("Hi");
  await write(page, "Yes");
  page.actions.moveTo(PROMPT_TOKENS + 1);
  page.actions.choose(byte("o"), "forced");
  await page.quiet();
  return page;
}

const names = ({ history, scores, vocabulary }: ReturnType<Page["state"]>) =>
  branchMap(history.present, scores, vocabulary).lanes.map(({ name }) => name);

function comparison(page: Page) {
  const state = page.state();
  const keys = comparedKeys(state);
  if (keys === null) throw new Error("there are no two branches");
  return compareView(state, keys);
}

test("a branch is renamed where one stands, keeps its name as it grows, and an empty name is its first words again", async () => {
  const page = await twoReplies();
  page.actions.moveTo(PROMPT_TOKENS);
  page.actions.renameBranch(1, " mine ");
  expect(page.state()).toMatchObject({
    position: PROMPT_TOKENS,
    announcement: "Branch named mine",
  });
  page.actions.moveTo(PROMPT_TOKENS + 2);
  await write(page, "u");
  expect(names(page.state())).toEqual(["main", "mine"]);
  page.actions.renameBranch(1, "");
  expect(names(page.state())).toEqual(["main", "…ou"]);
  page.actions.undo();
  expect(names(page.state())).toEqual(["main", "mine"]);
});

test("a deleted branch is gone with a word about it, and Undo brings it back", async () => {
  const page = await twoReplies();
  page.actions.deleteBranch(1);
  expect(branchTexts(page.state())).toEqual([`${PROMPT}Yes`]);
  const { deletedBranch, history, announcement } = page.state();
  expect(deletedBranch).toEqual({ name: "…o", after: history.present });
  expect(announcement).toBe("Branch …o deleted. Undo brings it back.");
  page.actions.undo();
  expect(branchTexts(page.state())).toEqual([`${PROMPT}Yes`, `${PROMPT}Yo`]);
  expect(page.state().deletedBranch?.after).not.toBe(page.state().history.present);
});

test("the only branch is not deleted, nor any while the model writes", async () => {
  const page = await twoReplies();
  await generating(page, 2);
  page.actions.deleteBranch(0);
  expect(page.state().problem).toBe(
    "The branch was not deleted: the model is writing: stop it first.",
  );
  page.actions.stop();
  await page.quiet();
  page.actions.deleteBranch(1);
  page.actions.deleteBranch(0);
  expect(page.state().problem).toContain("it is the only branch");
  expect(branchTexts(page.state())).toEqual([`${PROMPT}Yes`]);
});

test("two branches are aligned where they part, with what both begin with, the odds of both tokens and the costs of each side", async () => {
  const page = await twoReplies();
  const { where, odds, shared, left, right } = comparison(page);
  expect(where).toBe("They part at position 40, in the assistant turn.");
  expect(shared).toMatch(/^40 tokens the same, [\d.]+ bits: …Be kind.HiY$/);
  expect([left.key, right.key]).toEqual([1, 0]); // the one on screen stands on the left
  expect([left.tokens[0]?.position, right.tokens[0]?.position]).toEqual([40, 40]);
  expect(odds[0]).toMatch(/^“o” [\d.<]+ %, rank \d+$/);
  expect(odds[1]).toMatch(/^“e” [\d.<]+ %, rank \d+$/);
  expect(left.costs.map(({ what, tokens }) => [what, tokens])).toEqual([
    ["since the parting", "1"],
    ["reply", "2"],
  ]);
  expect(right.costs.map(({ tokens }) => tokens)).toEqual(["2", "3"]);
});

test("a place pointed at is the same number of tokens after the parting on both sides", async () => {
  const page = await twoReplies();
  const view = comparison(page);
  expect(pointedWords(view, 0)).toMatch(/^At the parting: o [\d.]+ bits, e [\d.]+ bits$/);
  expect(pointedWords(view, 1)).toMatch(/^1 after the parting: nothing, s [\d.]+ bits$/);
});

test("going to a token of the other side keeps both sides where they are", async () => {
  const page = await twoReplies();
  page.actions.goTo(0, PROMPT_TOKENS + 2);
  expect(page.state().history.present.activeKey).toBe(0);
  expect(page.state().position).toBe(PROMPT_TOKENS + 2);
  expect(comparedKeys(page.state())).toEqual({ left: 1, right: 0 });
});

test("a compared branch that is deleted gives way to the nearest one", async () => {
  const page = await twoReplies();
  page.actions.goTo(0, 0);
  page.actions.deleteBranch(1);
  expect(comparedKeys(page.state())).toBe(null);
});

test("another system prompt is written as a branch with the same message, both replies are generated, and they are aligned from their beginnings", async () => {
  const page = await openPage("Hi");
  page.actions.tryPrompt("Be very rude.", true);
  await page.until(({ announcement }) => announcement.startsWith("Both replies"));
  await page.quiet();
  const state = page.state();
  expect(state).toMatchObject({ drawer: "compare", compareView: "compare", problem: null });
  const [kind, rude] = branchTexts(state);
  expect(kind?.startsWith(PROMPT)).toBe(true);
  expect(rude?.startsWith(PROMPT.replace("Be kind.", "Be very rude."))).toBe(true);
  expect(isAllScored(state)).toBe(true);
  const { where, left, right } = comparison(page);
  expect(where).toMatch(/^The system turns differ from position \d+ on\./);
  expect([left.said?.text, right.said?.text]).toEqual(["Be kind.", "Be very rude."]);
  expect(right.from - left.from).toBe("Be very rude.".length - "Be kind.".length);
  expect(left.costs.at(-1)?.tokens).not.toBe("0");
});

test("a reply that stands is kept under the first prompt, and only the other is generated", async () => {
  const page = await openPage("Hi");
  await write(page, "Yes");
  page.actions.tryPrompt("Be rude.", true);
  await page.until(({ announcement }) => announcement.startsWith("Both replies"));
  await page.quiet();
  expect(textOf(page.state(), 0)).toBe(`${PROMPT}Yes`);
});

test("Stop ends both replies, and the prompt that stands is no other prompt", async () => {
  const page = await openPage("Hi");
  page.actions.tryPrompt("Be kind.", true);
  await page.quiet();
  expect(page.state().problem).toContain("stands there already");
  page.actions.dismissProblem();
  page.actions.tryPrompt("Be rude.", true);
  await page.until(({ work }) => work.kind === "generating");
  page.actions.stop();
  await page.quiet();
  expect(page.state().work.kind).toBe("idle");
  expect(page.state().history.present.branches).toHaveLength(2);
  expect(textOf(page.state(), 1)).toBe(PROMPT.replace("Be kind.", "Be rude.")); // not begun
});

test("without the model no other prompt is tried", () => {
  const page = closedPage();
  page.actions.tryPrompt("Be rude.", true);
  expect(page.state().history.past).toEqual([]);
});

test("Recover looks at the less likely of the two tokens, and says how many must follow", async () => {
  const page = await twoReplies();
  const view = recoveryView(page.state());
  if (typeof view === "string") throw new Error(view);
  const { left, right } = comparison(page);
  const [o, e] = [left.tokens[0]?.bits ?? 0, right.tokens[0]?.bits ?? 0];
  expect(view.key).toBe(o > e ? left.key : right.key);
  expect(view.position).toBe(40);
  expect(view.usual).toBe(null);
  expect(view.words).toContain("fewer than 8 tokens");
});
