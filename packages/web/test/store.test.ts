import { type NodeId, type TokenId, tokenId } from "@tokenscope/core";
import { TOY_SPECIAL } from "@tokenscope/core/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { activeDocumentPath, documentPath, lastPosition } from "../src/views/path.ts";
import {
  branchTexts,
  closedPage,
  idsOf,
  isAllScored,
  openPage,
  type Page,
  runsOf,
  say,
  textOf,
} from "./store-model.ts";

const SYSTEM = "<|im_start|>system\nBe kind.<|im_end|>\n";
const PROMPT = `${SYSTEM}<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n`;
const byte = (character: string): TokenId => tokenId(character.charCodeAt(0));

/** Writes these characters at the end, each as a chosen token. */
async function choose(page: Page, text: string): Promise<void> {
  for (const character of text) {
    page.actions.choose(byte(character), "chosen");
    await page.quiet();
  }
}

test("End turn writes the message and opens the reply, and all of it is scored", async () => {
  const page = await openPage("Hi");
  const state = page.state();
  expect(textOf(state)).toBe(PROMPT);
  expect(isAllScored(state)).toBe(true);
  expect(state.position).toBe(idsOf(state).length); // "next"
  expect(state).toMatchObject({ message: "", role: "user", problem: null, work: { kind: "idle" } });
  expect(state.announcement).toBe("Turn written");
});

test("End turn pressed twice at once writes one turn", async () => {
  const page = await openPage();
  page.actions.setMessage("Hi");
  page.actions.endTurn();
  page.actions.endTurn();
  await page.quiet();
  expect(textOf(page.state())).toBe(PROMPT);
  expect(page.state().problem).toBeNull();
});

test("a message typed on while its turn is written stays in the box", async () => {
  const page = await openPage();
  page.actions.setMessage("Hi");
  page.actions.endTurn();
  page.actions.setMessage("Hi again");
  await page.quiet();
  expect(textOf(page.state())).toBe(PROMPT);
  expect(page.state().message).toBe("Hi again");
});

test("Generate pressed before End turn was answered never mixes the two", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  page.actions.setMessage("And?");
  page.actions.endTurn();
  page.actions.generate();
  await page.quiet();
  expect(textOf(page.state()).startsWith(`${PROMPT}Yes`)).toBe(true);
  expect(textOf(page.state())).not.toContain("And?");
  expect(page.state().message).toBe("And?"); // nothing typed is lost
});

test("a token chosen before End turn was answered stays, and so does the message in the box", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  page.actions.setMessage("And?");
  page.actions.endTurn();
  page.actions.choose(byte("!"), "chosen");
  await page.quiet();
  expect(textOf(page.state())).toBe(`${PROMPT}Yes!`);
  expect(page.state().message).toBe("And?");
});

test("a choice at the end costs one model run, and so does the next one", async () => {
  const page = await openPage("Hi");
  expect(await runsOf(page, () => page.actions.choose(byte("Y"), "chosen"))).toBe(1);
  expect(await runsOf(page, () => page.actions.choose(byte("o"), "forced"))).toBe(1);
  expect(textOf(page.state())).toBe(`${PROMPT}Yo`);
  const path = activeDocumentPath(page.state().history.present);
  expect(path.nodes.slice(-2).map((node) => node.origin)).toEqual(["chosen", "forced"]);
  expect(isAllScored(page.state())).toBe(true);
});

test("a choice earlier makes a branch, and the old path stays", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  const start = PROMPT_TOKENS;
  page.actions.moveTo(start + 1);
  expect(await runsOf(page, () => page.actions.choose(byte("a"), "chosen"))).toBe(1);
  expect(branchTexts(page.state())).toEqual([`${PROMPT}Yes`, `${PROMPT}Ya`]);
  expect(textOf(page.state())).toBe(`${PROMPT}Ya`);
  expect(page.state().position).toBe(start + 2);
});

// 18 tokens of the system turn, 10 of the user's, 11 of the opened reply.
const PROMPT_TOKENS = 39;

