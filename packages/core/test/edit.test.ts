import {
  activePath,
  type ChatFormat,
  editTokens,
  emptyDocument,
  endTurn,
  extend,
  isCounted,
  type NewToken,
  nodesOf,
  type Splice,
  type TokenDocument,
  type TokenId,
  tokenAt,
  tokenId,
  turnsOf,
} from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chatToy, IM_END, written } from "./chat-toy.ts";

const IM_START = tokenId(256);
const format = { vocabulary: chatToy.tokenizer.vocabulary, endTokenIds: [IM_END] };
const path = (doc: TokenDocument) => nodesOf(doc, activePath(doc));
const text = (doc: TokenDocument) => written(path(doc).map((node) => node.id));
const typed = (string: string): Splice["tokens"] => some(chatToy.tokenizer.encode(string));
const some = (ids: readonly TokenId[]): Splice["tokens"] =>
  ids.map((id) => ({ id, origin: "typed" }));
const edit = (doc: TokenDocument, from: number, to: number, tokens: Splice["tokens"]) =>
  editTokens(doc, { from, to, tokens }, format);
/** Each turn as role: opening | message | closing. */
const turns = (doc: TokenDocument) =>
  turnsOf(path(doc)).map(({ role, start, contentStart, contentEnd, end }) => {
    const piece = (from: number, to: number) =>
      written(
        path(doc)
          .slice(from, to)
          .map((node) => node.id),
      );
    return `${role}: ${piece(start, contentStart)}|${piece(contentStart, contentEnd)}|${piece(contentEnd, end)}`;
  });

function talk(format: ChatFormat = chatToy): TokenDocument {
  const asked = endTurn(emptyDocument(), { role: "user", content: "Hi" }, format);
  let doc = asked;
  for (const id of chatToy.tokenizer.encode("Yes")) {
    doc = extend(doc, [tokenAt(path(doc), path(doc).length, { id, origin: "greedy" }, [IM_END])]);
  }
  return doc;
}

// <|im_start|> s y s t e m ↵ is 0 to 7, "Be kind." 8 to 15, <|im_end|> ↵ 16 and 17;
// <|im_start|> u s e r ↵ 18 to 23, "Hi" 24 and 25, <|im_end|> ↵ 26 and 27; <|im_start|> a … t ↵ 28 to 38, "Yes" 39 to 41.
const doc = talk();
const SYSTEM = "system: <|im_start|>system\n|Be kind.|<|im_end|>\n";
const USER = "user: <|im_start|>user\n|Hi|<|im_end|>\n";
const REPLY = "assistant: <|im_start|>assistant\n|Yes|";

test("a token put in place of another is a branch that keeps the later tokens, with their origins", () => {
  const next = edit(doc, 39, 40, typed("N"));
  expect(turns(next)).toEqual([SYSTEM, USER, "assistant: <|im_start|>assistant\n|Nes|"]);
  expect(path(next).map((node) => node.origin)).toEqual(
    path(doc).map((node, i) => (i === 39 ? "typed" : node.origin)),
  );
  expect(next.branches.length).toBe(2);
  expect(activePath(next).slice(0, 39)).toEqual(activePath(doc).slice(0, 39)); // the beginning is shared
});

test("a token inserted in a message of the prompt belongs to it", () => {
  expect(turns(edit(doc, 25, 25, typed("!")))).toEqual([
    SYSTEM,
    "user: <|im_start|>user\n|H!i|<|im_end|>\n",
    REPLY,
  ]);
});

test("before a closing marker an insertion ends the message, and after an opening one it begins it", () => {
  expect(turns(edit(doc, 26, 26, typed("!")))[1]).toBe("user: <|im_start|>user\n|Hi!|<|im_end|>\n");
  expect(turns(edit(doc, 24, 24, typed("!")))[1]).toBe("user: <|im_start|>user\n|!Hi|<|im_end|>\n");
});

