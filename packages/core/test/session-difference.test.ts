import {
  emptyDocument,
  extend,
  type NewToken,
  type Origin,
  piecesOf,
  type Session,
  sessionDifference,
  tokenId,
} from "@tokenscope/core";
import { toyVocabulary } from "@tokenscope/core/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";

const MODEL = {
  id: "toy",
  sha256: "0".repeat(64),
  architecture: "toy",
  quantization: "F32",
  precision: "exact",
  backend: "wasm",
} as const;

const place = { turn: 0, role: "user", part: "content" } as const;
const reply = { turn: 1, role: "assistant", part: "content" } as const;

const tokens = (text: string, origin: Origin, where: Omit<NewToken, "id" | "origin">): NewToken[] =>
  Array.from(text, (character) => ({ id: tokenId(character.charCodeAt(0)), origin, ...where }));

const chat = (written: readonly NewToken[]): NewToken[] => [
  ...tokens("Hi", "typed", place),
  ...written,
];

function session(all: readonly NewToken[], more: Partial<Session> = {}): Session {
  const document = extend(emptyDocument(), all);
  return {
    model: MODEL,
    vocabularySize: toyVocabulary.size,
    pieces: piecesOf(document, toyVocabulary),
    document,
    scores: new Map(),
    position: 0,
    span: null,
    view: "raw",
    settings: { temperature: 0, topK: 0, topP: 1, minP: 0 },
    seed: 1,
    redraws: new Map(),
    pins: [],
    lab: null,
    ...more,
  };
}

const causeOf = (ours: Session, theirs: Session) => sessionDifference(ours, theirs).parting?.cause;

test("the same tokens do not part, whatever they were made with", () => {
  const ours = session(chat(tokens("ab", "greedy", reply)));
  const theirs = session(chat(tokens("ab", "greedy", reply)), {
    model: { ...MODEL, precision: "compact" },
    seed: 2,
  });
  expect(sessionDifference(ours, theirs)).toEqual({
    sharedTokens: 4,
    parting: null,
    conditions: [
      { kind: "precision", ours: "exact", theirs: "compact" },
      { kind: "seed", ours: 1, theirs: 2 },
    ],
  });
});

test("two replies part at their first different token, here the second of the reply", () => {
  const ours = session(chat(tokens("ab", "greedy", reply)));
  const theirs = session(chat(tokens("ac", "forced", reply)));
  const { sharedTokens, parting } = sessionDifference(ours, theirs);
  expect(sharedTokens).toBe(3);
  expect(parting).toMatchObject({ position: 3, ours: { id: 98 }, theirs: { id: 99 } });
  expect(parting?.cause).toEqual({ kind: "person", ours: "greedy", theirs: "forced" });
});

test("a conversation that goes on where the other ends says which one ended", () => {
  const short = session(chat([]));
  const long = session(chat(tokens("a", "greedy", reply)));
  expect(causeOf(short, long)).toEqual({ kind: "ends", first: "ours" });
  expect(causeOf(long, short)).toEqual({ kind: "ends", first: "theirs" });
});

test("greedy replies part by the model, its precision or its backend, never by the seed", () => {
  const ours = session(chat(tokens("a", "greedy", reply)));
  const other = chat(tokens("b", "greedy", reply));
  const theirs = session(other, { model: { ...MODEL, precision: "compact" }, seed: 2 });
  expect(causeOf(ours, theirs)).toEqual({
    kind: "conditions",
    conditions: [{ kind: "precision", ours: "exact", theirs: "compact" }],
  });
  expect(causeOf(ours, session(other, { seed: 2 }))).toEqual({ kind: "unknown" });
});

test("a drawn token beside a greedy one, both set alike now: the settings were changed since", () => {
  const ours = session(chat(tokens("a", "sampled", reply)));
  const theirs = session(chat(tokens("b", "greedy", reply)));
  expect(causeOf(ours, theirs)).toEqual({ kind: "drawn", ours: "sampled", theirs: "greedy" });
});

test("sampled replies part by the seed and the settings, and by a draw that was drawn again", () => {
  const settings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
  const ours = session(chat(tokens("a", "sampled", reply)), { settings });
  const other = chat(tokens("b", "sampled", reply));
  expect(causeOf(ours, session(other, { settings, seed: 9 }))).toEqual({
    kind: "conditions",
    conditions: [{ kind: "seed", ours: 1, theirs: 9 }],
  });
  expect(causeOf(ours, session(other, { settings: { ...settings, topK: 40 } }))).toMatchObject({
    conditions: [{ kind: "topK", ours: 0, theirs: 40 }],
  });
  expect(causeOf(ours, session(other, { settings, redraws: new Map([[2, 1]]) }))).toEqual({
    kind: "draw",
  });
});

test("a greedy and a sampled token part by the temperature", () => {
  const ours = session(chat(tokens("a", "greedy", reply)));
  const theirs = session(chat(tokens("b", "sampled", reply)), {
    settings: { temperature: 0.7, topK: 40, topP: 1, minP: 0 },
    seed: 2,
  });
  expect(causeOf(ours, theirs)).toEqual({
    kind: "conditions",
    conditions: [{ kind: "temperature", ours: 0, theirs: 0.7 }],
  });
});

test("messages, system prompts and markers part by themselves", () => {
  const system = { turn: 0, role: "system", part: "content" } as const;
  expect(
    causeOf(session(tokens("Hi", "typed", place)), session(tokens("Ho", "typed", place))),
  ).toEqual({
    kind: "message",
    role: "user",
  });
  expect(
    causeOf(session(tokens("Hi", "template", system)), session(tokens("Ho", "typed", system))),
  ).toEqual({ kind: "system-prompt" });
  const marker = { turn: 0, role: "user", part: "open" } as const;
  expect(
    causeOf(session(tokens("<", "template", marker)), session(tokens("[", "template", marker))),
  ).toEqual({ kind: "markers" });
});

test("tokens are the same by their bytes, and by their ids where a link left the bytes out", () => {
  const ours = session(tokens("a", "typed", place));
  const renumbered = session([{ id: tokenId(7), origin: "typed", ...place }], {
    pieces: new Map([[tokenId(7), { bytes: Uint8Array.of(97), isSpecial: false }]]),
  });
  expect(sessionDifference(ours, renumbered).parting).toBeNull();
  expect(sessionDifference(ours, { ...renumbered, pieces: new Map() }).sharedTokens).toBe(0);
  expect(sessionDifference(ours, { ...ours, pieces: new Map() }).parting).toBeNull();
});

test("seen from the other side, the parting is the same place", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [ours, theirs] = [a, b].map((words) => session(chat(tokens(words, "greedy", reply))));
      const there = sessionDifference(ours!, theirs!);
      const back = sessionDifference(theirs!, ours!);
      expect(back.sharedTokens).toBe(there.sharedTokens);
      expect(there.parting === null).toBe(a === b);
      expect(back.parting?.ours?.id).toBe(there.parting?.theirs?.id);
    }),
  );
});
