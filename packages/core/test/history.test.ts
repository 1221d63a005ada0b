import {
  activePath,
  amend,
  branchAt,
  chooseAt,
  deleteBranch,
  emptyDocument,
  extend,
  type History,
  type NewToken,
  newConversation,
  nodesOf,
  pathTo,
  record,
  redo,
  renameBranch,
  settle,
  startHistory,
  switchBranch,
  type TokenDocument,
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

test("what was undone stays with its conversation: a new one has no part in it", () => {
  const settled = settle(undo(written));
  const fresh = record(settled, newConversation(settled.present));
  expect(pathsOf(fresh)).toEqual([[]]);
  expect(pathsOf(append(fresh, 7))).toEqual([[7]]);
  const back = undo(fresh);
  expect(idsOf(back)).toEqual([1, 2]);
  expect(pathsOf(back)).toContainEqual([1, 2, 3]);
  expect(settle(written)).toBe(written); // nothing was undone
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

const forked = record(written, branchAt(written.present, 1, [token(9)]));

test("undo brings a deleted branch back with its name, and redo deletes it again", () => {
  const named = record(forked, renameBranch(forked.present, 1, " nine "));
  const deleted = record(named, deleteBranch(named.present, 1));
  expect(pathsOf(deleted)).toEqual([[1, 2, 3]]);
  expect(deleted.present.activeKey).toBe(0);
  const back = undo(deleted);
  expect(pathsOf(back)).toEqual([
    [1, 2, 3],
    [1, 9],
  ]);
  expect(back.present.activeKey).toBe(1);
  expect(back.present.branches[1]?.name).toBe("nine");
  expect(pathsOf(redo(back))).toEqual([[1, 2, 3]]);
  expect(undo(back).present.branches[1]).not.toHaveProperty("name");
});

test("a branch made after a deletion does not stand in the way of the deleted one", () => {
  const deleted = record(forked, deleteBranch(forked.present, 1));
  const other = record(deleted, branchAt(deleted.present, 2, [token(7)]));
  expect(other.present.branches.map(({ key }) => key)).toEqual([0, 2]);
  const back = undo(undo(other));
  expect(pathsOf(back)).toEqual([
    [1, 2, 3],
    [1, 9],
    [1, 2, 7],
  ]);
});

test("a branch that is deleted after an undo stays deleted", () => {
  const back = undo(forked); // the branch is there still
  const deleted = record(back, deleteBranch(back.present, 1));
  expect(pathsOf(deleted)).toEqual([[1, 2, 3]]);
  expect(pathsOf(undo(deleted))).toContainEqual([1, 9]);
});

test("redoing a new conversation begins it alone", () => {
  const fresh = record(forked, newConversation(forked.present));
  expect(pathsOf(redo(undo(fresh)))).toEqual([[]]);
});

test("a branch keeps its name as it grows", () => {
  const named = renameBranch(forked.present, 1, "nine");
  const grown = extend(named, [token(4)]);
  expect(grown.branches[1]).toMatchObject({ name: "nine" });
  expect(renameBranch(grown, 1, "nine")).toBe(grown);
  expect(renameBranch(grown, 1, " ").branches[1]).not.toHaveProperty("name");
});

test("the only branch is not deleted, and of two the one that shares more becomes active", () => {
  expect(() => deleteBranch(written.present, 0)).toThrow("the only branch");
  const two = branchAt(switchBranch(forked.present, 0), 2, [token(8)]); // 1 2 8
  expect(deleteBranch(two, 2).activeKey).toBe(0);
});

/** What holds of every document: a branch is active, no key is given twice, every end is a node. */
function isSound({ nodes, branches, activeKey }: TokenDocument): boolean {
  const keys = branches.map(({ key }) => key);
  return (
    keys.includes(activeKey) &&
    new Set(keys).size === keys.length &&
    branches.every(({ tip }) => tip === null || nodes[tip] !== undefined)
  );
}

test("in any order of writing, branching, renaming, deleting, undo and redo: documents stay sound, undo of a deletion brings all back, and only what was deleted is gone", () => {
  const verb = fc.record({
    kind: fc.constantFrom("write", "branch", "rename", "delete", "switch", "undo", "redo"),
    position: fc.nat(8),
    id: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(verb, { maxLength: 40 }), (verbs) => {
      let history = startHistory(emptyDocument());
      const seen = new Set<string>();
      const deleted: string[] = [];
      for (const { kind, position, id } of verbs) {
        const { present } = history;
        const { key } = present.branches[position % present.branches.length] ?? { key: 0 };
        if (kind === "undo") history = undo(history);
        else if (kind === "redo") history = redo(history);
        else if (kind === "write") history = append(history, id);
        else if (kind === "rename") history = record(history, renameBranch(present, key, `b${id}`));
        else if (kind === "switch") history = { ...history, present: switchBranch(present, key) };
        else if (kind === "branch") {
          const at = Math.min(position, activePath(present).length);
          history = record(history, chooseAt(present, at, token(id)));
        } else if (present.branches.length > 1) {
          const before = pathsOf(history);
          deleted.push(`${before[position % present.branches.length]?.join()},`);
          history = record(history, deleteBranch(present, key));
          expect(pathsOf(undo(history))).toEqual(before);
          expect(pathsOf(redo(undo(history)))).toEqual(pathsOf(history));
        }
        seen.add(idsOf(history).join());
        expect(isSound(history.present)).toBe(true);
      }
      while (history.future.length > 0) history = redo(history);
      const paths = [...pathsOf(history).map((path) => `${path.join()},`), ...deleted];
      for (const path of seen) {
        expect(path === "" || paths.some((p) => p.startsWith(`${path},`))).toBe(true);
      }
    }),
    { seed: 376, numRuns: 400 },
  );
});
