import { branchAt, emptyDocument, extend } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { branchMap, branchName, turnAt, turnNames } from "../src/views/branch-map.ts";
import { lanePath, mapPosition } from "../src/views/map-shapes.ts";
import { documentPath, lastPosition } from "../src/views/path.ts";
import { isSameTurn, positionInNextRow, stripView } from "../src/views/strip.ts";
import {
  CAT,
  conversation,
  DOG,
  END,
  FISH,
  SAT,
  scoresOf,
  TOKENS,
  token,
  vocabulary,
} from "./views-document.ts";

const options = { vocabulary, isAtNext: false };
const reply = { turn: 1, role: "assistant" };

test("a turn's bits count its content and leave its markers out", () => {
  const doc = conversation();
  const turns = stripView(documentPath(doc), scoresOf(doc), options);
  expect(turns.map((turn) => [turn.role, turn.countText, turn.bitsText])).toEqual([
    ["user", "4 tokens", "6.0 bits"], // 4 + 2; the markers' 1 is left out
    ["assistant", "3 tokens", "4.0 bits"], // 1 + 3
  ]);
});

test("a token is drawn by its bits, its kind and its origin", () => {
  const doc = conversation();
  const tokens = stripView(documentPath(doc), scoresOf(doc), options).flatMap((t) => t.tokens);
  expect(tokens[0]).toMatchObject({ look: "special", bits: null, surprise: 0, height: 0 });
  expect(tokens[1]).toMatchObject({ look: "plain", bits: 4, surprise: 4, height: 0.5 });
  expect(tokens[6]).toMatchObject({
    isForced: true,
    name: "space sat, position 6, 3.00 bits, rank 7, forced",
  });
  expect(tokens[0]?.name).toBe("<|s|>, position 0, no prediction");
});

test("a token without a score says that it is not scored yet", () => {
  const doc = conversation();
  const tokens = stripView(documentPath(doc), new Map(), options).flatMap((t) => t.tokens);
  expect(tokens[2]?.name).toBe("space cat, position 2, not scored yet");
  expect(stripView(documentPath(doc), new Map(), options)[1]?.bitsText).toBe("");
});

test("next stands after an open turn, and where it is the position shown", () => {
  const open = conversation();
  const closed = extend(open, [token(END, { ...reply, part: "close", origin: "greedy" })]);
  const hasNext = (doc: typeof open, isAtNext: boolean) =>
    stripView(documentPath(doc), new Map(), { vocabulary, isAtNext }).map((turn) => turn.hasNext);
  expect(hasNext(open, false)).toEqual([false, true]);
  expect(hasNext(closed, false)).toEqual([false, false]);
  expect(hasNext(closed, true)).toEqual([false, true]);
  expect(lastPosition(documentPath(open))).toBe(7);
  expect(lastPosition(documentPath(closed))).toBe(7);
  expect(lastPosition(documentPath(emptyDocument()))).toBe(0);
});

test("one more token gives the same views of all tokens before it", () => {
  const doc = conversation();
  const scores = scoresOf(doc);
  const grown = extend(doc, [token(CAT, { ...reply, part: "content", origin: "greedy" })]);
  const before = stripView(documentPath(doc), scores, options);
  const after = stripView(documentPath(grown), scores, options);
  expect(after[1]?.tokens.slice(0, 3).every((t, i) => t === before[1]?.tokens[i])).toBe(true);
  expect(before[0] && after[0] && isSameTurn(before[0], after[0])).toBe(true);
  expect(before[1] && after[1] && isSameTurn(before[1], after[1])).toBe(false);
});

test("down leads to the nearest token of the next row", () => {
  // Row 0 at 0, 40, 80; row 1 at 0, 45.
  const boxes = [0, 40, 80].map((left) => ({ top: 0, left }));
  const all = [...boxes, { top: 34, left: 0 }, { top: 34, left: 45 }];
  expect(positionInNextRow(all, 1, 1)).toBe(4);
  expect(positionInNextRow(all, 2, 1)).toBe(4);
  expect(positionInNextRow(all, 0, 1)).toBe(3);
  expect(positionInNextRow(all, 4, -1)).toBe(1);
  expect(positionInNextRow(all, 4, 1)).toBe(4);
  expect(positionInNextRow(all, 0, -1)).toBe(0);
});

test("branches are named after their first own words", () => {
  const main = conversation();
  const start = branchAt(main, 5, [token(CAT, { ...reply, part: "content", origin: "forced" })]);
  const middle = branchAt(main, 6, [token(FISH, { ...reply, part: "content", origin: "chosen" })]);
  const cut = branchAt(main, 6, []);
  expect(branchName(documentPath(main), null, vocabulary)).toBe("main");
  expect(branchName(documentPath(start), 5, vocabulary)).toBe("cat…");
  expect(branchName(documentPath(middle), 6, vocabulary)).toBe("…fish");
  expect(branchName(documentPath(cut), 6, vocabulary)).toBe("ends at 6");
});