test("choosing the token that stands there only moves on", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  const { history } = page.state();
  page.actions.moveTo(PROMPT_TOKENS);
  expect(await runsOf(page, () => page.actions.choose(byte("Y"), "chosen"))).toBe(0);
  expect(page.state().history).toBe(history);
  expect(page.state().position).toBe(PROMPT_TOKENS + 1);
});

test("nothing is chosen at position 0, where nothing was predicted", async () => {
  const page = await openPage("Hi");
  const { history } = page.state();
  page.actions.moveTo(0);
  page.actions.choose(byte("x"), "forced");
  await page.quiet();
  expect(page.state().history).toBe(history);
});

test("an end token that is chosen closes the turn, and End turn goes on after it", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yo");
  page.actions.choose(TOY_SPECIAL.endOfTurn, "chosen");
  await page.quiet();
  expect(lastPosition(activeDocumentPath(page.state().history.present))).toBe(PROMPT_TOKENS + 2);
  await say(page, "And?");
  const more = "\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n";
  expect(textOf(page.state())).toBe(`${PROMPT}Yo<|im_end|>${more}`);
});

test("moving costs no model run", async () => {
  const page = await openPage("Hi");
  const move = (): void => {
    for (const position of [0, 7, 21, 38, 39]) page.actions.moveTo(position);
    for (const step of [-5, 1, -100, 100]) page.actions.moveBy(step);
    page.actions.selectSpan({ from: 2, to: 5 });
    page.actions.selectSpan(null);
  };
  expect(await runsOf(page, move)).toBe(0);
  expect(page.state().position).toBe(PROMPT_TOKENS); // 100 beyond is the end
});

test("switching branches costs no model run once all is scored", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  page.actions.moveTo(PROMPT_TOKENS + 1);
  await choose(page, "a");
  expect(isAllScored(page.state())).toBe(true);
  expect(await runsOf(page, () => page.actions.switchBranch(0))).toBe(0);
  expect(textOf(page.state())).toBe(`${PROMPT}Yes`);
  expect(await runsOf(page, () => page.actions.switchBranchBy(1))).toBe(0);
  expect(textOf(page.state())).toBe(`${PROMPT}Ya`);
  expect(await runsOf(page, () => page.actions.switchBranchBy(1))).toBe(0); // round to the first
  expect(textOf(page.state())).toBe(`${PROMPT}Yes`);
});

test("cut makes a branch that ends before the position", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  page.actions.moveTo(PROMPT_TOKENS + 1);
  page.actions.cut();
  expect(branchTexts(page.state())).toEqual([`${PROMPT}Yes`, `${PROMPT}Y`]);
  expect(page.state().announcement).toBe(`Branch ends before position ${PROMPT_TOKENS + 1}`);
});

test("at next, Delete cuts the last token of the message, and never a marker", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  for (const left of ["Ye", "Y", ""]) {
    page.actions.cut();
    await page.quiet();
    expect(textOf(page.state())).toBe(`${PROMPT}${left}`);
  }
  const { history } = page.state();
  page.actions.cut();
  expect(page.state().history).toBe(history);
});

test("an emptied system prompt is written as one, and the reply is not closed", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  page.actions.editSystemPrompt();
  page.actions.setMessage("");
  page.actions.endTurn();
  await page.quiet();
  expect(textOf(page.state())).toBe(`${PROMPT.replace("Be kind.", "")}Yes`);
});

test("Start over keeps the message and the old reply", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  page.actions.startOver();
  expect(textOf(page.state())).toBe(PROMPT);
  expect(branchTexts(page.state())).toEqual([`${PROMPT}Yes`, PROMPT]);
  const { history } = page.state();
  page.actions.startOver(); // there is no reply now
  expect(page.state().history).toBe(history);
});

test("Undo and Redo go back and forth, and a reply that was undone is kept when another is written", async () => {
  const page = await openPage("Hi");
  await choose(page, "Y");
  page.actions.undo();
  expect(textOf(page.state())).toBe(PROMPT);
  page.actions.redo();
  expect(textOf(page.state())).toBe(`${PROMPT}Y`);
  page.actions.undo();
  await choose(page, "N");
  expect(textOf(page.state())).toBe(`${PROMPT}N`);
  expect(branchTexts(page.state())).toContain(`${PROMPT}Y`);
  expect(page.state().history.future).toEqual([]);
  page.actions.redo(); // nothing to redo
  expect(textOf(page.state())).toBe(`${PROMPT}N`);
});

