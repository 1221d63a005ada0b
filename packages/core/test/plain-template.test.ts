import { expect, test } from "vitest";
import { toyTokenizer } from "../src/contracts/index.ts";
import type { TokenDocument, Tokenizer } from "../src/index.ts";
import {
  activePath,
  decodeTokens,
  emptyDocument,
  endTurn,
  nodesOf,
  plainTemplate,
  turnsOf,
} from "../src/index.ts";

const started: Tokenizer = { ...toyTokenizer, startTokenId: toyTokenizer.endTokenIds[0] ?? null };
const format = (tokenizer: Tokenizer = toyTokenizer) => ({
  tokenizer,
  template: plainTemplate(tokenizer),
});

function pathOf(doc: TokenDocument) {
  return nodesOf(doc, activePath(doc));
}

function textOf(doc: TokenDocument): string {
  return decodeTokens(pathOf(doc).map(({ id }) => toyTokenizer.vocabulary.bytes(id)));
}

const text = (content: string) => ({ role: "text", content });

test("a base model's text is written as it is, and the turn stays open for the model to go on", () => {
  const doc = endTurn(emptyDocument(), text("Once upon"), format());
  expect(textOf(doc)).toBe("Once upon");
  expect(turnsOf(pathOf(doc))).toMatchObject([{ role: "text", isClosed: false }]);
  expect(pathOf(doc).map(({ origin }) => origin)).toEqual(Array(9).fill("typed"));
});

test("what is written after it goes on in the same text", () => {
  const doc = endTurn(emptyDocument(), text("Once upon"), format());
  const more = endTurn(doc, text(" a time"), format());
  expect(textOf(more)).toBe("Once upon a time");
  expect(turnsOf(pathOf(more))).toHaveLength(1);
  expect(pathOf(more).slice(0, 9)).toEqual(pathOf(doc));
});

test("a tokenizer that starts its texts with a token starts this one, once, and the template wrote it", () => {
  const doc = endTurn(emptyDocument(), text("Hi"), format(started));
  const more = endTurn(doc, text("!"), format(started));
  expect(pathOf(more).map(({ id }) => id)).toEqual([
    started.startTokenId,
    ...toyTokenizer.encode("Hi!"),
  ]);
  expect(pathOf(more)[0]).toMatchObject({ origin: "template", part: "open", role: "text" });
});

test("any other role is refused with a sentence", () => {
  const { template } = format();
  const options = { addGenerationPrompt: true };
  expect(template.refusal([text("x")], options)).toBeNull();
  const refusal = template.refusal([{ role: "user", content: "x" }], options);
  expect(refusal).toMatch(/base model without a chat template/);
  expect(() => template.render([{ role: "system", content: "x" }], options)).toThrow(refusal ?? "");
});

test("with nothing to write there is nothing to end, for no marker closes plain text", () => {
  const doc = endTurn(emptyDocument(), text("Once upon"), format());
  expect(() => endTurn(doc, text(""), format())).toThrow(/There is no text message to end/);
});
