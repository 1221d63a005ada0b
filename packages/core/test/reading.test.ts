import {
  activePath,
  emptyDocument,
  endTurn,
  extend,
  nodesOf,
  plainTemplate,
  readingAt,
  readTokens,
  type TokenDocument,
  tokenAt,
  turnsOf,
} from "@tokenscope/core";
import { expect, test } from "vitest";
import { chatToy, IM_END, written } from "./chat-toy.ts";

const path = (doc: TokenDocument) => nodesOf(doc, activePath(doc));
const { vocabulary } = chatToy.tokenizer;

function conversation(): TokenDocument {
  let doc = endTurn(emptyDocument(), { role: "user", content: "Hi there" }, chatToy);
  for (const id of chatToy.tokenizer.encode("Good day")) {
    const at = path(doc);
    doc = extend(doc, [tokenAt(at, at.length, { id, origin: "greedy" }, [IM_END])]);
  }
  return doc;
}

const doc = conversation();
const [system, user, assistant] = turnsOf(path(doc));
const at = (position: number) => readingAt(path(doc), position, vocabulary);

test("a place in a reply has the messages before it and what the reply says on both sides", () => {
  const start = assistant?.contentStart ?? 0;
  expect(at(start + 4)).toEqual({
    messages: [{ role: "user", content: "Hi there" }],
    role: "assistant",
    before: "Good",
    after: " day",
  });
  expect(at(start)).toMatchObject({ before: "", after: "Good day" });
  expect(at(start + 8)).toMatchObject({ before: "Good day", after: "" });
});

test("a place in a message has none before it, where the system turn is the template's own", () => {
  expect(at((user?.contentStart ?? 0) + 2)).toEqual({
    messages: [],
    role: "user",
    before: "Hi",
    after: " there",
  });
});

test("inside markers, and in what the template itself wrote, there is nothing for another model", () => {
  expect(at(user?.start ?? 0)).toBeNull();
  expect(at((system?.contentStart ?? 0) + 1)).toBeNull();
});

test("the same model reads its own tokens again", () => {
  for (const position of [(user?.contentStart ?? 0) + 3, (assistant?.contentStart ?? 0) + 5]) {
    const reading = at(position);
    if (reading === null) throw new RangeError("no reading");
    const read = readTokens(reading, chatToy);
    expect(read.ids).toEqual(
      path(doc)
        .slice(0, position)
        .map(({ id }) => id),
    );
    expect(read).toMatchObject({
      nextId: path(doc)[position]?.id,
      straddlingId: null,
      isPlain: false,
    });
  }
});

/** A tokenizer of pairs of letters beside the toy's own: "Good" is Go|od, so that a place may lie within a token. */
const pairs = {
  ...chatToy.tokenizer,
  encode: (text: string) =>
    (text.match(/..?/gs) ?? []).map((pair) => (1_000 + pairNames.push(pair) - 1) as never),
  vocabulary: {
    size: 1_000_000,
    bytes: (id: number) => new TextEncoder().encode(pairNames[id - 1_000] ?? ""),
    isSpecial: () => false,
  },
};
const pairNames: string[] = [];
const named = (ids: readonly number[]) => ids.map((id) => pairNames[id - 1_000]);

test("where the other's token crosses the place, that token is named and nothing comes next", () => {
  const other = { tokenizer: pairs, template: plainTemplate(pairs) };
  const base = { messages: [], role: "text", after: "d day" };
  const crossing = readTokens({ ...base, before: "Goo" }, other);
  expect(named([crossing.straddlingId ?? 0])).toEqual(["od"]);
  expect(crossing.nextId).toBeNull();
  expect(named(crossing.ids.slice(-2))).toEqual(["Go", "o"]);
  const clean = readTokens({ ...base, before: "Go", after: "od day" }, other);
  expect(named([clean.nextId ?? 0])).toEqual(["od"]);
  expect(clean.straddlingId).toBeNull();
});

test("a base model reads a conversation as plain text, a line apart, and that is said", () => {
  const base = { ...chatToy, template: plainTemplate(chatToy.tokenizer) };
  const reading = at((assistant?.contentStart ?? 0) + 4);
  if (reading === null) throw new RangeError("no reading");
  const read = readTokens(reading, base);
  expect(written(read.ids)).toBe("Hi there\n\nGood");
  expect(read.isPlain).toBe(true);
});

test("a place inside a character is no place of another model's: no text says half of it", () => {
  const cut = endTurn(emptyDocument(), { role: "user", content: "a é!" }, chatToy);
  const [, turn] = turnsOf(path(cut));
  const start = turn?.contentStart ?? 0;
  const at = [0, 1, 2, 3, 4].map((i) => readingAt(path(cut), start + i, vocabulary)?.after ?? null);
  expect(at).toEqual(["a é!", " é!", "é!", null, "!"]);
  const open = extend(emptyDocument(), [
    tokenAt([], 0, { id: chatToy.tokenizer.encode("é")[0] ?? 0, origin: "typed" } as never, []),
  ]);
  expect(readingAt(path(open), 1, vocabulary)).toBeNull();
});