test("Undo of New conversation brings the old one back, with its scores", async () => {
  const page = await openPage("Hi");
  page.actions.startNew();
  expect(textOf(page.state())).toBe("");
  expect(page.state().position).toBe(0);
  expect(await runsOf(page, page.actions.undo)).toBe(0);
  expect(textOf(page.state())).toBe(PROMPT);
  expect(isAllScored(page.state())).toBe(true);
});

test("New conversation after Undo is empty of the undone turn, which stays with the old one", async () => {
  const page = await openPage("Hi");
  await choose(page, "Y");
  page.actions.undo();
  page.actions.startNew();
  expect(branchTexts(page.state())).toEqual([""]);
  await say(page, "Yo");
  expect(page.state().history.present.branches).toHaveLength(1);
  page.actions.undo();
  page.actions.undo();
  expect(textOf(page.state())).toBe(PROMPT);
  expect(branchTexts(page.state())).toContain(`${PROMPT}Y`);
});

test("New conversation where the only turn was undone is one without that turn", async () => {
  const page = await openPage("Hi");
  page.actions.undo();
  page.actions.startNew();
  await say(page, "Yo");
  expect(page.state().history.present.branches).toHaveLength(1);
  expect(textOf(page.state())).toContain("Yo");
});

test("New conversation on an empty page is no step", async () => {
  const page = await openPage();
  page.actions.startNew();
  expect(page.state().history.past).toEqual([]);
});

test("a role that the template refuses is named before anything is written", async () => {
  const page = await openPage();
  const { tool, "tool call": call, ...others } = page.state().refusals;
  expect(others).toEqual({ user: null, system: null, assistant: null });
  expect([tool, call]).toEqual([expect.stringContaining("does not write tools"), tool]);
  page.actions.setRole("assistant");
  await say(page, "Hello");
  await say(page, "Hi");
  expect(page.state().refusals).toMatchObject({ system: "A system message comes first." });
});

test("what the template refuses becomes one sentence, and the message stays in the box", async () => {
  const page = await openPage("Hi");
  await choose(page, "Yes");
  const { history } = page.state();
  page.actions.cut();
  page.actions.moveTo(28); // after the user's turn, whose marker stands
  page.actions.cut();
  await page.quiet();
  expect(page.state().refusals).toMatchObject({ user: "Conversation roles must alternate." });
  const before = page.state().history;
  await say(page, "Hi again");
  expect(page.state().problem).toBe("Conversation roles must alternate.");
  expect(page.state().message).toBe("Hi again");
  expect(page.state().history).toBe(before);
  expect(before).not.toBe(history);
  page.actions.dismissProblem();
  expect(page.state().problem).toBeNull();
});

test("End turn without a message says so", async () => {
  const page = await openPage();
  page.actions.endTurn();
  await page.quiet();
  expect(page.state().problem).toBe("There is no user message to end: write one first.");
});

test("the system prompt is edited as a branch with the same message", async () => {
  const page = await openPage("Hi");
  page.actions.editSystemPrompt();
  expect(page.state()).toMatchObject({ role: "system", message: "Be kind." });
  await say(page, "Be short.");
  const edited = PROMPT.replace("Be kind.", "Be short.");
  expect(branchTexts(page.state())).toEqual([PROMPT, edited]);
  expect(textOf(page.state())).toBe(edited);
  expect(page.state()).toMatchObject({ role: "user", message: "" });
  expect(isAllScored(page.state())).toBe(true);
});

test("the message's tokens are counted as it is typed, once the model is there", async () => {
  const page = closedPage();
  page.actions.setMessage("Hi");
  await page.quiet();
  expect(page.state().messageTokens).toBeNull();
  page.actions.start();
  await page.quiet();
  expect(page.state().messageTokens).toBe(2);
  for (const message of ["Hi ", "Hi ther", "Hi there é"]) page.actions.setMessage(message);
  await page.quiet();
  expect(page.state().messageTokens).toBe(11); // é is two bytes
  expect(page.state().counts).toEqual({ modelRuns: 0, headRuns: 0 });
});

