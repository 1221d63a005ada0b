import { branchAt, type NodeId, tokenId } from "@tokenscope/core";
import { expect, test } from "vitest";
import type { TextEditing, TextPreview } from "../src/store/edits.ts";
import {
  editBlocks,
  editRange,
  foundView,
  placingEdit,
  placingWords,
  specialChoices,
  textEditing,
  textEditorView,
  textRange,
  writtenWords,
} from "../src/views/edit.ts";
import { activeDocumentPath } from "../src/views/path.ts";
import { CAT, conversation, DOG, historyOf, vocabulary } from "./views-document.ts";

// <|s|> The cat <|e|> | <|s|> dog sat: an open reply whose message begins at 5.
const doc = conversation();
const path = activeDocumentPath(doc);
const history = historyOf(doc);
const here = (position: number, span: { from: number; to: number } | null = null) => ({
  history,
  position,
  span,
});
const node = (id: number) => id as NodeId;

test("an edit acts on the span, else on the token at the position, and on nothing at next", () => {
  expect(editRange(here(2, { from: 1, to: 4 }))).toEqual({ from: 1, to: 5 });
  expect(editRange(here(2))).toEqual({ from: 2, to: 3 });
  expect(editRange(here(7))).toBeNull();
});

test("Edit as text opens the span, else the message of the turn around the position", () => {
  expect(textRange(here(0, { from: 1, to: 4 }))).toEqual({ from: 1, to: 5 });
  expect(textRange(here(3))).toEqual({ from: 1, to: 3 }); // at the closing marker
  expect(textRange(here(7))).toEqual({ from: 5, to: 7 }); // at next
});

test("what waits for a token stands at its position and on its path alone", () => {
  const edit = { kind: "replace", from: 2, to: 3, mark: node(2) } as const;
  expect(placingEdit({ history, position: 2, edit })).toBe(edit);
  expect(placingEdit({ history, position: 3, edit })).toBeNull();
  const other = branchAt(doc, 2, [
    { id: DOG, origin: "typed", turn: 0, role: "user", part: "content" },
  ]);
  expect(placingEdit({ history: historyOf(other), position: 2, edit })).toBeNull();
});

test("the line under the list says what choosing does", () => {
  const words = (kind: "replace" | "insert", from: number, to: number) =>
    Object.values(placingWords({ kind, from, to, mark: null }, path))
      .join(" ")
      .trim();
  expect(words("replace", 2, 3)).toBe(
    "Choose a token to put in place of position 2. The later tokens are kept and scored again.",
  );
  expect(words("replace", 1, 3)).toContain("in place of positions 1–2.");
  expect(words("insert", 2, 2)).toContain("Choose a token to insert before position 2.");
  expect(words("replace", 6, 7)).toBe("Choose a token to put in place of position 6."); // the last
});

test("each verb says why it does nothing", () => {
  const ready = { kind: "ready" } as never;
  const idle = { kind: "idle" } as const;
  expect(editBlocks({ ...here(2), model: ready, work: idle })).toEqual({
    replace: null,
    insert: null,
    remove: null,
    text: null,
  });
  const waiting = { kind: "waiting" } as const;
  expect(editBlocks({ ...here(2), model: waiting, work: idle }).remove).toBe(
    "this needs the model",
  );
  const work = { kind: "generating", written: 1, of: 9 } as const;
  expect(editBlocks({ ...here(2), model: ready, work }).text).toContain("the model is writing");
  const next = editBlocks({ ...here(7), model: ready, work: idle });
  expect(next.replace).toContain("no token stands here yet");
  expect(next.text).toBeNull();
});

const editing: TextEditing = { kind: "text", from: 1, to: 3, mark: node(2), text: "The dog" };
const preview: TextPreview = {
  from: 1,
  to: 3,
  mark: node(2),
  text: "The dog",
  edit: { from: 1, to: 2, ids: [DOG] },
  problem: null,
};
const view = (newest: TextPreview | null, edit = editing) =>
  textEditorView(edit, newest, { path, vocabulary });
