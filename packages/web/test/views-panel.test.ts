import { branchAt, emptyDocument, GREEDY, type Prediction, RAW, tokenId } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { candidateTable } from "../src/views/candidates.ts";
import { candidatesText, plain } from "../src/views/copy-text.ts";
import { type PanelInputs, panelView } from "../src/views/panel.ts";
import { documentPath } from "../src/views/path.ts";
import { nthCandidate, placeAt, placeViews } from "../src/views/place.ts";
import {
  CAT,
  conversation,
  DOG,
  FISH,
  historyOf,
  prediction,
  scored,
  scoresOf,
  token,
  vocabulary,
} from "./views-document.ts";

const doc = conversation();

function inputs(changes: Partial<PanelInputs> = {}): PanelInputs {
  return {
    history: historyOf(doc),
    scores: scoresOf(doc),
    vocabulary,
    position: 5,
    view: "raw",
    settings: GREEDY,
    seed: 376,
    redraws: new Map(),
    settled: null,
    query: "",
    search: null,
    model: { kind: "waiting" },
    edit: null,
    recordedTips: new Set(),
    ...changes,
  };
}

test("the head says where it stands, how the token came, and four numbers", () => {
  const { header } = panelView(inputs());
  expect(header).toMatchObject({
    title: "Position 5",
    where: "assistant",
    origin: "greedy",
    previous: "4",
    next: "6",
  });
  expect(plain(header.context)).toBe("<|s|>The·cat<|e|><|s|>");
  expect(header.measures.map(({ label, value }) => `${label}: ${value}`)).toEqual([
    "p of this token: 50.0 %",
    "bits, −log₂ p: 1.00",
    "rank of 8: 3",
    "entropy here: 2.00",
  ]);
});

test("at next the head shows the most likely token and how many are kept", () => {
  const { header, choosing, verb } = panelView(
    inputs({ position: 7, view: "after", model: { kind: "ready" } as never }),
  );
  expect(header).toMatchObject({ title: "Next token", where: "after 6", next: null });
  expect(header.measures.map((measure) => measure.value)).toEqual(["50.0 %", "1.00", "1", "2.00"]);
  expect([choosing, verb]).toEqual(["Choose a candidate to append it.", "Append"]);
});

test("position 0 has no prediction and says why", () => {
  const panel = panelView(inputs({ position: 0 }));
  expect(panel.table).toBeNull();
  expect(panel.draw).toBeNull();
  expect(panel.absence).toMatch(/^The first token starts the document/);
  expect(panel.header.measures.map((measure) => measure.value)).toEqual([
    "n/a",
    "n/a",
    "n/a",
    "n/a",
  ]);
  expect(panelView(inputs({ history: historyOf(emptyDocument()), position: 0 })).absence).toMatch(
    /^Nothing is written yet/,
  );
});

test("a place without scores says what it waits for", () => {
  const scores = new Map();
  expect(panelView(inputs({ scores })).absence).toMatch(/as soon as the model is there/);
  const ready = panelView(inputs({ scores, model: { kind: "ready" } as never }));
  expect(ready.absence).toBe("This place is being scored.");
  expect(ready.isPending).toBe(true);
});

test("the actual token is marked, and the axis ends at a round share", () => {
  const { table } = panelView(inputs());
  expect(table?.axis).toBe("50 %");
  expect(table?.rows.map((row) => [row.rank, plain(row.segments), row.percent, row.bits])).toEqual([
    ["1", "·dog", "50.0 %", "1.00"],
    ["2", "·cat", "25.0 %", "2.00"],
    ["3", "·sat", "12.5 %", "3.00"],
    ["4", "<|e|>", "4.4 %", "4.50"],
  ]);
  expect(table?.rows.map((row) => row.isActual)).toEqual([true, false, false, false]);
  expect(table?.rows[0]?.name).toBe("rank 1, space dog, 50.0 %, 1.00 bits, the token that came");
  expect(table?.pinned).toBeNull();
  expect(table?.rest).toMatchObject({ label: "4 other tokens", percent: "8.1 %", isBroken: false });
});