test("without the model nothing is written", async () => {
  const page = closedPage();
  page.actions.setMessage("Hi");
  for (const verb of [page.actions.endTurn, page.actions.step, page.actions.generate]) verb();
  page.actions.choose(byte("x"), "forced");
  page.actions.acceptDraw();
  await page.quiet();
  expect(page.state().history.present.nodes).toEqual([]);
  expect(page.state()).toMatchObject({ message: "Hi", problem: null });
});

test("at the end of the context a choice is refused with the limit", async () => {
  const page = await openPage("Hi", { contextLength: PROMPT_TOKENS + 1 });
  await choose(page, "Y");
  expect(page.state().problem).toBeNull();
  const { history } = page.state();
  await choose(page, "o");
  expect(page.state().problem).toBe("40 of 40 tokens. Delete or start a new conversation.");
  expect(page.state().history).toBe(history);
});

test("a message too long for the context is refused whole, with both numbers, and stays in the box", async () => {
  const page = await openPage("Hi", { contextLength: 60 });
  await choose(page, "Y");
  const { history } = page.state();
  await say(page, "x".repeat(40));
  expect(page.state().problem).toMatch(
    /^The conversation would have \d+ tokens and the model's context holds 60\. Shorten the message by \d+ tokens, /,
  );
  expect(page.state().history).toBe(history);
  expect(page.state().message).toBe("x".repeat(40));
});

/** Nodes on any branch of any version that Undo or Redo can reach. */
function reachable({ history }: ReturnType<Page["state"]>): Set<NodeId> {
  const versions = [...history.past, history.present, ...history.future];
  return new Set(
    versions.flatMap((doc) => doc.branches.flatMap(({ key }) => documentPath(doc, key).ids)),
  );
}

type Verb = (page: Page, n: number) => void;
const VERBS: Record<string, Verb> = {
  choose: ({ actions }, n) => actions.choose(byte("abc".charAt(n % 3)), "chosen"),
  end: ({ actions }) => actions.choose(TOY_SPECIAL.endOfTurn, "forced"),
  endTurn: ({ actions }, n) => {
    actions.setRole(["user", "assistant", "system"][n % 3] ?? "");
    actions.setMessage(n % 4 === 0 ? "" : "m");
    actions.endTurn();
  },
  step: ({ actions }) => actions.step(),
  accept: ({ actions }) => actions.acceptDraw(),
  move: ({ actions }, n) => actions.moveTo(n * 3),
  switch: ({ actions }, n) => actions.switchBranchBy(n % 5),
  cut: ({ actions }) => actions.cut(),
  startOver: ({ actions }) => actions.startOver(),
  startNew: ({ actions }) => actions.startNew(),
  undo: ({ actions }) => actions.undo(),
  redo: ({ actions }) => actions.redo(),
};

test("no verb, in any order, loses a token that was on a branch, or leaves one unscored", async () => {
  const verb = fc.tuple(fc.constantFrom(...Object.keys(VERBS)), fc.nat(20), fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(verb, { minLength: 5, maxLength: 25 }), async (verbs) => {
      const page = await openPage("Hi");
      let before = reachable(page.state());
      for (const [name, n, isHasty] of verbs) {
        VERBS[name]?.(page, n);
        if (!isHasty) await page.quiet();
        const now = reachable(page.state());
        for (const id of before) expect(now.has(id)).toBe(true);
        before = now;
        const { history, position } = page.state();
        expect(position).toBeLessThanOrEqual(activeDocumentPath(history.present).nodes.length);
      }
      await page.quiet();
      expect(reachable(page.state()).size).toBe(page.state().history.present.nodes.length);
      expect(isAllScored(page.state())).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test("a role that is chosen while the turn is being written is the next message's", async () => {
  const page = await openPage();
  page.actions.setMessage("Hi");
  page.actions.endTurn();
  page.actions.setRole("assistant");
  await page.quiet();
  expect(page.state()).toMatchObject({ message: "", role: "assistant" });
  await say(page, "Hello");
  expect(page.state().role).toBe("user");
});
