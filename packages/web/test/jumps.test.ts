import fc from "fast-check";
import { expect, test } from "vitest";
import { type Jump, type JumpKind, jumpOrder, nextJump } from "../src/views/jumps.ts";
import { documentPath } from "../src/views/path.ts";
import { conversation, historyOf, scoresOf, vocabulary } from "./views-document.ts";

const doc = conversation();
const base = {
  history: historyOf(doc),
  scores: scoresOf(doc),
  vocabulary,
  position: 0,
  span: null,
  jump: null,
};

/** Positions and words of a walk of jumps. */
function walk(kinds: readonly (readonly [JumpKind, 1 | -1])[], from = base) {
  let position = from.position;
  let jump: Jump | null = from.jump;
  return kinds.map(([kind, steps]) => {
    const landing = nextJump({ ...from, position, jump }, kind, steps);
    if (landing === null) throw new RangeError("nowhere to go");
    ({ position, jump } = landing);
    return landing;
  });
}

test("N goes to the most surprising token, then to the next, and Shift+N back", () => {
  // Bits by position: n/a, 4, 2, 1, 0, 1, 3.
  const landings = walk([
    ["surprising", 1],
    ["surprising", 1],
    ["surprising", 1],
    ["surprising", -1],
  ]);
  expect(landings.map(({ position }) => position)).toEqual([1, 6, 2, 6]);
  expect(landings[1]?.words).toBe("Most surprising, 2 of 6: space sat, position 6, 3.00 bits");
});

test("after another move, or another kind, the jumps begin with the first again", () => {
  const [first] = walk([["surprising", 1]]);
  const moved = { ...base, position: 4, jump: first?.jump ?? null };
  expect(nextJump(moved, "surprising", 1)?.position).toBe(1);
  const landings = walk([
    ["surprising", 1],
    ["uncertain", 1],
    ["uncertain", 1],
  ]);
  expect(landings.map(({ position }) => position)).toEqual([1, 1, 2]); // all entropies are 2 bits: by position
  expect(landings[2]?.words).toBe(
    "Most uncertain, 2 of 6: space cat, position 2, entropy 2.00 bits",
  );
});

test("the ends are held, and a span keeps the jumps inside it", () => {
  expect(walk([["surprising", -1]]).map(({ position }) => position)).toEqual([1]);
  const inSpan = { ...base, span: { from: 2, to: 5 } };
  const landings = walk(
    Array.from({ length: 6 }, () => ["surprising", 1] as const),
    inSpan as never,
  );
  expect(landings.map(({ position }) => position)).toEqual([2, 3, 5, 4, 4, 4]);
});

test("where nothing is scored there is nowhere to go", () => {
  expect(nextJump({ ...base, scores: new Map() }, "surprising", 1)).toBeNull();
});

test("an order holds every scored position once, the most certain the reverse of the most uncertain but for equals", () => {
  const entropies = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(entropies, (list) => {
      const path = documentPath(doc);
      const scores = new Map(
        [...scoresOf(doc)].map(([node, scored], i) => [
          node,
          { ...scored, prediction: { ...scored.prediction, entropyNats: list[i] ?? 0 } },
        ]),
      );
      const of = (kind: JumpKind) => jumpOrder(path, scores, kind, null);
      const bits = of("uncertain").map((place) => place.bits);
      expect(bits).toEqual(bits.toSorted((a, b) => b - a));
      expect(of("certain").map((place) => place.bits)).toEqual(bits.toReversed());
      expect(
        of("certain")
          .map((place) => place.position)
          .toSorted(),
      ).toEqual([1, 2, 3, 4, 5, 6]);
    }),
    { seed: 376, numRuns: 50 },
  );
});
