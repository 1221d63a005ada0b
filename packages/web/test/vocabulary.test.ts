import {
  rankedMatches,
  tableVocabulary,
  vocabularySearch,
  vocabularyTable,
} from "@tokenscope/calls";
import { logSumExp, rankOf, type TokenId, tokenId, type Vocabulary } from "@tokenscope/core";
import { toyVocabulary } from "@tokenscope/core/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { idsOf, openPage } from "./store-model.ts";

const PIECES = [" Paris", "paris", " par", "Lyon", " 42", "4", "<|end|>", "\n"];

function vocabularyOf(pieces: readonly (string | Uint8Array)[]): Vocabulary {
  return {
    size: pieces.length,
    bytes(id) {
      const piece = pieces[id] ?? "";
      return typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    },
    isSpecial: (id) => pieces[id] === "<|end|>",
  };
}

const find = vocabularySearch(vocabularyOf(PIECES));
const found = (query: string) => find(query).map((id) => PIECES[id]);

test("a vocabulary crosses as a table and comes back the same", () => {
  const table = structuredClone(vocabularyTable(toyVocabulary));
  const back = tableVocabulary(table);
  expect(back.size).toBe(259);
  for (let id = 0; id < back.size; id += 1) {
    expect(back.bytes(tokenId(id))).toEqual(toyVocabulary.bytes(tokenId(id)));
    expect(back.isSpecial(tokenId(id))).toBe(toyVocabulary.isSpecial(tokenId(id)));
  }
  expect(() => back.bytes(tokenId(259))).toThrow("no token 259 in a vocabulary of 259");
});

test("any pieces round trip, empty ones and half characters too", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 20 }), (pieces) => {
      const back = tableVocabulary(vocabularyTable(vocabularyOf(pieces)));
      expect(pieces.map((_, id) => back.bytes(tokenId(id)))).toEqual(pieces);
    }),
  );
});

test("a query finds every token that contains it, whatever the case", () => {
  expect(found("par")).toEqual([" Paris", "paris", " par"]);
  expect(found("PARIS")).toEqual([" Paris", "paris"]);
});

test("a leading space counts, typed as a space or as ·", () => {
  expect(found(" par")).toEqual([" Paris", " par"]);
  expect(found("·par")).toEqual([" Paris", " par"]);
});

test("a number finds the token of this id beside those that contain it", () => {
  expect(found("4")).toEqual([" 42", "4"]); // " 42" is token 4 itself, and listed once
  expect(find("3")).toEqual([3]); // Lyon, which contains no 3
  expect(find("5")).toEqual([5]);
  expect(find("8")).toEqual([]); // one beyond the vocabulary
});

test("what nothing contains finds nothing", () => {
  expect(found("Berlin")).toEqual([]);
});

test("matches come by logit, each with its probability and its rank over the whole vocabulary", () => {
  // e^0 + e^1 + e^2 + e^3 + 4 e^-9 over the eight tokens
  const logits = Float32Array.of(1, 3, 0, 2, -9, -9, -9, -9);
  const { rows, matches } = rankedMatches(logits, find("par"), 2);
  expect(matches).toBe(3); // the limit cuts the rows and not the count
  expect(rows.map(({ id, rank }) => [PIECES[id], rank])).toEqual([
    ["paris", 1],
    [" Paris", 3], // Lyon is between them
  ]);
  const logZ = Math.log(Math.E + Math.E ** 3 + 1 + Math.E ** 2 + 4 * Math.E ** -9);
  expect(rows.map((row) => row.logprobNats)).toEqual([
    expect.closeTo(3 - logZ, 6),
    expect.closeTo(1 - logZ, 6),
  ]);
});

test("of equally likely matches the lower id comes first, and both have one rank", () => {
  const logits = Float32Array.of(2, 2, 2, 5, 0, 0, 0, 0);
  const { rows } = rankedMatches(logits, [2, 0, 1].map(tokenId), 5);
  expect(rows.map(({ id, rank }) => [id, rank])).toEqual([
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
});

test("a search on the page goes over the whole vocabulary, by the model's logits there", async () => {
  const page = await openPage("Hi");
  const { modelRuns } = page.state().counts;
  page.actions.setQuery("e");
  await page.quiet();
  const { search, counts } = page.state();
  expect(search).toMatchObject({ query: "e", needsModel: false });
  const names = search?.rows.map(({ id }) => new TextDecoder().decode(toyVocabulary.bytes(id)));
  expect(names?.toSorted()).toEqual(["<|endoftext|>", "E", "e", "<|im_end|>"].toSorted());
  expect(search?.matches).toBe(4);
  const ranks = search?.rows.map((row) => row.rank) ?? [];
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(counts.modelRuns).toBe(modelRuns);
});

test("a found token is forced, however unlikely, and keeps the rank that the search said", async () => {
  const page = await openPage("Hi");
  page.actions.setQuery("~");
  await page.quiet();
  const row = page.state().search?.rows[0];
  if (row === undefined) throw new Error("nothing was found");
  page.actions.choose(row.id, "forced");
  await page.quiet();
  expect(idsOf(page.state()).at(-1)).toBe(row.id);
  const tip = page.state().history.present.branches[0]?.tip;
  const score = page.state().scores.get(tip as never)?.score;
  expect(score?.rank).toBe(row.rank);
  expect(score?.logprobNats).toBeCloseTo(row.logprobNats, 5);
});

test("a search moves with the position", async () => {
  const page = await openPage("Hi");
  page.actions.setQuery("e");
  await page.quiet();
  const at = page.state().search;
  page.actions.moveTo(7);
  await page.quiet();
  expect(page.state().search?.node).not.toBe(at?.node);
  expect(page.state().search?.rows).not.toEqual(at?.rows);
});

test("of searches typed quickly only the last one is shown", async () => {
  const page = await openPage("Hi");
  const shown: (string | undefined)[] = [];
  page.store.subscribe(({ search }, before) => {
    if (search !== before.search) shown.push(search?.query);
  });
  for (const query of ["a", "as", "ass"]) page.actions.setQuery(query);
  page.actions.setQuery("im");
  await page.quiet();
  expect(shown).toEqual(["im"]);
});

test("without the model only the kept candidates are searched, and the page says so", async () => {
  const page = await openPage("Hi");
  page.model.die();
  await page.quiet();
  page.actions.setQuery(String(firstCandidate(page.state())));
  await page.quiet();
  const { search } = page.state();
  expect(search).toMatchObject({ needsModel: true });
  expect(search?.rows.map(({ id }) => id)).toContain(firstCandidate(page.state()));
  expect(search?.rows[0]?.rank).toBe(1);
});

function firstCandidate({ history, scores }: Parameters<typeof idsOf>[0] & { scores: unknown }) {
  const tip = history.present.branches[0]?.tip;
  const kept = scores as ReadonlyMap<unknown, { prediction: { topIds: Int32Array } }>;
  return kept.get(tip)?.prediction.topIds[0] as TokenId;
}

test("a search's probabilities are those of the logits", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true, min: -30, max: 30 }), { minLength: 2 }), (all) => {
      const logits = Float32Array.from(all);
      const ids = all.map((_, id) => tokenId(id));
      const { rows } = rankedMatches(logits, ids, all.length);
      for (const { id, logprobNats, rank } of rows) {
        expect(logprobNats).toBe((logits[id] ?? 0) - logSumExp(logits));
        expect(rank).toBe(rankOf(logits, id));
      }
    }),
  );
});