test("the map hangs a branch from its parent, and the active path's shared bars are active", () => {
  const main = conversation();
  const one = branchAt(main, 6, [token(FISH, { ...reply, part: "content", origin: "forced" })]);
  const doc = branchAt(one, 7, [token(SAT, { ...reply, part: "content", origin: "greedy" })]);
  const { lanes, width, turns } = branchMap(doc, scoresOf(doc), vocabulary);
  expect(lanes.map((lane) => lane.fork)).toEqual([
    null,
    { position: 6, lane: 0 },
    { position: 7, lane: 1 },
  ]);
  expect(lanes.map((lane) => lane.isActive)).toEqual([false, false, true]);
  // Position 0 has no bits and no bar; 1 to 5 are shared with the active path, 6 is main's own.
  expect(lanes[0]?.bars.map((bar) => [bar.from, bar.isActive])).toEqual([
    [1, true],
    [2, true],
    [3, true],
    [4, true],
    [5, true],
    [6, false],
  ]);
  expect(lanes[0]).toMatchObject({ replyTokens: "2", replyBits: "4.0", bitsPerToken: "2.00" });
  expect(width).toBe(65);
  expect(turns).toEqual([
    { role: "user", from: 0, to: 4 },
    { role: "assistant", from: 4, to: 8 },
  ]);
});

test("two branches of one name are told apart by a number", () => {
  const main = conversation();
  const fish = { ...reply, part: "content" as const };
  const one = branchAt(main, 5, [token(CAT, { ...fish, origin: "forced" })]);
  const doc = branchAt(one, 5, [
    token(CAT, { ...fish, origin: "chosen" }),
    token(DOG, { ...fish, origin: "greedy" }),
  ]);
  const names = branchMap(doc, new Map(), vocabulary).lanes.map((lane) => lane.name);
  expect(names).toEqual(["main", "cat…", "cat… 2"]);
});

test("over 600 tokens a bar is the maximum of its bucket, and no bar is of two colours", () => {
  fc.assert(
    fc.property(fc.integer({ min: 601, max: 2500 }), fc.nat(600), (length, fork) => {
      const long = Array.from({ length: length - TOKENS.length }, () =>
        token(CAT, { ...reply, part: "content", origin: "greedy" }),
      );
      const main = extend(conversation(), long);
      const doc = branchAt(main, Math.max(1, fork), []);
      const scores = new Map(
        main.nodes.map((node, i) => [
          i as never,
          {
            id: node.id,
            score: i === 0 ? null : { logprobNats: -(i % 17), rank: 1 },
            prediction: {
              topIds: new Int32Array(),
              topLogprobsNats: new Float32Array(),
              entropyNats: 0,
              logZ: 0,
              contextVector: null,
            },
          },
        ]),
      );
      const lane = branchMap(doc, scores, vocabulary).lanes[0];
      const bars = lane?.bars ?? [];
      expect(bars.length).toBeLessThanOrEqual(602);
      for (const bar of bars) {
        const bits = Array.from(
          { length: bar.to - bar.from },
          (_, i) => ((bar.from + i) % 17) / Math.LN2,
        );
        const most = Math.max(...bits);
        expect(bar.height).toBeCloseTo(Math.sqrt(Math.min(16, most) / 16), 10);
        expect(bar.isActive).toBe(bar.from < Math.max(1, fork));
      }
    }),
    { seed: 376, numRuns: 20 },
  );
});

test("a bar is one rectangle of the path, and a click finds its position", () => {
  const bars = [{ from: 2, to: 3, height: 0.5, isActive: true }];
  expect(lanePath(bars, true)).toBe("M2.1 23h0.8v-10.0h-0.8z");
  expect(lanePath(bars, false)).toBe("");
  expect(mapPosition(0.5, 65, 107)).toBe(32);
  expect(mapPosition(0.99, 65, 40)).toBe(39);
  expect(mapPosition(0.5, 65, 0)).toBe(0);
});

test("the head of the map names a turn where the word fits before the next one, else by its first letter", () => {
  // 100 positions: system 20, user 4, assistant 60, then an opened turn of 4 and room to the end.
  const turns = [
    { role: "system", from: 0, to: 20 },
    { role: "user", from: 20, to: 24 },
    { role: "assistant", from: 24, to: 84 },
    { role: "assistant", from: 84, to: 88 },
  ];
  const map = { lanes: [], turns, width: 100 };
  expect(turnNames(map, 600)).toEqual(["system", "u", "assistant", "assistant"]);
  expect(turnNames(map, 300)).toEqual(["system", "", "assistant", "a"]);
  expect(turnNames(map, 0)).toEqual(["", "", "", ""]);
  expect([0, 19, 20, 84, 88].map((position) => turnAt(map, position))).toEqual([0, 0, 1, 3, 3]);
  expect(turnAt({ turns: [] }, 0)).toBe(-1);
});
