import {
  activePath,
  amend,
  branchAt,
  chooseAt,
  emptyDocument,
  extend,
  type History,
  type NewToken,
  nodesOf,
  pathTo,
  record,
  redo,
  startHistory,
  tokenId,
  undo,
} from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";

const token = (id: number): NewToken => ({
  id: tokenId(id),
  origin: "chosen",
  turn: 0,
  role: "text",
  part: "content",
});
const idsOf = ({ present }: History): number[] =>
  nodesOf(present, activePath(present)).map((node) => node.id);
const pathsOf = ({ present }: History): number[][] =>
  present.branches.map((b) => nodesOf(present, pathTo(present, b.tip)).map((node) => node.id));
const append = (history: History, ...ids: number[]): History =>
  record(history, extend(history.present, ids.map(token)));

const written = append(append(startHistory(emptyDocument()), 1, 2), 3);

test("undo goes back, redo goes forward", () => {
  expect(idsOf(undo(written))).toEqual([1, 2]);
  expect(idsOf(undo(undo(written)))).toEqual([]);
  expect(idsOf(redo(undo(written)))).toEqual([1, 2, 3]);
  expect(undo(startHistory(emptyDocument()))).toEqual(startHistory(emptyDocument()));
});

test("undo of a branch goes back to the old path and leaves the branch there", () => {
  const forked = record(written, branchAt(written.present, 1, [token(9)]));
  const back = undo(forked);
  expect(idsOf(back)).toEqual([1, 2, 3]);
  expect(pathsOf(back)).toContainEqual([1, 9]);
});

test("what was undone and then written over is kept as a branch", () => {
  const other = append(undo(written), 4);
  expect(idsOf(other)).toEqual([1, 2, 4]);
  expect(pathsOf(other)).toContainEqual([1, 2, 3]);
});

test("a generation is one step however many tokens it writes", () => {
  const started = append(written, 4);
  const grown = amend(started, extend(started.present, [token(5), token(6)]));
  expect(idsOf(grown)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(idsOf(undo(grown))).toEqual([1, 2, 3]);
  expect(idsOf(redo(undo(grown)))).toEqual([1, 2, 3, 4, 5, 6]);
});

test("no order of writing, branching, undo and redo ever loses a path", () => {
  const verb = fc.record({
    kind: fc.constantFrom("write", "branch", "undo", "redo"),
    position: fc.nat(8),
    id: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(verb, { maxLength: 40 }), (verbs) => {
      let history = startHistory(emptyDocument());
      const seen = new Set<string>();
      for (const { kind, position, id } of verbs) {
        const { present } = history;
        if (kind === "undo") history = undo(history);
        else if (kind === "redo") history = redo(history);
        else if (kind === "write") history = append(history, id);
        else {
          const at = Math.min(position, activePath(present).length);
          history = record(history, chooseAt(present, at, token(id)));
        }
        seen.add(idsOf(history).join());
      }
      while (history.future.length > 0) history = redo(history);
      const paths = pathsOf(history).map((path) => `${path.join()},`);
      for (const path of seen) {
        expect(path === "" || paths.some((p) => p.startsWith(`${path},`))).toBe(true);
      }
    }),
    { seed: 376, numRuns: 200 },
  );
});
