import { branchAt } from "@tokenscope/core";
import { expect, test } from "vitest";
import { plain } from "../src/views/copy-text.ts";
import { documentPath } from "../src/views/path.ts";
import { shownSpan, spanBar } from "../src/views/span-bar.ts";
import { spanView } from "../src/views/span-view.ts";
import {
  conversation,
  FISH,
  historyOf,
  scored,
  scoresOf,
  token,
  vocabulary,
} from "./views-document.ts";

const doc = conversation();
const path = documentPath(doc);
const base = {
  history: historyOf(doc),
  scores: scoresOf(doc),
  vocabulary,
  span: null,
  heldSpan: null,
};

/** Positions [from, to) of the first branch, held. */
function held(from: number, to: number) {
  return { ids: path.ids.slice(from, to), nodes: path.nodes.slice(from, to) };
}

test("without a span it is the reply, and its sum is written out", () => {
  const view = spanView(base);
  expect(view).toMatchObject({ isReply: true, a: null, notes: [] });
  expect(view?.b).toMatchObject({ name: "", range: "5–6", isCutShort: false });
  // dog at p = 1/2, sat at 1/8: 1 + 3 bits over 2 tokens and 8 bytes.
  expect(view?.figures.map(({ label, b }) => `${label}: ${b}`)).toEqual([
    "tokens: 2",
    "total bits: 4.00",
    "bits per token: 2.00",
    "bits per byte: 0.50",
    "perplexity: 4.00",
  ]);
  expect(view?.sum?.terms.map(({ segments, p, bits }) => [plain(segments), p, bits])).toEqual([
    ["·dog", "0.50", "1.00"],
    ["·sat", "0.125", "3.00"],
  ]);
  expect(view?.sum).toMatchObject({ total: "4.00 bits", p: "0.0625" }); // 1/16
});

test("two spans stand side by side with their difference and ratio", () => {
  const view = spanView({ ...base, heldSpan: held(1, 3), span: { from: 5, to: 6 } });
  expect(view?.a).toMatchObject({ name: "A", range: "1–2" });
  expect(view?.b).toMatchObject({ name: "B", range: "5–6" });
  // A: 4 + 2 bits over 2 tokens and the 7 bytes of "The cat". B: 1 + 3 bits, 8 bytes.
  expect(view?.figures).toEqual([
    { label: "tokens", a: "2", b: "2", difference: "0", ratio: "1.00 ×" },
    { label: "total bits", a: "6.00", b: "4.00", difference: "−2.00", ratio: "0.67 ×" },
    { label: "bits per token", a: "3.00", b: "2.00", difference: "−1.00", ratio: "0.67 ×" },
    { label: "bits per byte", a: "0.86", b: "0.50", difference: "−0.36", ratio: "0.58 ×" },
    { label: "perplexity", a: "8.00", b: "4.00", difference: "−4.00", ratio: "0.50 ×" },
  ]);
});

test("what misses its total or its difference by rounding says so", () => {
  const bits = [1.838, 1.236]; // 3.074 together; 1.84 and 1.24 add up to 3.08
  const scores = new Map([
    ...scoresOf(doc),
    ...bits.map((each, i) => [(5 + i) as never, scored(FISH, each)] as const),
  ]);
  const view = spanView({ ...base, scores, span: { from: 5, to: 6 }, heldSpan: held(5, 6) });
  expect(view?.sum?.total).toBe("3.07 bits (terms rounded)");
  expect(view?.figures[1]).toMatchObject({ a: "1.84", b: "3.07", difference: "+1.24" });
  expect(view?.notes).toEqual(["Differences and ratios are taken before rounding."]);
  expect(spanBar(path, scores, { from: 5, to: 6 }, vocabulary)?.sum?.total).toBe(
    "3.07 bits (terms rounded)",
  );
});

test("a held span stays what it is on another branch, and is gone with its document", () => {
  const other = branchAt(doc, 5, [
    token(FISH, { turn: 1, role: "assistant", part: "content", origin: "forced" }),
  ]);
  const scores = new Map([...scoresOf(doc), [7 as never, scored(FISH, 5)]]);
  const view = spanView({ ...base, history: historyOf(other), scores, heldSpan: held(5, 7) });
  expect(view?.figures[1]).toMatchObject({ a: "4.00", b: "5.00", difference: "+1.00" });
  const anew = spanView({ ...base, history: historyOf(conversation()), heldSpan: held(5, 7) });
  expect(anew?.a).toBeNull();
});

test("bits per token stand on the scale of the bars, beside a coin and a die", () => {
  const marks = spanView({ ...base, heldSpan: held(1, 3), span: { from: 5, to: 6 } })?.marks;
  expect(marks?.map(({ label, bits, at, kind }) => [label, bits, at.toFixed(3), kind])).toEqual([
    ["near-certain", "0.01", "0.025", "reference"],
    ["coin", "1.00", "0.250", "reference"],
    ["die", "2.58", "0.402", "reference"],
    ["letter of 26", "4.70", "0.542", "reference"],
    ["one of 8", "3.00", "0.433", "reference"],
    ["A", "3.00", "0.433", "a"],
    ["B", "2.00", "0.354", "b"],
  ]);
});

test("an unscored token is not counted, and that is said; nothing scored has no sum", () => {
  const view = spanView({ ...base, span: { from: 0, to: 1 } });
  expect(view?.notes).toEqual(["1 unscored, not counted."]);
  expect(view?.figures[0]?.b).toBe("1");
  const none = spanView({ ...base, span: { from: 0, to: 0 } });
  expect(none?.sum).toBeNull();
  expect(none?.figures.map(({ b }) => b)).toEqual(["0", "n/a", "n/a", "n/a", "n/a"]);
  expect(none?.marks.every(({ kind }) => kind === "reference")).toBe(true);
});

test("a longer span is not written out, and says up to how many tokens one is", () => {
  const fish = token(FISH, { turn: 1, role: "assistant", part: "content", origin: "greedy" });
  const long = branchAt(
    doc,
    7,
    Array.from({ length: 12 }, () => fish),
  );
  const scores = new Map([
    ...scoresOf(doc),
    ...long.nodes.slice(7).map((_, i) => [(7 + i) as never, scored(FISH, 2)] as const),
  ]);
  const all = spanView({ ...base, history: historyOf(long), scores });
  expect(all).toMatchObject({
    sum: null,
    notes: ["The sum is written out for spans of up to 12 tokens."],
  });
  expect(all?.b.isCutShort).toBe(true);
  expect(
    spanView({ ...base, history: historyOf(long), scores, span: { from: 7, to: 18 } })?.sum?.terms,
  ).toHaveLength(12);
});

test("the span shown is the one selected, else the counted tokens of the reply", () => {
  expect(shownSpan(path, { from: 1, to: 2 })).toEqual({ from: 1, to: 2 });
  expect(shownSpan(path, null)).toEqual({ from: 5, to: 6 });
  expect(
    spanView({
      ...base,
      history: historyOf({
        ...doc,
        branches: doc.branches.map((b) => ({ ...b, tip: path.ids[3] ?? null })),
      }),
    }),
  ).toBeNull();
});