test("a token that is not listed is pinned with its exact rank, and the rest is less by its mass", () => {
  const forced = branchAt(doc, 5, [
    token(FISH, { turn: 1, role: "assistant", part: "content", origin: "forced" }),
  ]);
  const scores = new Map([...scoresOf(doc), [7 as never, scored(FISH, 5)]]); // p = 1/32, rank 11
  const { table } = panelView(inputs({ history: historyOf(forced), scores }));
  expect(table?.pinned).toMatchObject({ rank: "11", percent: "3.1 %", isActual: true });
  expect(table?.rest).toMatchObject({ label: "3 other tokens", percent: "5.0 %" }); // 8.1 - 3.1
});

test("after settings every row has its new probability, or the filter that cut it", () => {
  const settings = { temperature: 1, topK: 2, topP: 1, minP: 0 };
  const { table, draw } = panelView(inputs({ view: "after", settings }));
  expect(table?.rows.map((row) => row.after?.text)).toEqual(["66.7 %", "33.3 %", "top-k", "top-k"]);
  expect(table?.rows[2]?.name).toContain("cut by top-k");
  expect(table?.axis).toBe("100 %"); // 66.7 % does not fit in 50
  expect(table?.rest.after).toBe("cut");
  expect(draw?.segments.map((segment) => segment.kind)).toHaveLength(2);
});

test("what the kept candidates do not determine is n/a until the head has run", () => {
  const settings = { temperature: 0.7, topK: 0, topP: 1, minP: 0 };
  const { table, draw } = panelView(inputs({ view: "after", settings }));
  expect(table?.rows.map((row) => row.after?.text)).toEqual(["n/a", "n/a", "n/a", "n/a"]);
  expect(table?.rest.after).toBe("n/a");
  expect(draw).toBeNull();
});

