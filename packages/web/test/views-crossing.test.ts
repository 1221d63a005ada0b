import { type CrossCandidates, tokenId, type Vocabulary } from "@tokenscope/core";
import { expect, test } from "vitest";
import type { Crossing } from "../src/store/deeper.ts";
import {
  crossingView,
  secondChoices,
  secondModelCost,
  secondRefusal,
} from "../src/views/deeper-crossing.ts";
import type { LoadedModel, ModelFile } from "../src/worker/protocol.ts";

const utf8 = new TextEncoder();

function vocabularyOf(pieces: readonly string[]): Vocabulary {
  return {
    size: pieces.length,
    bytes: (id) => utf8.encode(pieces[id] ?? ""),
    isSpecial: () => false,
  };
}

const own = { name: "Small", vocabulary: vocabularyOf([" dragon", " cat"]) };
const other = { name: "Large", vocabulary: vocabularyOf([" dra", " cat"]) };
const place = (id: number, p: number, rank: number) => {
  return { id: tokenId(id), logprobNats: Math.log(p), rank };
};
const both: CrossCandidates = {
  ownEntropyNats: Math.LN2,
  otherEntropyNats: 2 * Math.LN2,
  candidates: [
    {
      bytes: utf8.encode(" cat"),
      isSpecial: false,
      own: place(1, 0.5, 1),
      other: place(1, 0.25, 2),
    },
    { bytes: utf8.encode(" dragon"), isSpecial: false, own: place(0, 0.25, 2), other: null },
    { bytes: utf8.encode(" dra"), isSpecial: false, own: null, other: place(0, 0.5, 1) },
  ],
};
const read = {
  ids: [1, 2, 3].map(tokenId),
  nextId: tokenId(0),
  straddlingId: null,
  isPlain: false,
};
const actual = { id: tokenId(0), score: { logprobNats: Math.log(0.25), rank: 2 } };
const next = { logprobNats: Math.log(0.5), rank: 1 };

test("rows are joined by text, a model without such a token says so, and each has its own rest", () => {
  const { rows, rest } = crossingView({ read, both, next }, { own, other }, actual);
  expect(rows.map((row) => [row.own.percent, row.other.percent, row.isActual])).toEqual([
    ["50.0 %", "25.0 %", false],
    ["25.0 %", "no such token", true],
    ["no such token", "50.0 %", false],
  ]);
  expect(rows[1]?.name).toBe("space dragon: Small rank 2, 25.0 %; Large no such token");
  expect(rest).toMatchObject({ own: "25.0 %", other: "25.0 %" });
});

test("entropies, and the bits of what came in each model's own token, by byte too", () => {
  const { figures, words } = crossingView({ read, both, next }, { own, other }, actual);
  expect(figures.map(({ label, own: a, other: b }) => [label, a, b])).toEqual([
    ["entropy, bits", "1.00", "2.00"],
    ["the token that came", "·dragon", "·dra"],
    ["its bits", "2.00", "1.00"],
    ["its bits a byte", "0.29", "0.25"],
  ]);
  expect(words).toEqual([
    "Large reads the same text in its own tokens, and its own markers where there are messages: 3 tokens before this place.",
  ]);
});

test("a token of the other that crosses the place is named, and a base model's plain text too", () => {
  const crossing: Omit<Crossing, "of"> = {
    read: { ...read, nextId: null, straddlingId: tokenId(1), isPlain: true },
    both,
    next: null,
  };
  const { words, figures } = crossingView(crossing, { own, other }, null);
  expect(words[0]).toContain("as plain text, since it has no chat template");
  expect(words[1]).toMatch(/^In the whole text its token " cat" crosses this place, where Small/);
  expect(figures).toHaveLength(1);
});

const file = (id: string, fileBytes = 1e9): ModelFile => {
  return { id, label: id, url: `models/${id}`, sha256: id, fileBytes };
};
const loaded = {
  label: "Small",
  identity: { sha256: "small", precision: "exact", backend: "wasm" },
  weightBytes: { exact: 2e9, compact: 1e9 },
} as LoadedModel;

test("what may stand beside: the host's and the kept models, each once, without the one that runs", () => {
  const hosted = [file("small"), file("large")].map((each) => ({ file: each, licence: null }));
  const kept = ["large", "other", ""].map((label, i) => {
    return { sha256: label || "f".repeat(64), label, fileBytes: i };
  });
  expect(secondChoices({ hosted, kept }, loaded).map(({ label }) => label)).toEqual([
    "large",
    "other",
    "sha256 ffffffffffff",
  ]);
});

test("two models that take more than half of the device's memory are refused; a server's take none, and an unknown memory is not doubted", () => {
  const large = file("large", 3e9);
  expect(secondRefusal(large, loaded, 8e9)).toMatch(
    /^large does not fit beside Small here: .* Choose/,
  );
  expect(secondRefusal(large, loaded, 16e9)).toBeNull();
  expect(secondRefusal(large, loaded, null)).toBeNull();
  expect(secondRefusal({ ...large, calls: "/calls/" }, loaded, 1e9)).toBeNull();
  expect(secondRefusal("precision", loaded, 1)).toBeNull();
  expect(secondModelCost({ ...large, calls: "/calls/" })).toMatch(/runs on the server/);
  expect(secondModelCost(large)).toMatch(/a file of 3,000\.0 MB from this page's host, unless/);
});
