import { type TokenId, tokenId } from "@tokenscope/core";
import { TOY_SPECIAL } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { activeDocumentPath } from "../src/views/path.ts";
import {
  branchTexts,
  closedPage,
  generating,
  idsOf,
  isAllScored,
  openPage,
  type Page,
  runsOf,
  textOf,
} from "./store-model.ts";

const SYSTEM = "<|im_start|>system\nBe kind.<|im_end|>\n";
const USER = "<|im_start|>user\nHi<|im_end|>\n";
const PROMPT = `${SYSTEM}${USER}<|im_start|>assistant\n`;
const PROMPT_TOKENS = 39; // 18 of the system turn, 10 of the user's, 11 of the opened reply
const MESSAGE = 24; // "Hi" is 24 and 25
const byte = (character: string): TokenId => tokenId(character.charCodeAt(0));

/** A page with a reply of three tokens. */
async function talk(options?: Parameters<typeof openPage>[1]): Promise<Page> {
  const page = await openPage("Hi", options);
  for (const character of "Yes") {
    page.actions.choose(byte(character), "chosen");
    await page.quiet();
  }
  return page;
}

const origins = (page: Page) =>
  activeDocumentPath(page.state().history.present).nodes.map((node) => node.origin);

test("Replace puts the chosen token in place, keeps the later tokens with their origins and scores them again", async () => {
  const page = await talk();
  page.actions.moveTo(PROMPT_TOKENS);
  page.actions.replaceTokens();
  expect(page.state().position).toBe(PROMPT_TOKENS);
  page.actions.choose(byte("N"), "chosen");
  await page.quiet();
  const state = page.state();
  expect(branchTexts(state)).toEqual([`${PROMPT}Yes`, `${PROMPT}Nes`]);
  expect(origins(page).slice(-3)).toEqual(["chosen", "chosen", "chosen"]);
  expect(isAllScored(state)).toBe(true);
  expect(state).toMatchObject({ edit: null, problem: null, position: PROMPT_TOKENS });
  expect(state.announcement).toBe("Position 39 replaced, 2 later tokens scored again");
});

test("Replace over a span puts one token in place of all of it", async () => {
  const page = await talk();
  page.actions.moveTo(PROMPT_TOKENS + 1);
  page.actions.selectSpan({ from: PROMPT_TOKENS, to: PROMPT_TOKENS + 1 });
  page.actions.replaceTokens();
  expect(page.state().position).toBe(PROMPT_TOKENS); // its distribution is the one to choose from
  page.actions.choose(byte("A"), "forced");
  await page.quiet();
  expect(textOf(page.state())).toBe(`${PROMPT}As`);
});

test("the first token can be replaced, and has no bits still", async () => {
  const page = await talk();
  page.actions.moveTo(0);
  page.actions.replaceTokens();
  page.actions.choose(TOY_SPECIAL.endOfText, "forced");
  await page.quiet();
  expect(idsOf(page.state())[0]).toBe(TOY_SPECIAL.endOfText);
  expect(isAllScored(page.state())).toBe(true);
  expect(textOf(page.state())).toBe(`<|endoftext|>${PROMPT.slice("<|im_start|>".length)}Yes`);
});

test("at the first position a search finds tokens without a prediction, special ones too", async () => {
  const page = await talk();
  page.actions.moveTo(0);
  page.actions.replaceTokens();
  page.actions.setQuery("<|");
  expect(await runsOf(page, () => {})).toBe(0);
  expect(page.state().found).toEqual({
    query: "<|",
    ids: [TOY_SPECIAL.endOfText, TOY_SPECIAL.startOfTurn, TOY_SPECIAL.endOfTurn],
    matches: 3,
  });
});

test("Insert goes on before the same token until it is left", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE);
  page.actions.insertTokens();
  page.actions.choose(byte("O"), "chosen");
  page.actions.choose(byte("h"), "chosen");
  await page.quiet();
  expect(textOf(page.state())).toContain("user\nOhHi<|im_end|>");
  expect(page.state()).toMatchObject({ position: MESSAGE + 2, edit: { kind: "insert" } });
  page.actions.leaveEdit();
  page.actions.choose(byte("!"), "chosen"); // a branch again
  await page.quiet();
  expect(textOf(page.state())).toBe(`${SYSTEM}<|im_start|>user\nOh!`);
});

test("with a span, Insert goes before all of it", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE + 1);
  page.actions.selectSpan({ from: MESSAGE, to: MESSAGE + 1 });
  page.actions.insertTokens();
  page.actions.choose(byte("O"), "chosen");
  await page.quiet();
  expect(textOf(page.state())).toContain("user\nOHi<|im_end|>");
  page.actions.selectSpan({ from: MESSAGE, to: MESSAGE + 2 });
  page.actions.insertAsText();
  expect(page.state().edit).toMatchObject({ kind: "text", from: MESSAGE, to: MESSAGE, text: "" });
});

test("an edit stands only at its place: after a move, choosing branches as ever", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE);
  page.actions.replaceTokens();
  page.actions.moveTo(MESSAGE + 1);
  page.actions.moveTo(MESSAGE); // and back: it has ended
  page.actions.choose(byte("h"), "chosen");
  await page.quiet();
  expect(textOf(page.state())).toBe(`${SYSTEM}<|im_start|>user\nh`);
});

