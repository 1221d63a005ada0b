import {
  activePath,
  branchAt,
  branchOf,
  chooseAt,
  emptyDocument,
  extend,
  type NewToken,
  nodesOf,
  type Origin,
  pathTo,
  sharedLength,
  spliceAt,
  switchBranch,
  type TokenDocument,
  tokenId,
} from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";

export const token = (id: number, origin: Origin = "chosen"): NewToken => ({
  id: tokenId(id),
  origin,
  turn: 0,
  role: "text",
  part: "content",
});
export const idsOf = (doc: TokenDocument): number[] =>
  nodesOf(doc, activePath(doc)).map((node) => node.id);

const abc = extend(emptyDocument(), [token(1), token(2), token(3)]);

test("a document starts as one empty branch", () => {
  expect(idsOf(emptyDocument())).toEqual([]);
  expect(emptyDocument().branches).toHaveLength(1);
});

test("writing at the end grows the branch in place", () => {
  expect(idsOf(abc)).toEqual([1, 2, 3]);
  expect(idsOf(chooseAt(abc, 3, token(4)))).toEqual([1, 2, 3, 4]);
  expect(chooseAt(abc, 3, token(4)).branches).toHaveLength(1);
});

test("choosing another token earlier is a branch, and the old path stays", () => {
  const forked = chooseAt(abc, 1, token(9, "forced"));
  expect(idsOf(forked)).toEqual([1, 9]);
  expect(idsOf(switchBranch(forked, 0))).toEqual([1, 2, 3]);
  expect(sharedLength(activePath(forked), activePath(switchBranch(forked, 0)))).toBe(1);
});

test("choosing the token that stands there already changes nothing", () => {
  expect(chooseAt(abc, 1, token(2, "forced"))).toBe(abc);
});

test("the same branch made twice is one branch", () => {
  const once = chooseAt(abc, 1, token(9));
  const twice = chooseAt(switchBranch(once, 0), 1, token(9));
  expect(twice.branches).toHaveLength(2);
  expect(twice.activeKey).toBe(1);
  expect(twice.nodes).toHaveLength(4);
});

test("cutting is a branch that ends before the position", () => {
  const cut = branchAt(abc, 2, []);
  expect(idsOf(cut)).toEqual([1, 2]);
  expect(idsOf(switchBranch(cut, 0))).toEqual([1, 2, 3]);
  expect(cut.nodes).toHaveLength(3);
});

test("replacing keeps the later tokens", () => {
  const spliced = spliceAt(abc, { from: 1, to: 2 }, [token(7), token(8)]);
  expect(idsOf(spliced)).toEqual([1, 7, 8, 3]);
  expect(idsOf(switchBranch(spliced, 0))).toEqual([1, 2, 3]);
});

test("a position outside the path is refused", () => {
  expect(() => branchAt(abc, 4, [])).toThrow("position 4 is not in 0 to 3");
  expect(() => branchOf(abc, 5)).toThrow("no branch has the key 5");
});

test("whatever is done, every path that was written stays the beginning of some branch", () => {
  const verb = fc.record({ position: fc.nat(12), id: fc.nat(3), cut: fc.boolean() });
  fc.assert(
    fc.property(fc.array(verb, { maxLength: 30 }), (verbs) => {
      let doc = emptyDocument();
      const written: string[] = [];
      for (const { position, id, cut } of verbs) {
        const at = Math.min(position, activePath(doc).length);
        doc = cut ? branchAt(doc, at, []) : chooseAt(doc, at, token(id));
        written.push(idsOf(doc).join());
      }
      const paths = doc.branches.map((b) => nodesOf(doc, pathTo(doc, b.tip)).map((n) => n.id));
      for (const path of written) {
        const ids = path === "" ? [] : path.split(",").map(Number);
        expect(paths.some((p) => ids.every((id, i) => p[i] === id))).toBe(true);
      }
    }),
    { seed: 376, numRuns: 200 },
  );
});