const texts = (tokens: ReturnType<typeof view>["before"]) =>
  tokens.map(({ segments }) => segments.map(({ text }) => text).join(""));

test("the editor shows what gives way and what comes, between what is kept", () => {
  const shown = view(preview);
  expect(shown.title).toBe("Edit positions 1–2 as text, user turn");
  expect([texts(shown.before), texts(shown.written), texts(shown.after)]).toEqual([
    ["The"],
    ["·dog"],
    [],
  ]);
  expect(shown.summary).toBe("1 token replaced by 1. 1 token of this text is kept.");
  expect(shown).toMatchObject({ problem: null, isUnchanged: false, isRemoval: false });
});

test("an answer about another range or another text is not taken for this one's", () => {
  expect(view({ ...preview, from: 0 }).written).toEqual([]);
  expect(view({ ...preview, mark: node(5) }).summary).toBe("");
  const stale = { ...preview, text: "The d⟦", edit: null, problem: "A ⟦ is not closed." };
  expect(view(stale).problem).toBeNull();
  expect(view({ ...stale, text: editing.text }).problem).toBe("A ⟦ is not closed.");
});

test("a text that is what it was, a removal and an insertion are said as such", () => {
  const same = view({ ...preview, edit: { from: 2, to: 2, ids: [] } });
  expect([same.summary, same.isUnchanged]).toEqual(["Nothing has changed.", true]);
  const gone = view({ ...preview, edit: { from: 0, to: 1, ids: [] } });
  expect([gone.summary, gone.isRemoval]).toEqual([
    "1 token removed. 1 token of this text is kept.",
    true,
  ]);
  const put = view(
    { ...preview, to: 1, mark: node(0), edit: { from: 0, to: 0, ids: [CAT, DOG] } },
    { ...editing, to: 1, mark: node(0) },
  );
  expect([put.title, put.summary]).toEqual(["Insert text before position 1", "2 tokens written."]);
});

test("the editor stays with its tokens: on another branch it is not shown", () => {
  expect(textEditing({ history, edit: editing })).toBe(editing);
  const other = branchAt(doc, 1, []);
  expect(textEditing({ history: historyOf(other), edit: editing })).toBeNull();
});

test("special tokens are listed with those of the conversation first", () => {
  expect(specialChoices(doc, vocabulary)).toEqual({ names: ["<|s|>", "<|e|>"], more: "" });
  const many = { ...vocabulary, size: 60, isSpecial: () => true };
  const { names, more } = specialChoices(doc, many);
  expect(names.length).toBe(40);
  expect(names.slice(0, 2)).toEqual(["<|s|>", "<|e|>"]);
  expect(more).toBe("20 more: write their names between ⟦ and ⟧");
});

test("the search at the first position asks, counts, and marks special tokens", () => {
  expect(foundView(null, "", vocabulary).note).toContain("Nothing is predicted");
  const found = { query: "<|", ids: [tokenId(0), tokenId(1)], matches: 2 };
  const { note, rows } = foundView(found, "<|", vocabulary);
  expect(note).toBe("2 matches, by id");
  expect(rows.map((row) => row.name)).toEqual([
    "<|s|>, id 0, special token",
    "<|e|>, id 1, special token",
  ]);
  expect(foundView(found, "<", vocabulary).rows).toEqual([]); // not this query's answer
  expect(foundView({ query: "x", ids: [], matches: 0 }, "x", vocabulary).note).toBe(
    "No token of the 8 contains 'x'.",
  );
});

test("what was written is said with what is scored again", () => {
  expect(writtenWords("Position 2 removed", 4)).toBe(
    "Position 2 removed, 4 later tokens scored again",
  );
  expect(writtenWords("Position 6 removed", 0)).toBe("Position 6 removed");
});