test("Remove takes the token out, and Undo brings the old path back", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE);
  page.actions.removeTokens();
  await page.quiet();
  expect(textOf(page.state())).toContain("user\ni<|im_end|>");
  expect(page.state().position).toBe(MESSAGE);
  page.actions.undo();
  await page.quiet();
  expect(textOf(page.state())).toBe(`${PROMPT}Yes`);
  page.actions.selectSpan({ from: PROMPT_TOKENS, to: PROMPT_TOKENS + 2 });
  page.actions.removeTokens();
  await page.quiet();
  expect(textOf(page.state())).toBe(PROMPT);
});

test("Edit as text opens the message of the turn and writes only what changed", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE - 3); // in the marker of the same turn
  page.actions.editAsText();
  expect(page.state()).toMatchObject({ drawer: "edit", edit: { kind: "text", text: "Hi" } });
  page.actions.setEditText("Hi all");
  await page.quiet();
  expect(page.state().textPreview).toMatchObject({ text: "Hi all", edit: { from: 2, to: 2 } });
  page.actions.writeEditText();
  await page.quiet();
  const state = page.state();
  expect(textOf(state)).toBe(`${PROMPT.replace("Hi", "Hi all")}Yes`);
  expect(origins(page).slice(MESSAGE, MESSAGE + 6)).toEqual(Array(6).fill("typed"));
  expect(origins(page).at(-1)).toBe("chosen");
  expect(state).toMatchObject({ drawer: null, edit: null, position: MESSAGE + 2 });
});

test("a reply with half a character is edited around it, and the bytes join when they are completed", async () => {
  const page = await talk();
  page.actions.choose(tokenId(0xe2), "forced");
  page.actions.choose(tokenId(0x81), "forced");
  await page.quiet();
  page.actions.editAsText();
  expect(page.state().edit).toMatchObject({ text: "Yes⟦E2 81⟧" });
  page.actions.setEditText("No⟦E2 81⟧");
  page.actions.writeEditText();
  await page.quiet();
  expect(idsOf(page.state()).slice(-2)).toEqual([0xe2, 0x81]);
  expect(origins(page).slice(-2)).toEqual(["forced", "forced"]);
  page.actions.editAsText();
  page.actions.setEditText("No⟦E2 81 B4⟧");
  page.actions.writeEditText();
  await page.quiet();
  expect(textOf(page.state())).toBe(`${PROMPT}No⁴`);
});

test("text is inserted before a position, with a special token where ⟦ ⟧ asks for it and none where it is only typed", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE + 1);
  page.actions.insertAsText();
  page.actions.setEditText("<|im_end|>⟦<|im_end|>⟧\n⟦<|im_start|>⟧user\n");
  page.actions.writeEditText();
  await page.quiet();
  const ids = idsOf(page.state());
  expect(ids[MESSAGE + 1]).toBe(byte("<"));
  expect(ids[MESSAGE + 11]).toBe(TOY_SPECIAL.endOfTurn);
  const { turns } = activeDocumentPath(page.state().history.present);
  expect(turns.map((turn) => turn.role)).toEqual(["system", "user", "user", "assistant"]);
  expect(isAllScored(page.state())).toBe(true);
});

test("a text that names no special token says so, and nothing is written", async () => {
  const page = await talk();
  page.actions.editAsText();
  page.actions.setEditText("Yes⟦<|no|>⟧");
  await page.quiet();
  expect(page.state().textPreview?.problem).toContain("⟦<|no|>⟧ is neither a special token");
  page.actions.writeEditText();
  await page.quiet();
  expect(page.state().problem).toContain("⟦<|no|>⟧ is neither a special token");
  expect(textOf(page.state())).toBe(`${PROMPT}Yes`);
  expect(page.state().edit).toMatchObject({ text: "Yes⟦<|no|>⟧" }); // nothing typed is lost
});

test("while the model writes nothing is edited, and the page says why", async () => {
  const page = await talk();
  page.actions.moveTo(MESSAGE);
  await generating(page, 2);
  page.actions.removeTokens();
  expect(page.state().problem).toBe("Nothing was edited: the model is writing: stop it first.");
  page.actions.stop();
  await page.quiet();
  expect(page.state().history.present.branches.length).toBe(1);
});

test("an edit beyond the context is refused with the counts", async () => {
  const page = await talk({ contextLength: 43 }); // 42 are there
  page.actions.moveTo(MESSAGE);
  page.actions.insertAsText();
  page.actions.setEditText("Oh, ");
  page.actions.writeEditText();
  await page.quiet();
  expect(page.state().problem).toContain("would have 46 tokens and the model's context holds 43");
  expect(page.state().history.present.branches.length).toBe(1);
  expect(page.state().edit).toMatchObject({ text: "Oh, " });
});

test("without the model nothing is edited", () => {
  const page = closedPage();
  page.actions.removeTokens();
  expect(page.state().problem).toBe("Nothing was edited: this needs the model.");
});

test("typing in the editor asks the tokenizer alone: no model run, no head run", async () => {
  const page = await talk();
  page.actions.editAsText();
  const before = page.state().counts;
  for (const text of ["Yes,", "Yes, ", "Yes, I"]) page.actions.setEditText(text);
  await page.quiet();
  expect(page.state().counts).toEqual(before);
  expect(page.state().textPreview?.text).toBe("Yes, I");
});

test("a key typed looks at no branch: only a new path, score or model makes the page look for what is not scored", async () => {
  const page = await talk();
  let looked = 0;
  const { scores } = page.state();
  page.store.setState({
    scores: new Proxy(scores, {
      get(target, name) {
        looked += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  });
  expect(looked).toBeGreaterThan(0); // the new scores are looked at once
  looked = 0;
  page.actions.setMessage("typed");
  expect(looked).toBeLessThan(10); // the place shown, not the 42 tokens of the path
});
