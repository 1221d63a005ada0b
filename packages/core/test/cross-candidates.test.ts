import { crossCandidates, divergence, listedCandidates, type Vocabulary } from "@tokenscope/core";
import { expect, test } from "vitest";

function vocabularyOf(pieces: readonly string[]): Vocabulary {
  return {
    size: pieces.length,
    bytes: (id) => new TextEncoder().encode(pieces[id] ?? ""),
    isSpecial: (id) => (pieces[id] ?? "").startsWith("<"),
  };
}
const logits = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const own = {
  vocabulary: vocabularyOf([" cat", " dog", "<end>", "x"]),
  logits: logits(0.5, 0.25, 0.2, 0.05),
};
const other = {
  vocabulary: vocabularyOf(["x", " do", " cat", "<eos>", " cat"]),
  logits: logits(0.1, 0.6, 0.05, 0.05, 0.2),
};

test("tokens are joined by their bytes; who has no such token has null, and special tokens meet no text", () => {
  const found = crossCandidates(own, other, 2);
  expect(
    found?.candidates.map(({ bytes, own: a, other: b }) => [
      text(bytes),
      a?.rank ?? null,
      b?.rank ?? null,
    ]),
  ).toEqual([
    [" cat", 1, 2],
    [" dog", 2, null],
    [" do", null, 1],
  ]);
  expect(found?.candidates[0]?.other?.id).toBe(4); // the likelier of two with the same bytes
  expect(Math.exp(found?.candidates[0]?.other?.logprobNats ?? 0)).toBeCloseTo(0.2, 6);
});

test("entropies are those of the whole distributions", () => {
  const half = { vocabulary: vocabularyOf(["a", "b"]), logits: logits(0.5, 0.5) };
  expect(crossCandidates(half, half, 1)?.ownEntropyNats).toBeCloseTo(Math.LN2, 6);
});

test("over one vocabulary the places are divergence's", () => {
  const second = { ...own, logits: logits(0.1, 0.2, 0.3, 0.4) };
  const joined = crossCandidates(own, second, 3)?.candidates.map(({ own: a, other: b }) => [
    a?.id,
    a?.rank,
    b?.rank,
  ]);
  const known = divergence(own.logits, second.logits, 3)?.candidates.map((each) => [
    each.id,
    each.own.rank,
    each.other.rank,
  ]);
  expect(joined).toEqual(known);
});

test("a list of another server's stands beside the own distribution: joined by bytes, a special token by its name where the server does not tell which is one", () => {
  const bytes = (piece: string) => new TextEncoder().encode(piece);
  const token = (piece: string, rank: number, isSpecial: boolean | null = null) => {
    return { text: piece, bytes: bytes(piece), isSpecial, logprobNats: -rank, rank };
  };
  const listed = [token("<end>", 1), token(" do", 2), token(" cat", 3, false), token(" cat", 4)];
  const found = listedCandidates(own, listed, 2);
  expect(
    found?.candidates.map(({ bytes: b, isSpecial, own: a, other: o }) => [
      text(b),
      isSpecial,
      a?.rank ?? null,
      o?.rank ?? null,
    ]),
  ).toEqual([
    [" cat", false, 1, 3],
    [" dog", false, 2, null],
    ["<end>", true, 3, 1],
    [" do", false, null, 2],
  ]);
  const half = { text: "\u{fffd}", bytes: null, isSpecial: null };
  const halves = [1, 2].map((rank) => ({ ...half, logprobNats: -rank, rank }));
  const alone = listedCandidates(own, halves, 1)?.candidates.filter(
    ({ untold }) => untold !== null,
  );
  expect(alone?.map(({ own: a, other }) => [a, other?.rank])).toEqual([
    [null, 1], // one sign for two tokens: neither is joined, and both keep their share
    [null, 2],
  ]);
  const asText = listedCandidates(own, [token("<end>", 1, false)], 1);
  expect(asText?.candidates.map(({ own: a }) => a?.id ?? null)).toEqual([0, null]);
});
