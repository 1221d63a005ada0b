import type { RemotePlace } from "@tokenscope/calls";
import { type ListedCandidates, tokenId, type Vocabulary } from "@tokenscope/core";
import { expect, test } from "vitest";
import type { RemoteModel } from "../src/store/remote-models.ts";
import { remoteCostWords, remoteView } from "../src/views/deeper-remote.ts";

const utf8 = new TextEncoder();
const PIECES = [" dragon", " cat"];
const vocabulary: Vocabulary = {
  size: 2,
  bytes: (id) => utf8.encode(PIECES[id] ?? ""),
  isSpecial: () => false,
};
const own = { name: "Small", vocabulary };
const remote: RemoteModel = {
  kind: "remote",
  id: "qwen",
  host: "gpu:8000",
  address: "http://here/remote/",
};
const both: ListedCandidates = {
  ownEntropyNats: Math.LN2,
  candidates: [
    {
      bytes: utf8.encode(" cat"),
      isSpecial: false,
      untold: null,
      own: { id: tokenId(1), logprobNats: Math.log(0.5), rank: 1 },
      other: { logprobNats: Math.log(0.25), rank: 2 },
    },
    {
      bytes: utf8.encode(" dragon"),
      isSpecial: false,
      untold: null,
      own: { id: tokenId(0), logprobNats: Math.log(0.25), rank: 2 },
      other: null,
    },
    {
      bytes: utf8.encode(" dra"),
      isSpecial: false,
      untold: null,
      own: null,
      other: { logprobNats: Math.log(0.5), rank: 1 },
    },
  ],
};
const token = (text: string, p: number, rank: number) => {
  const bytesHex = Buffer.from(text).toString("hex");
  return { text, bytesHex, isSpecial: false, logprobNats: Math.log(p), rank };
};
const place: RemotePlace = {
  way: "ids",
  contextTokens: 3,
  isStraddled: false,
  top: [token(" dra", 0.5, 1), token(" cat", 0.25, 2)],
  next: token(" dra", 0.5, 1),
};
const actual = { id: tokenId(0), score: { logprobNats: Math.log(0.25), rank: 2 } };

test("what is not listed is no number, and what the server does not tell is n/a", () => {
  const { rows, rest, figures, words } = remoteView({ place, both }, { own, remote }, actual);
  expect(rows.map((row) => [row.own.percent, row.other.percent, row.isActual])).toEqual([
    ["50.0 %", "25.0 %", false],
    ["25.0 %", "not listed", true],
    ["no such token", "50.0 %", false],
  ]);
  expect(rows[1]?.name).toBe("space dragon: Small rank 2, 25.0 %; qwen not listed");
  expect(rest).toEqual({ label: "all other tokens", own: "25.0 %", other: "25.0 %" });
  expect(figures.map(({ label, own: a, other: b }) => [label, a, b])).toEqual([
    ["entropy, bits", "1.00", "n/a"],
    ["the token that came", "·dragon", "·dra"],
    ["its bits", "2.00", "1.00"],
    ["its bits a byte", "0.29", "0.25"],
  ]);
  expect(words).toEqual([
    "qwen at gpu:8000 reads the same text in its own tokens, and its own markers where there are messages: 3 tokens before this place.",
    "It lists its 2 most likely tokens and no more, so its entropy is n/a, and a token that is not listed has a share of the rest.",
  ]);
});

test("how the text was given, and why a price is missing, are sentences", () => {
  const said = (more: Partial<RemotePlace>, came: typeof actual | null = actual) =>
    remoteView({ place: { ...place, next: null, ...more }, both }, { own, remote }, came);
  const chat = said({ way: "chat", contextTokens: null });
  expect(chat.words[0]).toContain("in its own chat template, and begins the reply");
  expect(chat.words.at(-1)).toContain("so what the token that came costs there is n/a");
  expect(chat.figures[2]).toEqual({ label: "its bits", own: "2.00", other: "n/a" });
  expect(said({ way: "text" }).words[0]).toContain("was given the text before this place as it is");
  expect(said({ isStraddled: true }).words.at(-1)).toMatch(/^In the whole text a token of qwen/);
  expect(said({}, null).figures).toHaveLength(1);
  expect(said({ way: "text" }).words.at(-1)).toContain("no log-probabilities of this text");
  expect(said({ way: "begun" }).words[0]).toContain("and the reply so far, which it goes on with");
  expect(said({ way: "joined" }).words[0]).toContain("as one text without roles");
  expect(remoteCostWords(remote)).toContain("the text before the place goes there");
});

test("a name that is another token's too stands beside none of the page's, and what cannot come has no finite price", () => {
  const half = { text: "\u{fffd}", bytesHex: null, isSpecial: null, logprobNats: -1, rank: 3 };
  const untold = {
    bytes: new Uint8Array(),
    isSpecial: false,
    own: null,
    other: half,
    untold: half.text,
  };
  const candidates = [...both.candidates, untold, untold];
  const next = { ...token(" dra", 0.5, 1), logprobNats: -9_999 };
  const view = remoteView(
    { place: { ...place, next }, both: { ...both, candidates } },
    { own, remote },
    actual,
  );
  expect(view.rows.slice(3).map(({ own: a, other }) => [a.percent, other.percent])).toEqual([
    ["n/a", "36.8 %"],
    ["n/a", "36.8 %"],
  ]);
  expect(view.words[2]).toMatch(/^Of 2 tokens the server of qwen tells a name/);
  expect(view.figures.slice(2).map(({ other }) => other)).toEqual(["∞", "∞"]);
});