test("a removed token leaves the others as they are", () => {
  expect(turns(edit(doc, 8, 11, []))).toEqual([
    "system: <|im_start|>system\n|kind.|<|im_end|>\n",
    USER,
    REPLY,
  ]);
});

test("the first token may be replaced: it stays the first of its turn", () => {
  const next = edit(doc, 0, 1, typed("#"));
  expect(turns(next)[0]).toBe("system: #system\n|Be kind.|<|im_end|>\n");
  expect(turns(next).slice(1)).toEqual([USER, REPLY]);
});

test("what is inserted before the first token joins the first turn", () => {
  expect(turns(edit(doc, 0, 0, typed("#")))).toEqual([
    "system: #<|im_start|>system\n|Be kind.|<|im_end|>\n",
    USER,
    REPLY,
  ]);
});

test("another name in the opening marker is another role", () => {
  expect(turns(edit(doc, 19, 23, typed("assistant")))[1]).toBe(
    "assistant: <|im_start|>assistant\n|Hi|<|im_end|>\n",
  );
  expect(turns(edit(doc, 19, 23, typed("bard")))[1]).toBe(
    "bard: <|im_start|>bard\n|Hi|<|im_end|>\n",
  );
});

test("a start marker with a role, inserted in a message, begins a turn there; later turns count on", () => {
  const next = edit(doc, 25, 25, [...some([IM_START]), ...typed("tool\n")]);
  expect(turns(next)).toEqual([
    SYSTEM,
    "user: <|im_start|>user\n|H|",
    "tool: <|im_start|>tool\n|i|<|im_end|>\n",
    REPLY,
  ]);
  expect(turnsOf(path(next)).map((turn) => turn.index)).toEqual([0, 1, 2, 3]);
});

test("a start marker alone begins a turn without a role, and the role written after it opens the turn", () => {
  const bare = edit(doc, 25, 25, some([IM_START]));
  expect(turns(bare)[2]).toBe("text: <|im_start|>|i|<|im_end|>\n");
  expect(turns(edit(bare, 26, 26, typed("user\n")))[2]).toBe(USER.replace("Hi", "i"));
});

test("an end marker inserted in a reply closes it; what follows it is no message", () => {
  const next = edit(doc, 40, 40, some([IM_END]));
  expect(turns(next)[2]).toBe("assistant: <|im_start|>assistant\n|Y|<|im_end|>es");
  expect(turnsOf(path(next)).at(-1)?.isClosed).toBe(true);
  expect(path(next).slice(40).every(isCounted)).toBe(true);
});

test("without its end marker a closing marker's newline belongs to the message", () => {
  expect(turns(edit(doc, 26, 27, []))[1]).toBe("user: <|im_start|>user\n|Hi\n|");
});

test("without its start marker a turn's tokens belong to the message before it, or to what its closing marker left", () => {
  expect(turns(edit(doc, 18, 19, []))).toEqual([
    "system: <|im_start|>system\n|Be kind.|<|im_end|>\nuser\nHi<|im_end|>\n",
    REPLY,
  ]);
  expect(turns(edit(doc, 16, 24, []))).toEqual([
    "system: <|im_start|>system\n|Be kind.Hi|<|im_end|>\n",
    REPLY,
  ]);
});

test("the whole path can be removed, and text written again", () => {
  const empty = edit(doc, 0, 42, []);
  expect(path(empty)).toEqual([]);
  expect(turns(edit(empty, 0, 0, typed("Hi")))).toEqual(["text: |Hi|"]);
});

test("at the end of an open path an insertion grows the branch in place", () => {
  const next = edit(doc, 42, 42, typed("!"));
  expect(next.branches.length).toBe(1);
  expect(text(next)).toBe(`${text(doc)}!`);
  expect(path(next).at(-1)?.part).toBe("content");
});

