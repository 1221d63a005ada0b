import {
  branchAt,
  emptyDocument,
  extend,
  type NodeId,
  type ScoredToken,
  startHistory,
  switchBranch,
} from "@tokenscope/core";
import { expect, test } from "vitest";
import { recoveryChart, recoveryReading, recoveryView } from "../src/views/recovery.ts";
import {
  CAT,
  conversation,
  DOG,
  SAT,
  scored,
  scoresOf,
  TOKENS,
  token,
  vocabulary,
} from "./views-document.ts";

const reply = { turn: 1, role: "assistant", part: "content" as const };
const greedy = (count: number, id = SAT) =>
  Array.from({ length: count }, () => token(id, { ...reply, origin: "greedy" }));

/** A reply of ten tokens of 1 bit from position 5; a cat of 9 bits is forced at position 5 + `before`, and `after` follow it. */
function page(before: number, after: readonly number[]) {
  const start = branchAt(conversation(), 5, []);
  const main = extend(start, greedy(10, DOG));
  const cat = token(CAT, { ...reply, origin: "forced" });
  const own = [cat, ...greedy(after.length)];
  const doc = branchAt(main, 5 + before, own);
  const scores = new Map<NodeId, ScoredToken>();
  for (const [i, node] of doc.nodes.entries()) {
    const isOwn = node.id === SAT && node.origin === "greedy";
    const bits = node.id === DOG ? 1 : isOwn ? (after[node.position - 6 - before] ?? 0) : 9;
    scores.set(i as NodeId, scored(node.id, node.position === 0 ? null : bits));
  }
  const key = doc.activeKey;
  return {
    history: startHistory(doc),
    scores,
    vocabulary,
    compared: { left: key, right: start.activeKey },
  };
}

/** The conversation up to a position, as its only branch. */
function branchless(length: number) {
  return extend(emptyDocument(), TOKENS.slice(0, length));
}

function view(state: Parameters<typeof recoveryView>[0]) {
  const found = recoveryView(state);
  if (typeof found === "string") throw new Error(found);
  return found;
}

test("eight tokens at the mean before it bring a text back after 8 tokens; a first one of 9 bits after 9", () => {
  const ones = Array(8).fill(1);
  expect(view(page(8, ones)).words).toBe(
    "Back to 1.00 bits a token after 8 tokens; that is the mean before it.",
  );
  expect(view(page(8, [9, ...ones])).words).toBe(
    "Back to 1.00 bits a token after 9 tokens; that is the mean before it.",
  );
});

test("a text that stays at 2 bits is not back, and its lowest mean is said", () => {
  expect(view(page(8, Array(12).fill(2))).words).toBe(
    "Not within 12 tokens: the lowest mean of 8 was 2.00 bits a token, and the mean before it is 1.00.",
  );
});

test("with fewer than 8 tokens before it, the other branch after the same place is what is usual", () => {
  const { usual, words } = view(page(0, Array(8).fill(1)));
  expect(usual).toEqual({ bits: 1, source: "in the other branch" });
  expect(words).toContain("that is the mean in the other branch");
});

test("fewer than 8 tokens after it are too few for an answer", () => {
  expect(view(page(8, [1])).words).toBe(
    "So far 1 token follows “·cat”; the mean needs 8. Generate on.",
  );
});

test("whichever branch is on screen or on the left, the less likely token is the forced one", () => {
  const state = page(8, [1, 1]);
  const { left, right } = state.compared;
  const present = switchBranch(state.history.present, right);
  const other = {
    ...state,
    history: startHistory(present),
    compared: { left: right, right: left },
  };
  expect(view(other)).toEqual(view(state));
  expect(view(state)).toMatchObject({ key: left, position: 13 });
});

test("on the only path it is the last token that a person took against the odds", () => {
  const doc = conversation(); // its "sat" of 3 bits was forced, and nothing follows
  const state = { history: startHistory(doc), scores: scoresOf(doc), vocabulary, compared: null };
  expect(view(state)).toMatchObject({
    position: 6,
    forcedWord: "“·sat”",
    other: null,
    usual: null,
  });
  const unforced = { ...state, history: startHistory(branchless(5)) };
  expect(recoveryView(unforced)).toMatch(/^No token was forced yet/);
});

test("what is pointed at is read out with both branches", () => {
  expect(recoveryReading(view(page(8, [1, 2])), 0)).toBe(
    "At “·cat”: 9.00 bits; the other branch 1.00",
  );
  expect(recoveryReading(view(page(8, Array(8).fill(1))), 8)).toBe(
    "8 after “·cat”: 1.00 bits, mean of 8 1.00; the other branch n/a",
  );
});

test("on the chart a bar of 4 bits is half as high as one of 16, and the usual mean has its line", () => {
  const chart = recoveryChart(view(page(8, [16, 4])), { width: 240, height: 100 });
  expect(chart.usualY).toBe(75); // 1 - √(1/16) of 100
  expect(chart.bars).toContain("M10 100V0h8V100z");
  expect(chart.bars).toContain("M20 100V50h8V100z");
  expect(chart.mean).toBe("");
});