test("listed rows, pinned row and rest add up to 1, whatever the prediction", () => {
  const weights = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), {
    minLength: 8,
    maxLength: 8,
  });
  fc.assert(
    fc.property(weights, fc.nat(6), (list, listed) => {
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const order = list
        .map((weight, id) => ({ id, p: weight / total }))
        .toSorted((a, b) => b.p - a.p);
      const top = order.slice(0, listed + 1);
      const kept: Prediction = {
        ...prediction,
        topIds: Int32Array.from(top, ({ id }) => id),
        topLogprobsNats: Float32Array.from(top, ({ p }) => Math.log(p)),
      };
      const actual = order.findIndex(({ id }) => id === DOG);
      const place = {
        ...placeAt(documentPath(doc), new Map(), 5),
        prediction: kept,
      };
      const score = { logprobNats: Math.log(order[actual]?.p ?? 0), rank: actual + 1 };
      const there = { ...place, token: place.token && { ...place.token, score } };
      const views = placeViews(
        there,
        { view: "raw", settings: RAW, seed: 1, redraws: new Map(), settled: null },
        vocabulary,
      );
      expect(views).not.toBeNull();
      if (views === null) return;
      const table = candidateTable({
        place: there,
        views,
        isAfter: false,
        query: "",
        search: null,
        vocabulary,
      });
      const end = Number(table.axis.replace(" %", "")) / 100;
      const rows = [...table.rows, ...(table.pinned === null ? [] : [table.pinned])];
      const restShare = table.rest.isBroken ? null : table.rest.width * end;
      const sum = rows.reduce((all, row) => all + row.width * end, 0);
      if (restShare !== null) expect(sum + restShare).toBeCloseTo(1, 5);
      expect(rows.filter((row) => row.isActual)).toHaveLength(1);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("a search shows its rows with their ranks, and everything else as the rest", () => {
  const node = documentPath(doc).ids[4];
  const rows = [{ id: CAT, logprobNats: -2 * Math.LN2, rank: 2 }];
  const search = { query: "ca", node: node as never, rows, matches: 1, needsModel: false };
  const { table } = panelView(inputs({ query: "ca", search }));
  expect(table?.rows.map((row) => [row.rank, row.percent])).toEqual([["2", "25.0 %"]]);
  expect(table?.pinned?.percent).toBe("50.0 %"); // the actual token, which the search did not find
  expect(table?.rest).toMatchObject({ label: "6 other tokens", percent: "25.0 %" });
  expect(table?.searchNote).toBe("1 match, the most likely first");
  const none = { ...search, rows: [], matches: 0, query: "xyz" };
  expect(panelView(inputs({ query: "xyz", search: none })).table?.searchNote).toBe(
    "No token of the 8 contains 'xyz'.",
  );
  const local = { ...none, needsModel: true };
  expect(panelView(inputs({ query: "xyz", search: local })).table?.searchNote).toMatch(
    /the rest needs the model/,
  );
});

test("a search for another place is not shown", () => {
  const search = { query: "ca", node: 0 as never, rows: [], matches: 0, needsModel: false };
  expect(panelView(inputs({ query: "ca", search })).table?.rows).toHaveLength(4);
});

test("a digit chooses the n-th row on screen", () => {
  expect(nthCandidate(inputs(), 2)).toEqual({ id: CAT, origin: "chosen" });
  expect(nthCandidate(inputs(), 9)).toBeNull();
  expect(nthCandidate(inputs({ position: 0 }), 1)).toBeNull();
  const node = documentPath(doc).ids[4] as never;
  const rows = [{ id: FISH, logprobNats: -5, rank: 6 }];
  const search = { query: "f", node, rows, matches: 1, needsModel: false };
  expect(nthCandidate(inputs({ query: "f", search }), 1)).toEqual({ id: FISH, origin: "forced" });
});

test("a raw draw says that Step takes another way, where the settings are not raw themselves", () => {
  const note = (changes: Partial<PanelInputs>) => panelView(inputs(changes)).draw?.note;
  expect(note({})).toBe("drawn at T = 1, no filters; Step is greedy");
  expect(note({ settings: { ...RAW, topP: 0.9 } })).toBe(
    "drawn at T = 1, no filters; Step follows the settings",
  );
  expect(note({ settings: RAW })).toBe("");
  expect(note({ view: "after" })).toBe(""); // there the draw is Step's own
});

test("the draw's segments fill 0 to 1 and one of them is hit", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { draw } = panelView(inputs({ seed }));
      const width = draw?.segments.reduce((sum, segment) => sum + segment.width, 0);
      expect(width).toBeCloseTo(1, 6);
      const hits = draw?.segments.filter((segment) => segment.kind === "hit") ?? [];
      expect(hits.length).toBe(draw?.hitId === null ? 0 : 1);
    }),
    { seed: 376, numRuns: 200 },
  );
});

test("the copied list has the rows, the token that came and the rest", () => {
  const { header, table } = panelView(inputs());
  expect(table && candidatesText(header, table, "CONDITIONS")).toBe(
    [
      "Position 5, after …<|s|>The·cat<|e|><|s|>",
      "rank  token  p  bits",
      "1  ·dog  50.0 %  1.00  (the token that came)",
      "2  ·cat  25.0 %  2.00",
      "3  ·sat  12.5 %  3.00",
      "4  <|e|>  4.4 %  4.50",
      "4 other tokens  8.1 %",
      "CONDITIONS",
      "",
    ].join("\n"),
  );
});

test("tokens of equal probability share a rank", () => {
  const equal: Prediction = {
    ...prediction,
    topIds: Int32Array.from([DOG, CAT, tokenId(5)]),
    topLogprobsNats: Float32Array.from([1, 1, 3], (bits) => -bits * Math.LN2),
  };
  const path = documentPath(doc);
  const place = { ...placeAt(path, scoresOf(doc), 7), prediction: equal };
  const views = placeViews(
    place,
    { view: "raw", settings: RAW, seed: 1, redraws: new Map(), settled: null },
    vocabulary,
  );
  if (views === null) throw new RangeError("no views");
  const table = candidateTable({
    place,
    views,
    isAfter: false,
    query: "",
    search: null,
    vocabulary,
  });
  expect(table.rows.map((row) => row.rank)).toEqual(["1", "1", "3"]);
});