// Like Gemma's: a text's own start, then a token that begins turns; the role in the marker is not the role's name.
const BOS = tokenId(260);
const START = tokenId(261);
const gemma = {
  vocabulary: {
    size: 263,
    bytes: (id: TokenId) =>
      id < 256 ? Uint8Array.of(id) : new TextEncoder().encode(id === BOS ? "<bos>" : "<start>"),
    isSpecial: (id: TokenId) => id >= 256,
  },
  endTokenIds: [],
};

test("a token before the first turn's marker begins no turn, and a marker's role is called what the template calls it", () => {
  const bytes = chatToy.tokenizer.encode;
  const mark = (turn: number, role: string) => ({ turn, role, origin: "template" as const });
  const user = mark(0, "user");
  const model = mark(1, "assistant");
  const tokens: readonly NewToken[] = [
    { ...user, id: BOS, part: "open" },
    ...[START, ...bytes("u\n")].map((id) => ({ ...user, id, part: "open" as const })),
    ...bytes("Hi").map((id) => ({ ...user, id, part: "content" as const })),
    ...[START, ...bytes("m\n")].map((id) => ({ ...model, id, part: "open" as const })),
    ...bytes("Yes").map((id) => ({ ...model, id, part: "content" as const })),
  ];
  const first = extend(emptyDocument(), tokens);
  const put = (from: number, to: number, ids: readonly TokenId[]) =>
    turnsOf(path(editTokens(first, { from, to, tokens: some(ids) }, gemma))).map(
      ({ role, start, contentStart, end }) => [role, start, contentStart, end],
    );
  expect(put(4, 5, bytes("O"))).toEqual([
    ["user", 0, 4, 6],
    ["assistant", 6, 9, 12],
  ]);
  expect(put(5, 5, [BOS])).toEqual([
    ["user", 0, 4, 7],
    ["assistant", 7, 10, 13],
  ]);
  expect(put(5, 5, [START, ...bytes("m\n")])).toEqual([
    ["user", 0, 4, 5],
    ["assistant", 5, 8, 9],
    ["assistant", 9, 12, 15],
  ]);
  expect(put(0, 1, [])[0]).toEqual(["user", 0, 3, 5]); // without <bos>
});

test("an edit that changes nothing is no change", () => {
  const same = path(doc).slice(8, 10);
  expect(edit(doc, 8, 10, same)).toBe(doc);
  expect(edit(doc, 8, 8, [])).toBe(doc);
});

test("a range outside the path is refused", () => {
  expect(() => edit(doc, 40, 43, [])).toThrow("editTokens: 40 to 43 is not in 0 to 42");
});

test("whatever is edited: the ids are those asked for, turns count up by one, and parts only go forward in a turn", () => {
  const id = fc.integer({ min: 60, max: 70 }).map(tokenId);
  const any = fc.oneof(id, fc.constant(IM_START), fc.constant(IM_END));
  const change = fc.record({
    from: fc.nat(42),
    length: fc.nat(12),
    ids: fc.array(any, { maxLength: 4 }),
  });
  const part = { open: 0, content: 1, close: 2 };
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let at = doc;
      for (const { from: wanted, length, ids } of changes) {
        const before = path(at).map((node) => node.id);
        const from = Math.min(wanted, before.length);
        const to = Math.min(from + length, before.length);
        at = edit(at, from, to, some(ids));
        expect(path(at).map((node) => node.id)).toEqual(before.toSpliced(from, to - from, ...ids));
      }
      const marks: readonly NewToken[] = path(at);
      for (const [i, mark] of marks.entries()) {
        const before = marks[i - 1];
        if (before === undefined) expect(mark.turn).toBe(0);
        else if (before.turn === mark.turn) {
          expect(part[mark.part]).toBeGreaterThanOrEqual(part[before.part]);
          expect(mark.role).toBe(before.role);
        } else expect(mark.turn).toBe(before.turn + 1);
      }
    }),
    { seed: 376, numRuns: 300 },
  );
});
