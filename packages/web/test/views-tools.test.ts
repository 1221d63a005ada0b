import { emptyDocument, parseTools, setTools } from "@tokenscope/core";
import { expect, test } from "vitest";
import {
  TOOL_EXAMPLES,
  toolsCheck,
  toolsRefusal,
  toolsText,
  toolsWord,
} from "../src/views/tools.ts";

const loaded = (more: object) =>
  ({ model: { kind: "ready", loaded: { label: "Tiny", hasTemplate: true, ...more } } }) as never;

test("both examples are definitions", () => {
  expect(TOOL_EXAMPLES.map(({ tools }) => parseTools(JSON.stringify(tools)).length)).toEqual([
    1, 1,
  ]);
});

test("the button counts the tools of the branch, and the field shows them", () => {
  const template = { takesTools: true } as never;
  const text = JSON.stringify(TOOL_EXAMPLES.flatMap(({ tools }) => tools));
  const doc = setTools(emptyDocument(), text, { tokenizer: {} as never, template });
  expect([toolsWord(emptyDocument()), toolsWord(doc)]).toEqual(["Tools", "Tools 2"]);
  expect(toolsText(emptyDocument())).toBe("");
  expect(parseTools(toolsText(doc))).toEqual(parseTools(text));
});

test("the check names the tools, or the place of what is wrong", () => {
  expect(toolsCheck("")).toEqual({ isFine: true, words: "no tools" });
  expect(toolsCheck('{"name": "f"}')).toEqual({ isFine: true, words: "1 tool: f" });
  expect(toolsCheck("[3]").isFine).toBe(false);
  expect(toolsCheck("[3]").words).toContain("[0] is 3");
});

test("where no template writes tools, a sentence says why", () => {
  expect(toolsRefusal(loaded({ takesTools: true }))).toBe(null);
  expect(toolsRefusal(loaded({ takesTools: false }))).toContain("Tiny does not write tools");
  expect(toolsRefusal(loaded({ takesTools: false, hasTemplate: false }))).toContain("base model");
  expect(toolsRefusal({ model: { kind: "loading" } } as never)).toContain("need the model");
});
